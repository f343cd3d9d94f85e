"""Vectors of hashed word stems: no model, no download, the same numbers on every machine.

They only walk the road when no model can be had. Fused with a good keyword search on equal terms
they spoil it, so `is_semantic` is False and the fusion all but ignores them.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import snowballstemmer

from storyteller.embedding.base import Vectors

_DIMENSION = 768
_WORD = re.compile(r"[^\W\d_]{3,}")
# Stems this short are mostly prepositions and endings; they would drown the rest.
_SHORTEST_STEM = 3
# Whole-number weights keep every sum exact, so that no platform rounds differently.
_ONE = 1000


class OfflineEmbedder:
    """Adds up one fixed direction of +1 and -1 per stem, weighted by the root of its count."""

    name = "offline-stems-1"
    dimension = _DIMENSION
    is_semantic = False

    def embed_query(self, text: str) -> Vectors:
        """Return one unit vector of shape (768,)."""
        directions = [d for word in _WORD.findall(_fold(text)) if (d := _direction(word))]
        # Something must be returned for a text without words: a direction of its own.
        counts = Counter(directions) or Counter([_hash("")])
        bits = np.frombuffer(b"".join(counts), dtype=np.uint8).reshape(len(counts), -1)
        signs = np.unpackbits(bits, axis=1).astype(np.int32) * 2 - 1
        weights = np.array([round(_ONE * n**0.5) for n in counts.values()], dtype=np.int32)
        total = (weights @ signs).astype(np.float64)
        vector: Vectors = (total / np.sqrt(np.dot(total, total))).astype(np.float32)
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of shape (len(texts), 768)."""
        if not texts:
            return np.empty((0, _DIMENSION), dtype=np.float32)
        return np.stack([self.embed_query(text) for text in texts])


def _fold(text: str) -> str:
    return text.lower().replace("ё", "е").replace("\u0301", "").replace("\u00ad", "")


@lru_cache(maxsize=100_000)
def _direction(word: str) -> bytes:
    # A stemmer keeps the word it works on: one for each call, since two threads may embed at once.
    stem = snowballstemmer.stemmer("russian").stemWord(word)
    return _hash(stem) if len(stem) >= _SHORTEST_STEM else b""


def _hash(stem: str) -> bytes:
    return hashlib.shake_128(stem.encode()).digest(_DIMENSION // 8)
