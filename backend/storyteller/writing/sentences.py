"""Where a text may end: after a sentence, never inside one."""

import re

from storycore.language import trim_to_sentence

_LETTER = re.compile(r"\w")


def finished(text: str) -> str:
    """Return the text without its unfinished last sentence.

    A text that holds no finished sentence at all keeps its whole words and trails off… so that
    stopping early takes nothing away.
    """
    kept = trim_to_sentence(text)
    if kept or not text.strip():
        return kept
    words, _, torn = text.rstrip().rpartition(" ")
    return (words if _LETTER.search(words) else f"{words} {torn}".lstrip()).rstrip(" ,:;—–-") + "…"


def ending(text: str) -> tuple[int, str] | None:
    """Return the replacement (from, text) that makes a text end with a sentence; None if it does."""
    kept = finished(text)
    if kept == text:
        return None
    start = next(
        (place for place, (a, b) in enumerate(zip(kept, text, strict=False)) if a != b),
        min(len(kept), len(text)),
    )
    return start, kept[start:]
