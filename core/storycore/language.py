"""What several members need to know of Russian: its words, its numbers, where a sentence ends."""

import re
from collections import deque

from razdel import sentenize

_WORD = re.compile(r"[^\W_]+(?:[-‑’'][^\W_]+)*")


def count_words(text: str) -> int:
    """Return how many words a reader would count: «кое-кто» is one, a dash is none."""
    return sum(1 for _ in _WORD.finditer(text))


# --- where a sentence ends --------------------------------------------------------------------

# The sign, and the marks that may close after it: «Да!», (да.), „да…“.
_END = re.compile(r"[.!?…][»”“\"')\]]*$")
# A dot after these ends a shortened word; a text cut here is cut in mid-sentence.
_SHORTENED = re.compile(
    r"(?:^|[\s(«])(?:[А-ЯЁA-Z]|г|гг|в|вв|ул|пр|д|кв|им|св|см|ср|т|тов|гр|руб|коп|тыс|млн|млрд|мин|сек|стр"
    r"|т\.\s?[кен]|т\.\s?п|и\s?т|до\s?н)\.$"
)
# A list of sentences longer than this has no end worth looking for behind it.
_TAIL = 20_000


def ends_with_sentence(text: str) -> bool:
    """Say whether the last words of a text are the end of a sentence."""
    ending = text[-_TAIL:].rstrip()
    return bool(_END.search(ending[-20:])) and not _SHORTENED.search(ending[-20:])


def trim_to_sentence(text: str) -> str:
    """Return the text without an unfinished last sentence; empty when it has no finished one.

    Only the last 20,000 characters are looked at: behind an unfinished sentence longer than that
    there is nothing worth keeping apart. A line that parts scenes is not left hanging at the end.
    """
    rest = text.rstrip()
    floor = max(0, len(rest) - _TAIL)
    while len(rest) > floor:
        line_start = max(rest.rfind("\n", floor) + 1, floor)
        kept = _finished(rest[line_start:])
        if kept:
            return rest[:line_start] + kept
        rest = rest[:line_start].rstrip()
    return rest if ends_with_sentence(rest) else ""


def _finished(line: str) -> str:
    """Return a line up to the end of its last finished sentence."""
    if ends_with_sentence(line):
        return line
    sentences = deque(sentenize(line))
    while sentences:
        last = sentences.pop()
        if ends_with_sentence(last.text):
            return line[: last.stop]
    return ""


# --- numbers in words -------------------------------------------------------------------------

# Every case of the cardinals that can be a part of an age.
_ONES = {
    1: "один одна одно одного одной одному одну одним одном",
    2: "два две двух двум двумя",
    3: "три трех трем тремя",
    4: "четыре четырех четырем четырьмя",
    5: "пять пяти пятью",
    6: "шесть шести шестью",
    7: "семь семи семью",
    8: "восемь восьми восемью восьмью",
    9: "девять девяти девятью",
    10: "десять десяти десятью",
}
_TEENS = {
    11: "одиннадцат",
    12: "двенадцат",
    13: "тринадцат",
    14: "четырнадцат",
    15: "пятнадцат",
    16: "шестнадцат",
    17: "семнадцат",
    18: "восемнадцат",
    19: "девятнадцат",
    20: "двадцат",
    30: "тридцат",
}
_TENS = {
    40: "сорок сорока",
    50: "пятьдесят пятидесяти пятьюдесятью",
    60: "шестьдесят шестидесяти шестьюдесятью",
    70: "семьдесят семидесяти семьюдесятью",
    80: "восемьдесят восьмидесяти восемьюдесятью",
    90: "девяносто девяноста",
    100: "сто ста",
}

# Word (lower case, е for ё) -> number.
CARDINALS: dict[str, int] = {
    **{form: number for number, forms in (_ONES | _TENS).items() for form in forms.split()},
    **{stem + ending: number for number, stem in _TEENS.items() for ending in ("ь", "и", "ью")},
}
