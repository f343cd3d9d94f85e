"""Three ranked lists into one: what is near the top of several lists comes first."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

# The constant of Cormack, Clarke and Büttcher (2009); larger flattens the top of the lists.
K = 60


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each list counts."""

    semantic: float
    lemma: float
    trigram: float


# Trigrams only help out, with names and typing errors: at 0.5 they gain on every set measured.
SEMANTIC = Weights(semantic=1.0, lemma=1.0, trigram=0.5)
# Hashed stems tell nothing that the keywords don't know; they only walk the road.
OFFLINE = Weights(semantic=0.01, lemma=1.0, trigram=0.5)


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk with its score and its place in each list, from 1; None where it isn't in it."""

    chunk_id: str
    score: float
    semantic_rank: int | None
    keyword_rank: int | None
    trigram_rank: int | None


def fuse(
    semantic: Sequence[str], lemma: Sequence[str], trigram: Sequence[str], weights: Weights
) -> list[Found]:
    """Merge lists of chunk ids: a chunk's score is the sum of weight / (K + rank) over them."""
    lists = (
        (_ranks(semantic), weights.semantic),
        (_ranks(lemma), weights.lemma),
        (_ranks(trigram), weights.trigram),
    )
    scores: dict[str, float] = defaultdict(float)
    for ranks, weight in lists:
        for chunk_id, rank in ranks.items():
            scores[chunk_id] += weight / (K + rank)
    found = [
        Found(chunk_id, score, *(ranks.get(chunk_id) for ranks, _ in lists))
        for chunk_id, score in scores.items()
    ]
    # The id breaks ties, so that the same question always has the same answer.
    return sorted(found, key=lambda one: (-one.score, one.chunk_id))


def _ranks(chunk_ids: Sequence[str]) -> dict[str, int]:
    return {chunk_id: rank for rank, chunk_id in enumerate(chunk_ids, start=1)}
