"""The stories of the replica: the starter stories, public-domain works where present, a few of ours."""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storycore.safety import ForbiddenContent, check_adults_only
from storycore.text import clean, clean_line

ROOT = Path(__file__).resolve().parents[2]
STARTER = ROOT / "backend" / "storyteller" / "ingest" / "starter"
# Long enough for several pages, short enough for a crawl of seconds, in characters.
SHORTEST, LONGEST = 3_000, 60_000


@dataclass(frozen=True, slots=True)
class Original:
    """A story as its author left it."""

    title: str
    author: str
    text: str
    tags: tuple[str, ...] = ()


def originals(ruslit: int = 60) -> list[Original]:
    """Return the stories a corpus may hold, the same ones in the same order every time.

    `ruslit` is how many works to take from the optional folder of test data, when it is there.
    """
    ours = [story for story in (*own(), *starter()) if is_allowed(story)]
    stories = (*ours, *_first(ruslit, public_domain()))
    return list({story.title: story for story in stories}.values())


def is_allowed(story: Original) -> bool:
    """Say whether the guard lets a story into a corpus."""
    try:
        check_adults_only(clean(story.text), story.title, story.author, *story.tags)
    except ForbiddenContent:
        return False
    return True


def own() -> Iterator[Original]:
    """Yield the stories written for the replica: short, with lines of one word."""
    for path in sorted(Path(__file__).with_name("own").glob("*.txt")):
        yield _with_header(path)


def starter() -> Iterator[Original]:
    """Yield the starter stories, if they are written already."""
    for path in sorted(STARTER.glob("*.txt")):
        yield _with_header(path)


def public_domain() -> Iterator[Original]:
    """Yield the works of ruslit of a fitting length, shortest first; none where it is absent."""
    shared = Path(os.environ.get("SHARED_DIR") or ROOT.parent / "shared")
    path = shared / "corpus" / "ruslit.jsonl.gz"
    if not path.is_file():
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        works = [json.loads(line) for line in lines]
    for work in sorted(works, key=lambda work: (len(work["text"]), work["title"])):
        if SHORTEST <= len(work["text"]) <= LONGEST:
            yield Original(clean_line(work["title"]), work["author"], work["text"])


def _first(count: int, stories: Iterator[Original]) -> Iterator[Original]:
    """Yield so many allowed stories; a title is met once."""
    titles: set[str] = set()
    for story in stories:
        if len(titles) >= count:
            return
        if story.title not in titles and is_allowed(story):
            titles.add(story.title)
            yield story


def _with_header(path: Path) -> Original:
    """Read a file of `Название:`, `Автор:`, `Жанр:`, `Метки:` lines, an empty line, the text."""
    header, _, text = path.read_text(encoding="utf-8").partition("\n\n")
    said = dict(line.partition(":")[::2] for line in header.splitlines())
    tags = (tag.strip() for tag in said.get("Метки", "").split(","))
    return Original(
        title=clean_line(said["Название"]),
        author=said.get("Автор", "").strip() or "Без имени",
        text=text,
        tags=tuple(filter(None, tags)),
    )
