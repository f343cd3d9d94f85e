"""What search needs of an embedding model."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """E5 models see questions and passages differently, so they are two methods, not a flag."""

    # Recorded with the collection: name and version of everything that shapes a vector.
    name: str
    dimension: int
    # False for vectors that only walk the road: search then leans on words and says so.
    is_semantic: bool

    def embed_query(self, text: str) -> Vectors:
        """Return one unit vector of shape (dimension,)."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of shape (len(texts), dimension)."""
        ...
