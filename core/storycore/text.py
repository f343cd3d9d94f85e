"""One clean form of a text, so that the same story is the same bytes wherever it came from."""

import unicodedata


def clean(text: str) -> str:
    """Return the clean form of a text; cleaning it again changes nothing."""
    return unicodedata.normalize("NFC", text.replace("\0", "")).strip()


def clean_line(text: str) -> str:
    """Return a title, a name or a tag as one clean line."""
    return " ".join(clean(text).split())
