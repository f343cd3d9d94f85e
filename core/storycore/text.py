"""One clean form of a text, so that the same story is the same bytes wherever it came from."""

import unicodedata


def clean(text: str) -> str:
    """Return `text` in its clean form. Idempotent: `clean(clean(x)) == clean(x)`."""
    return unicodedata.normalize("NFC", text).strip()
