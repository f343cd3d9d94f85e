"""A small site with the habits of the crawled one, for anybody to start: `python -m tests.replica`."""
