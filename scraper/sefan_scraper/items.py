"""A story as its pages showed it, before anybody has judged it."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """What a story's first page says about it; what it does not say is None, never a guess."""

    title: str | None = None
    author: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    published: date | None = None
    rating: float | None = None
    views: int | None = None


@dataclass(frozen=True, slots=True)
class ScrapedStory:
    """A whole story on its way to the guard. Its words are kept out of `repr`, hence out of logs."""

    url: str
    facts: StoryFacts = field(repr=False)
    text: str = field(repr=False)
