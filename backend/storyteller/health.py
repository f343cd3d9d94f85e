"""`python -m storyteller.health URL`: exit 0 when the URL answers 200; for images without curl."""

import sys
from http import HTTPStatus
from urllib.error import URLError
from urllib.request import urlopen

DEFAULT_URL = "http://127.0.0.1:8000/livez"
TIMEOUT_SECONDS = 3


def main(arguments: list[str]) -> int:
    """Ask once and return the exit code."""
    url = arguments[0] if arguments else DEFAULT_URL
    if not url.startswith("http://127.0.0.1:"):
        sys.stderr.write("health: only this machine can be asked\n")
        return 2
    try:
        with urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - checked above
            return 0 if answer.status == HTTPStatus.OK else 1
    except (URLError, OSError, ValueError):
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
