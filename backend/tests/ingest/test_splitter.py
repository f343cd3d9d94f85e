"""Chunks are pieces of the text itself, whole sentences where Russian allows it."""

import gzip
import json
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from roads import evening

from storycore.story import Story
from storycore.text import clean
from storyteller.ingest.splitter import SentenceSplitter

SHARED = Path(os.environ.get("SHARED_DIR", Path(__file__).parents[4] / "shared"))
ENDS_A_SENTENCE = re.compile(r"[.!?…][»”“\"'’)\]]*$")
# Letters, spaces, line ends and every mark that ends or opens something.
PROSE = st.text(alphabet="аБё  \n.!?…—«»,:;🌊", max_size=3000)


def test_every_chunk_is_a_slice_of_its_story():
    story = evening(1, sentences=200)

    chunks = SentenceSplitter(500, 100).split_story(story)

    assert len(chunks) > 5
    for number, chunk in enumerate(chunks):
        assert chunk.text == story.text[chunk.start : chunk.end]
        assert (chunk.story_id, chunk.index) == (story.id, number)


@settings(deadline=None)
@given(PROSE, st.sampled_from([(40, 0), (40, 20), (200, 60), (1000, 200)]))
def test_whatever_the_text_nothing_is_lost_and_nothing_is_too_long(
    text: str, sizes: tuple[int, int]
):
    size, overlap = sizes

    pieces = list(SentenceSplitter(size, overlap)._spans(text))

    assert all(0 < end - start <= size for start, end in pieces)
    for (start, end), (following, later) in pairwise(pieces):
        assert start < following
        assert end < later
        assert end - following <= overlap
        assert not text[end:following].strip()
    covered = {place for start, end in pieces for place in range(start, end)}
    assert all(place in covered or text[place].isspace() for place in range(len(text)))


def test_neighbours_share_whole_sentences():
    story = evening(2, sentences=100)

    chunks = SentenceSplitter(400, 120).split_story(story)

    shared = [
        story.text[after.start : before.end]
        for before, after in pairwise(chunks)
        if after.start < before.end
    ]
    assert len(shared) > len(chunks) / 2
    assert all(text[0].isupper() or text[0] == "—" for text in shared)
    assert all(ENDS_A_SENTENCE.search(text) for text in shared)


def test_the_same_story_has_the_same_ids_and_another_chunker_has_others():
    story = evening(3)

    first, second = (SentenceSplitter(300, 60).split_story(story) for _ in range(2))
    other = SentenceSplitter(300, 50).split_story(story)

    assert first == second
    assert len({chunk.id for chunk in first}) == len(first)
    assert {chunk.id for chunk in first}.isdisjoint(chunk.id for chunk in other)


def test_a_short_line_of_dialogue_is_kept():
    story = Story.of("— Да.\n\n— Нет?\n\n— Да!", source="test", title="Разговор")

    [chunk] = SentenceSplitter(1000, 200).split_story(story)

    assert chunk.text == "— Да.\n\n— Нет?\n\n— Да!"


def test_a_sentence_longer_than_a_chunk_breaks_at_a_pause():
    endless = "и снова дорога уходила вперёд, " * 60
    story = Story.of(endless + "и кончилась.", source="test", title="Дорога")

    chunks = SentenceSplitter(300, 60).split_story(story)

    assert len(chunks) > 5
    assert all(chunk.text.endswith((",", ".")) for chunk in chunks)


def test_a_heading_goes_with_what_follows_it():
    first = "Они прощались на вокзале до самой темноты. " * 6
    story = Story.of(f"{first}\n\nГлава вторая\n\n{first}", source="test", title="Вокзал")

    chunks = SentenceSplitter(300, 60).split_story(story)

    assert not any(chunk.text.endswith("вторая") for chunk in chunks)
    assert any("Глава вторая\n\nОни прощались" in chunk.text for chunk in chunks)


def test_a_wrapped_line_does_not_end_its_sentence():
    wrapped = (
        "Он долго стоял у окна и смотрел, как падает снег на тихие\n"
        "крыши города, и думал о письме.\n"
    ) * 10
    story = Story.of(wrapped, source="test", title="Снег")

    chunks = SentenceSplitter(250, 0).split_story(story)

    assert all(chunk.text.endswith("письме.") for chunk in chunks)


def test_it_is_a_splitter_as_langchain_knows_it():
    story = evening(4)
    splitter = SentenceSplitter(300, 60)

    documents = splitter.create_documents([story.text])

    pieces = [chunk.text for chunk in splitter.split_story(story)]
    assert [document.page_content for document in documents] == pieces
    assert splitter.split_text(story.text) == pieces


def test_russian_prose_is_hardly_ever_cut_inside_a_sentence():
    corpus = SHARED / "corpus" / "ruslit.jsonl.gz"
    if not corpus.exists():
        pytest.skip("the optional folder of test data is not there")
    splitter = SentenceSplitter()
    chunks = cut = fragments = 0

    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for line in list(lines)[::12]:
            for piece in splitter.split_text(clean(json.loads(line)["text"])):
                chunks += 1
                cut += not ENDS_A_SENTENCE.search(piece)
                fragments += len(piece) < 250

    # A recursive splitter with its defaults: 23 % and 8 %.
    assert chunks > 2000
    assert cut / chunks <= 0.01
    assert fragments / chunks <= 0.005
