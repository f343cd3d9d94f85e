"""One clean form of a text, so that the same story is the same bytes wherever it came from."""

import re
import unicodedata
from itertools import pairwise


def clean(text: str) -> str:
    """Return the clean form of a text; the identity of a story is a hash of it.

    Guarantees: cleaning again changes nothing; no letter or digit of the prose is lost or moved
    (stress marks go, lines of a web site's furniture go); paragraphs and short lines of dialogue
    stay; time and memory are linear. The form: NFC; a newline is the only control;
    no invisible characters, tabs or double spaces; — for a dash, … for three dots, «ёлочки» with
    „лапки“ inside where the marks of a line pair up; at most two empty lines together; no space or
    empty line at either end.
    """
    lines = (_clean_line(line) for line in _plain(text).split("\n"))
    kept = (line for line in lines if not _FURNITURE.fullmatch(line))
    return _MANY_EMPTY_LINES.sub("\n\n\n", "\n".join(kept)).strip("\n")


def clean_line(text: str) -> str:
    """Return a title, a name or a tag as one clean line."""
    return _clean_line(_plain(text).replace("\n", " "))


def fold(text: str) -> str:
    """Return `text` as it is searched for: in one case and one spelling, so ЁЛКА and елка meet."""
    # Composed first: what comes from a Mac may have its ё and й in two parts.
    return unicodedata.normalize("NFC", text).casefold().replace("ё", "е")


# --- characters -------------------------------------------------------------------------------


# More different characters than this are an attack on the memory, not a text.
_REMEMBERED = 10_000


class _Characters(dict[int, str | None]):
    """What becomes of a character, decided by its Unicode category when it is first met."""

    def __missing__(self, code: int) -> str | None:
        character = chr(code)
        becomes: str | None = character
        if character in "\n\r\v\f\x85\u2028\u2029":
            becomes = "\n"
        elif character == "\t" or unicodedata.category(character) == "Zs":
            becomes = " "
        elif unicodedata.category(character) in ("Cc", "Cf", "Cs"):
            # Controls, zero-width and bidirectional marks, soft hyphens, halves of surrogate pairs.
            becomes = None
        if len(self) < _REMEMBERED:
            self[code] = becomes
        return becomes


_CHARACTERS = _Characters()
# Stress is a help to the reader, not a letter; NFC joins the grave one to two Cyrillic letters.
_STRESS = str.maketrans({"\u0300": None, "\u0301": None, "ѐ": "е", "Ѐ": "Е", "ѝ": "и", "Ѝ": "И"})


def _plain(text: str) -> str:
    """Return the text without what cannot be seen, composed, with one kind of space and newline."""
    visible = text.replace("\r\n", "\n").translate(_CHARACTERS)
    composed = unicodedata.normalize("NFC", visible).translate(_STRESS)
    # A stress mark may have stood between a letter and its breve.
    return unicodedata.normalize("NFC", composed)


# --- lines ------------------------------------------------------------------------------------

_SPACES = re.compile(r" {2,}")
_MANY_EMPTY_LINES = re.compile(r"\n{4,}")
_DOTS = re.compile(r"[.…]{2,}")
_DASH = "[-‒–—―]"
_HYPHENS = str.maketrans("‐‑", "--")
# Lines of dashes alone part scenes and are left as they are.
_RULE = re.compile(rf"{_DASH}+")
_DASHES = re.compile(
    rf"""
    ^{_DASH}{{1,3}}(?:\ (?=\S)|(?=[^\W\d_]))   # opens a line of dialogue
  | (?<=\ ){_DASH}{{1,3}}(?=\ |$)              # stands between spaces
  | (?<=[,.!?…])\ ?{_DASH}{{1,3}}\             # "Да,- сказала она"
  | (?<=[,.!?…]\ ){_DASH}{{1,3}}(?=[^\W\d_])   # "Да, -сказала она"
    """,
    re.VERBOSE,
)

_RATING = r"(?:рейтинг|оценка|просмотров|просмотры|голосов|прочитано|комментариев|прочтений)"
_SHARE = r"(?:в\ соцсетях|с\ друзьями|вконтакте|в\ telegram)"
# What a web site puts around a story, one whole line each. Small and anchored: prose must pass.
_FURNITURE = re.compile(
    rf"""
    читать\ (?:далее|дальше|полностью|продолжение|онлайн)[.…\ »>→]*
  | (?:следующая|предыдущая)\ страница[\ »>→«<←]*
  | страница\ \d{{1,4}}\ из\ \d{{1,4}}\.?
  | {_RATING}\ ?:\ ?[\d.,/\ ]{{1,20}}(?:из\ \d{{1,3}})?\.?
  | (?:поделиться|рассказать)(?:\ {_SHARE})?\ ?:?
  | (?:добавить|сохранить)\ в\ (?:избранное|закладки)\.?
  | (?:оцените|оценить)\ (?:рассказ|историю|этот\ рассказ)\ ?[:.!]?
  | (?:https?://|www\.)\S+
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _clean_line(line: str) -> str:
    line = _SPACES.sub(" ", line.translate(_HYPHENS)).strip(" ")
    line = _DOTS.sub(lambda run: run[0] if run[0] == ".." else "…", line)
    if not _RULE.fullmatch(line):
        line = _SPACES.sub(" ", _DASHES.sub(_dash, line)).strip(" ")
    return _quotes(line)


def _dash(found: re.Match[str]) -> str:
    return "— " if found.start() == 0 else " — "


# --- quotation marks --------------------------------------------------------------------------

_OPENING, _CLOSING = "«„‟‹", "»”›"
_MARKS = re.compile(rf'["“{_OPENING}{_CLOSING}]')
_BEFORE_OPENING = frozenset(" ([{-–—…\n/")


def _quotes(line: str) -> str:
    """Return the line in Russian marks, or as it was when its marks do not pair up."""
    marks = list(_MARKS.finditer(line))
    if not marks:
        return line
    opened: list[str] = []
    signs: list[str] = []
    for found in marks:
        if _opens(line, found.start(), opened):
            opened.append(found[0])
            signs.append("«" if len(opened) == 1 else "„")
        elif opened:
            opened.pop()
            signs.append("“" if opened else "»")
        else:
            return line
    if opened:
        return line
    # Only the marks change, so what a second cleaning sees is this same line of pairs.
    ends = [0, *(found.end() for found in marks), len(line)]
    between = [line[start:end] for start, end in pairwise(ends)]
    return (
        "".join(piece[:-1] + sign for piece, sign in zip(between, signs, strict=False))
        + between[-1]
    )


def _opens(line: str, place: int, opened: list[str]) -> bool:
    """Say whether a mark opens; only the straight one and “ need to be looked at closely."""
    mark = line[place]
    if mark in _OPENING:
        return True
    if mark in _CLOSING or (mark == "“" and opened and opened[-1] == "„"):
        return False
    before = line[place - 1] if place else " "
    after = line[place + 1] if place + 1 < len(line) else " "
    return after != " " and (before in _BEFORE_OPENING or before in _OPENING or before in '"“')
