"""How a text measures up to what was asked, in figures from 0 to 1 that need no model."""

from storycore.language import count_words, ends_with_sentence


def measure(text: str, *, words: int) -> dict[str, float]:
    """Return `length` (1 when as long as asked, in either direction) and `completeness`."""
    written = count_words(text)
    length = min(written / words, words / written) if written else 0.0
    return {
        "length": round(length, 3),
        "completeness": 1.0 if written and ends_with_sentence(text) else 0.0,
    }
