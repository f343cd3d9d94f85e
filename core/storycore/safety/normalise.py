"""Undoes what hides a word: look-alike letters, spaces between them, foreign spelling, doubling.

The result is for the rules alone. Nothing of it is stored or shown, so no map back is kept.
"""

import re
import unicodedata

from storycore.safety.spelling import cue_word, long_cues

# A word cut into letters is told from initials («А. С.») by its length.
_SPACED_LETTERS = 4


def normalise(text: str) -> str:
    """Return a text in small letters as a reader would hear it, е for ё, one line a line."""
    plain = unicodedata.normalize("NFC", text).translate(_FOLD)
    plain = _REPEATS.sub(r"\1", plain)
    plain = _SPACED.sub(_join_letters, plain)
    plain = _BROKEN.sub(_join_pieces, plain)
    plain = _PARTED.sub("", _PARTED_DIGITS.sub("", plain))
    plain = _undouble(plain)
    plain = _MISSPELT.sub(lambda found: "шестнадцат" if found[0][0] == "ш" else "надцат", plain)
    plain = _DISGUISED_TEEN.sub(_undisguise, plain)
    return _STRANGE.sub(_repair, plain)


# --- characters -------------------------------------------------------------------------------


# More different characters than this are an attack on the memory, not a text.
_REMEMBERED = 10_000


class _Fold(dict[int, str | None]):
    """What a character sounds like, found out when it is first met."""

    def __missing__(self, code: int) -> str | None:
        folded = _fold(chr(code))
        if len(self) < _REMEMBERED:
            self[code] = folded
        return folded


def _fold(character: str) -> str | None:
    if character in "\n\r\v\f\x85\u2028\u2029":
        return "\n"
    if character in _KEPT:
        return _KEPT[character]
    category = unicodedata.category(character)
    if character == "\t" or category == "Zs" or character in "\u2800\u3164\u115f\u1160\uffa0":
        return " "
    if category in ("Cc", "Cf", "Cs", "Co", "Mn", "Me"):
        return None
    parts = unicodedata.normalize("NFKD", character).casefold()
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")


# What Unicode would take apart, and the dashes, which all mean the same to a reader of ages.
_KEPT = {
    "й": "й",
    "Й": "й",
    "ё": "е",
    "Ё": "е",
    "…": ".",
    "№": "№",
    "ї": "ї",
    "Ї": "ї",
    **dict.fromkeys("–—―−‒", "—"),
    **dict.fromkeys("‐‑­", "-"),
    **dict.fromkeys("ʼ’‘`´", "'"),
    "\u00ad": None,
}
_FOLD = _Fold()
_REPEATS = re.compile(r"([^\W\d_])\1{2,}")

# --- words taken apart ------------------------------------------------------------------------

_GAP = r"[ .\-_*·,/|+~—]"
_SPACED = re.compile(
    rf"(?<![^\W_])(?:[^\W_]{_GAP}{{1,3}}){{{_SPACED_LETTERS - 1},}}[^\W_](?![^\W_])"
)
_BROKEN = re.compile(r"(?<![^\W_])[^\W_]{1,20}(?:[.\-_*·|/+~'][^\W_]{1,20}){1,20}(?![^\W_])")
_NOT_LETTERS = re.compile(r"[\W_]+")


def _join_letters(found: re.Match[str]) -> str:
    if not any(character.isalpha() for character in found[0]):
        return found[0]
    word = _NOT_LETTERS.sub("", found[0])
    if cue := cue_word(word):
        return cue
    return _part(word)


def _part(letters: str) -> str:
    """Return letters that were joined without their spaces with the cue words in them apart."""
    known, lengths, beginnings = long_cues()
    parts: list[str] = []
    place = 0
    while place < len(letters):
        # Most letters begin no cue word.
        for length in lengths if letters[place : place + 2] in beginnings else ():
            if letters[place : place + length] in known:
                break
        else:
            length = 2 if letters[place : place + 2].isdecimal() else 1
        is_apart = length > 1
        parts.append(f" {letters[place : place + length]} " if is_apart else letters[place])
        place += length
    return "".join(parts)


def _join_pieces(found: re.Match[str]) -> str:
    pieces = _NOT_LETTERS.split(found[0])
    if "летн" in pieces[-1] or found[0][0].isdigit():
        return found[0]
    if "*" in found[0]:
        # A masked letter is nearly always a vowel.
        for vowel in "аеиоуыюя":
            if word := cue_word(vowel.join(pieces)):
                return word
    return cue_word("".join(pieces)) or found[0]


# «шеснадцать» and «пятнацать» are how many people write.
_MISSPELT = re.compile(r"\bше[сз]т?над?цат|(?<=[нетьи])нацат")
# «шест надцать», «1 6 лет»
_PARTED = re.compile(r"(?<=[нетьи]) (?=надцат)")
_PARTED_DIGITS = re.compile(r"(?<=(?<!\d)1) (?=[0-7] ?(?:лет|год))")
# «1б лет», «l6 лет»: one of two digits is a letter.
_TEEN_SIGNS = dict(zip("liі|!oоzзsтбb", "1111100235766", strict=True))
_DISGUISED_TEEN = re.compile(r"(?<![^\W_])[1liі|!][0-7oоzзsтбb](?=[ -]{0,2}(?:лет|год))")
_DIGITS = str.maketrans(_TEEN_SIGNS)


# «шкоольница»: few Russian words have two of one vowel, so each is looked at by itself.
_DOUBLE_VOWEL = re.compile(r"([аеиоуыюя])\1")
_WORD_REACH = 15


def _undouble(text: str) -> str:
    done: list[str] = []
    position = looked = 0
    for found in _DOUBLE_VOWEL.finditer(text):
        if found.start() < looked:
            continue
        start, end = found.span()
        while (
            start > position and found.start() - start < _WORD_REACH and text[start - 1].isalpha()
        ):
            start -= 1
        while end < len(text) and end - found.end() < _WORD_REACH and text[end].isalpha():
            end += 1
        looked = end
        if cue := cue_word(text[start:end]):
            done += [text[position:start], cue]
            position = end
    return "".join(done) + text[position:] if done else text


def _undisguise(found: re.Match[str]) -> str:
    return found[0].translate(_DIGITS)


# --- words in foreign letters -----------------------------------------------------------------

# A word with a Latin letter, a digit or a sign that stands for a letter; its length is bounded, so
# that a wall of letters is looked at once.
_STRANGE = re.compile(
    r"(?<![\w@$])(?=[\w@$]{0,40}[a-z0-9@$іїєґў])[\w@$]{2,40}(?:'(?=[\w]))?[\w@$]{0,20}"
)
_NUMBER_FIRST = re.compile(r"(\d{1,3})([^\W\d_]{1,30})")
_LETTER_FIRST = re.compile(r"([fmжм])(\d{1,2})")
_LATIN = re.compile(r"[a-z']+")
_LOOKALIKES = str.maketrans("aeopcxykmhtbnurgi@034168$573", "аеорсхукмнтвпигдиаозчибвсстз")


def _repair(found: re.Match[str]) -> str:
    word = found[0]
    if word.isdigit():
        return word
    if cue := cue_word(word):
        return cue
    if parts := _NUMBER_FIRST.fullmatch(word):
        return f"{parts[1]} {cue_word(parts[2]) or parts[2]}"
    if parts := _LETTER_FIRST.fullmatch(word):
        return f"{parts[1]} {parts[2]}"
    has_russian = any("а" <= letter <= "я" for letter in word)
    return word.translate(_LOOKALIKES) if has_russian else word
