"""Stories that a reader has in files, put where crawled ones lie."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storycore.safety import ForbiddenContent, SafetyUnavailable, check_adults_only
from storycore.story import Story, StoryWriter, read_stories, readable_fields
from storyteller.errors import NotFound, ServiceUnavailable
from storyteller.metrics import REFUSALS


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the lines of a file."""

    accepted: int = 0
    refused: int = 0
    broken: int = 0


def add_file(file: Path, raw_dir: Path) -> Added:
    """Copy the stories of a JSONL file into the raw folder, but those the guard refuses.

    Touches nothing but that folder, so it may run beside a studio, which takes the stories in.
    Raises `NotFound`.
    """
    if not file.is_file():
        raise NotFound(f"Файла {file} нет.")
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    writer = StoryWriter(raw_dir / "upload" / f"{moment}.jsonl")
    accepted = refused = broken = 0
    for record in read_stories(file):
        if not isinstance(record, Story):
            broken += 1
        elif not _is_allowed(record):
            refused += 1
        else:
            writer.append(record)
            accepted += 1
    writer.close()
    return Added(accepted, refused, broken)


def _is_allowed(story: Story) -> bool:
    try:
        check_adults_only(story.text, *readable_fields(story))
    except SafetyUnavailable as error:
        raise ServiceUnavailable(
            "Проверка текста не сработала, поэтому файл не принят. Попробуйте ещё раз.",
            code="safety_unavailable",
        ) from error
    except ForbiddenContent as refusal:
        REFUSALS.labels("story", refusal.code).inc()
        return False
    return True
