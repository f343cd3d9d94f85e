"""Every module with tables, so that the tests see the whole schema."""

from storyteller.ingest import tables as ingest
from storyteller.library import tables as library
from storyteller.retrieval import tables as corpus

MODULES = (corpus, ingest, library)
