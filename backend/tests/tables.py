"""Every module with tables, so that the tests see the whole schema."""

from storyteller.retrieval import tables as corpus

MODULES = (corpus,)
