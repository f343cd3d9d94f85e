"""Rules of the repository that no other tool holds."""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
# Put together here, so that this file doesn't name them itself.
REGISTRIES = re.compile(
    "|".join((r"pypi\." + "org", r"pythonhosted\." + "org", r"registry\.npm" + "js"))
)


def _committed() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True, text=True
    )
    return [REPOSITORY / name for name in listed.stdout.split("\0") if name]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError):
        return ""


def test_no_file_names_a_package_registry():
    guilty = [path for path in _committed() if REGISTRIES.search(_text(path))]

    assert guilty == []


@pytest.mark.parametrize(
    "name",
    ["core/requirements.txt", "backend/requirements.txt", "scraper/requirements.txt"],
)
def test_every_requirement_is_pinned_and_hashed(name):
    entries = re.split(r"\n(?=\S)", (REPOSITORY / name).read_text(encoding="utf-8"))
    packages = [entry for entry in entries if not entry.startswith("#") and entry.strip()]

    assert packages
    assert [entry for entry in packages if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_bare_make_lists_every_verb():
    verbs = re.findall(r"^([a-z0-9-]+):.*##", _text(REPOSITORY / "Makefile"), re.MULTILINE)
    listed = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, check=True, text=True)

    assert {"run", "test", "check", "e2e", "bench", "compose-test", "crawl"} <= set(verbs)
    assert [verb for verb in verbs if verb not in listed.stdout] == []


def test_no_module_is_too_long_to_read():
    """Blueprint: 70-250 lines; a list of rules or of words may be longer where it is data."""
    members = ("core/storycore", "backend/storyteller", "scraper/sefan_scraper")
    modules = [path for member in members for path in (REPOSITORY / member).rglob("*.py")]

    lengths = {path: len(_text(path).splitlines()) for path in modules}

    assert {path.name: n for path, n in lengths.items() if n > 300} == {}
