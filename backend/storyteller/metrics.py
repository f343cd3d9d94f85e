"""What is measured: every stage is timed, every refusal counted, and never a word is kept."""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 45, 90, 180)

HTTP_SECONDS = Histogram(
    "storyteller_http_seconds",
    "Time to the first byte",
    ["method", "route", "status"],
    buckets=_FAST,
)
# part: whole, embed, semantic, keywords, load
SEARCH_SECONDS = Histogram("storyteller_search_seconds", "Search", ["part"], buckets=_FAST)
# stage: whole, guard, split, embed, vectors, keywords
INGEST_SECONDS = Histogram(
    "storyteller_ingest_seconds", "Ingest of a story", ["stage"], buckets=_SLOW
)
INGESTED = Counter("storyteller_ingested_total", "Stories by how their ingest ended", ["state"])
CORPUS = Gauge("storyteller_corpus", "What the corpus holds", ["kind"])
FIRST_TOKEN_SECONDS = Histogram(
    "storyteller_first_token_seconds",
    "From the prompt to the first token",
    ["provider"],
    buckets=_SLOW,
)
TOKENS_PER_SECOND = Histogram(
    "storyteller_tokens_per_second",
    "Speed of the model once it writes",
    ["provider"],
    buckets=(0.5, 1, 2, 5, 10, 20, 50, 100, 500, 5000),
)
# stage: story, request, passage, output; code: as in the error
REFUSALS = Counter("storyteller_refusals_total", "Texts refused by the guard", ["stage", "code"])
RUNS = Counter("storyteller_runs_total", "Runs by how they ended", ["state"])
QUEUE = Gauge("storyteller_queue", "Runs now", ["state"])
# The last crawl, as the scraper reported it; kind: seconds, stories, refused, requests
CRAWL = Gauge("storyteller_crawl", "The last crawl", ["kind"])
