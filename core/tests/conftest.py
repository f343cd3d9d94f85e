"""Where the optional folder of test data lies, and what is in it."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).parents[3] / "shared")
RUSLIT = SHARED / "corpus" / "ruslit.jsonl.gz"


@pytest.fixture
def shared() -> Path:
    """The optional folder of test data, which may not be there."""
    return SHARED


@pytest.fixture
def ruslit() -> Iterator[dict[str, str]]:
    """Works of Russian classics: title, author and text, one after another."""
    if not RUSLIT.exists():
        pytest.skip(f"needs the optional test data {RUSLIT}")
    with gzip.open(RUSLIT, "rt", encoding="utf-8") as lines:
        yield (json.loads(line) for line in lines)
