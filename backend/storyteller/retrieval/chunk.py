"""A chunk is a piece of a story as indexed; a passage is a chunk that a search found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a story, with where it stands in the story's text (characters)."""

    id: str
    story_id: str
    index: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as found: the score that brought it up and its place in each list, from 1."""

    chunk_id: str
    story_id: str
    title: str
    author: str | None
    url: str | None
    category: str | None
    text: str
    score: float
    semantic_rank: int | None
    keyword_rank: int | None
    trigram_rank: int | None
