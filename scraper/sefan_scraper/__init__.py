"""Crawls stories, politely, into data/raw; knows storycore and nothing else of ours."""
