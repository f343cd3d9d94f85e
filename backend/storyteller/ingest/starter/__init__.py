"""A dozen short stories of our own, so that the first start is not empty."""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import structlog

from storycore.story import Story, StoryWriter
from storyteller.ingest.manifest import Manifest

log = structlog.get_logger()

_TITLE, _AUTHOR, _GENRE, _TAGS = "Название", "Автор", "Жанр", "Метки"


def starter_stories() -> Iterator[Story]:
    """Yield the stories that stand beside this file, in the order of their names."""
    files = [file for file in resources.files(__name__).iterdir() if file.name.endswith(".txt")]
    for file in sorted(files, key=lambda file: file.name):
        yield parse(file.read_text(encoding="utf-8"))


def parse(page: str) -> Story:
    """Return the story of a page: `Название: ...` and the like, an empty line, the text."""
    head, _, text = page.partition("\n\n")
    facts = dict(line.split(":", 1) for line in head.splitlines())
    known = {name: value.strip() or None for name, value in facts.items()}
    tags = (known.get(_TAGS) or "").split(",")
    return Story.of(
        text,
        source="starter",
        title=known.get(_TITLE) or "Без названия",
        author=known.get(_AUTHOR),
        category=known.get(_GENRE),
        tags=tuple(tag.strip() for tag in tags if tag.strip()),
    )


def seed_starter(raw_dir: Path, manifest: Manifest) -> int:
    """Put the starter stories into an empty corpus, once; return how many.

    A corpus that a reader has emptied stays empty: its manifest remembers.
    """
    if any(manifest.counts().values()) or any(raw_dir.rglob("*.jsonl")):
        return 0
    whole = raw_dir / "starter" / "starter.jsonl"
    # Under another name until it is complete: a kill in between must not leave half of them.
    part = whole.with_suffix(".part")
    part.unlink(missing_ok=True)
    stories = list(starter_stories())
    with StoryWriter(part) as writer:
        for story in stories:
            writer.append(story)
    part.replace(whole)
    log.info("ingest.starter_written", stories=len(stories))
    return len(stories)
