"""Bytes of an old Russian page to text, right or not at all.

The order: a byte order mark, the declared charset, strict UTF-8, the letters themselves. A declared
charset is believed when it decodes every byte and the result reads as Russian: servers declare
latin-1 for windows-1251 and windows-1251 for UTF-8, and one-byte charsets decode anything.
"""

import codecs
import contextlib
from collections.abc import Iterable

import chardet
from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    resolve_encoding,
)

# A page may have this share of broken bytes: a scratch. With more it is another page than was sent.
SCRATCHES = 0.001
# What Russian was ever put on the web in; chardet alone takes windows-1251 for mac-cyrillic.
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
# These ten are two thirds of the letters of Russian prose; of a wrong reading of it, next to none.
_FREQUENT = frozenset("оеаитнсрвл")
_RUSSIAN = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ")
_TYPOGRAPHY = frozenset("«»„“”‘’—–…№\xa0\xad©•·")
_RUSSIAN_SCORE = 0.3
# Fewer characters beyond ASCII say nothing about their language.
_ENOUGH = 40


class Undecodable(ValueError):
    """No charset makes text of these bytes."""


def decode(body: bytes, content_type: bytes | str | None = None) -> str:
    """Return the text of a page; raise `Undecodable` rather than return a wrong one."""
    marked, mark = read_bom(body)
    if marked and mark:
        return _tolerant(body[len(mark) :], marked)
    for charset in (*_declared(body, content_type), "utf-8"):
        text = _strict(body, charset)
        # Nothing but UTF-8 is valid UTF-8 by chance.
        if text is not None and (charset == "utf-8" or _reads_as_russian(text)):
            return text
    try:
        # Before the letters are asked: one broken byte makes UTF-8 look like koi8 to chardet.
        return _tolerant(body, "utf-8")
    except Undecodable:
        return _most_russian(body, (chardet.detect(body)["encoding"], *_CYRILLIC))


def _declared(body: bytes, content_type: bytes | str | None) -> list[str]:
    header = content_type.decode("latin-1") if isinstance(content_type, bytes) else content_type
    said = (
        http_content_type_encoding(header) if header else None,
        html_body_declared_encoding(body[:4096]),
    )
    known = (resolve_encoding(charset) for charset in said if charset)
    return [charset for charset in known if charset]


def _strict(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None


def _most_russian(body: bytes, charsets: Iterable[str | None]) -> str:
    """Return the most Russian reading of a body that may have a few broken bytes."""
    readings = []
    for charset in charsets:
        if charset and _is_known(charset):
            with contextlib.suppress(Undecodable):
                readings.append(_tolerant(body, charset))
    best = max(readings, key=_russian_score, default=None)
    if best is None or not _reads_as_russian(best):
        raise Undecodable("no charset fits")
    return best


def _is_known(charset: str) -> bool:
    """Say whether Python can decode a charset of this name to text."""
    try:
        return codecs.lookup(charset)._is_text_encoding  # noqa: SLF001  # the only way to ask
    except LookupError:
        return False


def _tolerant(body: bytes, charset: str) -> str:
    text = body.decode(charset, errors="replace")
    broken = text.count("\ufffd") - body.count("\ufffd".encode())
    if broken > len(body) * SCRATCHES:
        raise Undecodable("too many broken bytes")
    return text


def _reads_as_russian(text: str) -> bool:
    """Say whether what is beyond ASCII can be Russian prose; too little of it is believed."""
    beyond = sum(letter > "\x7f" for letter in text)
    return beyond < _ENOUGH or _russian_score(text) >= _RUSSIAN_SCORE


def _russian_score(text: str) -> float:
    """Return how Russian the characters beyond ASCII are: 0.6 for prose, below 0.1 for a misreading."""
    beyond = [letter for letter in text if letter > "\x7f" and letter not in _TYPOGRAPHY]
    frequent = sum(letter in _FREQUENT for letter in beyond)
    strange = sum(letter not in _RUSSIAN for letter in beyond)
    return (frequent - strange) / len(beyond) if beyond else 0.0
