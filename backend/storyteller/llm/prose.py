"""Between Russian prose and the tokens of the offline model: taking apart and setting in type."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# The end of a paragraph; the start of a text is one, too.
PARAGRAPH = "¶"
ENDS = frozenset({".", "!", "?", "…", "?!"})
# Marks that stand where an end could stand, while the sentence goes on: «— Да! — сказал он».
GOING_ON = "~"
PUNCTUATION = frozenset(
    {*ENDS, *(end + GOING_ON for end in ENDS), ",", ":", ";", "—", "«", "»", PARAGRAPH}
)
LONGEST_SENTENCE = 60

_TOKEN = re.compile(r"[А-Яа-яЁё]+(?:-[А-Яа-яЁё]+)*|[.!?…]+|[,:;«»—]|\S")
_WORD = re.compile(r"[А-Яа-яЁё]")
_DASH = re.compile(r"(?:(?<=\s)|^)[-–―−]{1,3}(?=\s)|–|―|--")
_STRESS = "\u0301"
_SINGLE_LETTERS = frozenset("аявоикусжбэ")

# Words that can tell or hint an age or a minor. A sentence with one of them isn't learnt, so no
# recombination of sentences can say it: the guard at the door reads whole texts, and this model
# takes texts apart.
_SHUNNED = re.compile(
    r"летн|надцат|малолет|несоверш|школ|гимназ|лице[йиея]|пионер|каникул"
    r"|^(?:лет|годик.*|год(?:а|у|ом|е|ы|ов|ам|ами|ах|ков)?|годов.*|возраст.*)$"
    r"|^(?:десят|двадцат|тридцат|сорок|сто$|пять|пяти|шест|семь$|семи|восьм|восем|девят|четыр|трое)"
    r"|^(?:три|трёх|трех|трём|трем|тремя|две|два|двух|двум|двумя|полтор.*)$"
    r"|^(?:детищ|дети|детей|детям|детьми|детях|детск|детств|детк|детиш|детвор|дит[яёе])"
    r"|реб[её]н|ребят|мальчик|мальчиш|мальчуг|девоч|девчон|девчуш|подрост|^юн|^отрок|младен|малыш"
    r"|малютк|крошк|^мал(?:ая|ой|ого|ые|ых)$|^доч|^сын|внук|внуч|племянни|сирот|^нян|кукл"
    r"|колыбел|пел[её]н|^класс|^учени[кц]|^урок|^учител|воспитанни|гувернант|подрос"
    r"|^маленьк|младш|совершеннолет|девствен|невинн"
)


def sentences(text: str) -> Iterator[list[str]]:
    """Yield the sentences of a text that are worth learning, each as tokens.

    The last sentence of a paragraph carries a `PARAGRAPH` at its end. What has figures, Latin,
    brackets, headings, odd quotes or a hint of an age in it is left out.
    """
    # A paragraph at a time: one step over a novel would hold up every other thread.
    for paragraph in text.split("\n"):
        kept = [sentence for sentence in _cut(_one_form(paragraph)) if _is_sound(sentence)]
        yield from kept[:-1]
        if kept and not (len(kept) == 1 and _is_signature(kept[0])):
            yield [*kept[-1], PARAGRAPH]


def tokens(text: str) -> list[str]:
    """Return all tokens of a text as they stand: for what is read as context, not learnt."""
    found: list[str] = []
    for paragraph in text.split("\n"):
        for sentence in _cut(_one_form(paragraph)):
            found += sentence
        if found and paragraph.strip() and found[-1] in ENDS | {"»"}:
            found.append(PARAGRAPH)
    return found


def is_word(token: str) -> bool:
    """Return whether a token is a word, not a mark."""
    return _WORD.match(token) is not None


class Typesetter:
    """Turns tokens into text as it grows: spaces, capitals, paragraphs."""

    def __init__(self, after: str = "") -> None:
        """Begin a text, or go on with one that ends in `after`."""
        rest = after.rstrip()
        self._starts_sentence = not rest or rest[-1] in ".!?…" or rest[-2:] in {".»", "!»", "?»"}
        self._glued = not rest or rest[-1] == "«" or after != rest

    def set(self, token: str) -> str:
        """Return `token` as it looks after what was set before."""
        if token == PARAGRAPH:
            self._starts_sentence = self._glued = True
            return "\n\n"
        mark = token.removesuffix(GOING_ON)
        if is_word(token):
            if self._starts_sentence:
                mark = mark[0].upper() + mark[1:]
            self._starts_sentence = False
        elif token in ENDS:
            self._starts_sentence = True
        spaced = not self._glued and (is_word(token) or mark in "—«")
        self._glued = mark == "«"
        return f" {mark}" if spaced else mark


def _one_form(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace(_STRESS, "")).replace("\u00ad", "")
    return _DASH.sub("—", text)


def _cut(paragraph: str) -> Iterator[list[str]]:
    raw = [match[0] for match in _TOKEN.finditer(paragraph)]
    opened = False
    sentence: list[str] = []
    for position, mark in enumerate(raw):
        if mark[0] in ".!?…":
            mark = _end(mark) if _ends_here(raw, position) else _end(mark) + GOING_ON  # noqa: PLW2901
        elif mark in '"“”„':
            mark = "»" if opened else "«"  # noqa: PLW2901
        if mark in "«»":
            opened = mark == "«"
        sentence.append(mark)
        closed = mark in ENDS and raw[position + 1 : position + 2] not in (["»"], ['"'], ["”"])
        if closed or (mark == "»" and len(sentence) > 1 and sentence[-2] in ENDS):
            yield sentence
            sentence, opened = [], False
    if sentence:
        yield sentence


def _end(run: str) -> str:
    if "?" in run:
        return "?!" if "!" in run else "?"
    if "!" in run:
        return "!"
    return "." if run == "." else "…"


def _ends_here(raw: list[str], position: int) -> bool:
    following = (token for token in raw[position + 1 :] if _WORD.match(token))
    word = next(following, None)
    return word is None or word[0].isupper()


def _is_signature(sentence: list[str]) -> bool:
    # A paragraph of two words that nobody says is a name or a heading.
    return sentence[0] != "—" and len(sentence) <= 3  # noqa: PLR2004


def _is_sound(sentence: list[str]) -> bool:
    words = [token for token in sentence if is_word(token)]
    return (
        0 < len(words) <= LONGEST_SENTENCE
        and (sentence[-1] in ENDS or sentence[-2:][0] in ENDS)
        and (sentence[0] in "—«" or is_word(sentence[0]))
        and sentence.count("«") == sentence.count("»") < 2  # noqa: PLR2004 - one quotation
        and all(token in PUNCTUATION or is_word(token) for token in sentence)
        and all(map(_is_sound_word, words))
    )


@lru_cache(maxsize=1 << 16)
def _is_sound_word(word: str) -> bool:
    lowered = word.lower()
    shouted = len(word) > 1 and word.isupper()
    initial = len(word) == 1 and lowered not in _SINGLE_LETTERS
    return not (shouted or initial or _SHUNNED.search(lowered))
