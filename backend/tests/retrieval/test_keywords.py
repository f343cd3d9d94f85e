"""The keyword index as its writer, its readers and a killed process know it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storyteller.errors import IndexMismatch, IndexUnavailable
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.keywords import KeywordIndex

TEXTS = {
    "сад": "В старом саду цвели яблони, и Анна ждала письма из далёкого города.",
    "море": "Они шли вдоль моря, держась за руки, и молчали о самом важном.",
    "город": "Инженер Соколов вернулся в город ночным поездом под самый Новый год.",
}


def chunks(texts: dict[str, str] = TEXTS, story_id: str = "s1") -> list[Chunk]:
    return [Chunk(name, story_id, i, 0, len(t), t) for i, (name, t) in enumerate(texts.items())]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[KeywordIndex]:
    index = KeywordIndex(tmp_path / "keywords", writable=True)
    yield index
    index.close()


@pytest.fixture
def filled(writer: KeywordIndex) -> KeywordIndex:
    writer.add(chunks(), "drama")
    writer.commit()
    return writer


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("письмами", "сад"),  # another form of the word
        ("ЯБЛОНЯ", "сад"),
        ("шёл", "море"),  # шли and шёл are both идти
        ("из далекого", "сад"),  # е for ё
        ("ру\u0301ки", "море"),  # a stress mark
        ("поезда в новом году?", "город"),
        ('") OR (lemma:*', None),  # no query language
        ("[[[ ^ ~ : \\", None),
        ("дирижабль", None),
    ],
)
def test_finds_by_dictionary_form(filled: KeywordIndex, query: str, found: str | None):
    assert (filled.search(query, 10).lemma or [None])[0] == found


def test_a_typing_error_is_repaired_by_words_of_the_corpus(filled: KeywordIndex):
    assert filled.search("писмьа из далекова", 10).lemma == ["сад"]


def test_finds_a_mistyped_name_by_its_pieces(filled: KeywordIndex):
    hits = filled.search("Соколоффф", 10)

    assert hits.lemma == []
    assert hits.trigram[0] == "город"


def test_a_query_of_stop_words_alone_is_still_asked(filled: KeywordIndex):
    assert set(filled.search("и", 10).lemma) == {"сад", "море"}


@pytest.mark.parametrize("query", ["", "   ", "?! … —"])
def test_a_query_without_words_finds_nothing(filled: KeywordIndex, query: str):
    hits = filled.search(query, 10)

    assert (hits.lemma, hits.trigram) == ([], [])


def test_a_query_as_long_as_a_chapter_is_answered(filled: KeywordIndex):
    chapter = " ".join(f"слово{n} яблони" for n in range(2000))

    assert filled.search(chapter, 10).lemma == ["сад"]


def test_a_category_filters_without_reordering(writer: KeywordIndex):
    writer.add(chunks({"a": "море и море", "b": "море, лес, поле, небо и река"}), "drama")
    writer.add(chunks({"c": "море"}, "s2"), "comedy")
    writer.add(chunks({"d": "море"}, "s3"), None)
    writer.commit()

    assert writer.search("море", 10, "drama").lemma == ["a", "b"]
    assert writer.search("море", 10, "comedy").trigram == ["c"]
    assert writer.search("море", 10, "no such").lemma == []
    assert len(writer.search("море", 10).lemma) == 4


def test_keeps_of_a_list_what_is_in_the_category_in_its_order(writer: KeywordIndex):
    writer.add(chunks({"a": "море", "b": "лес", "c": "поле"}), "drama")
    writer.add(chunks({"d": "море"}, "s2"), "comedy")
    writer.commit()

    assert writer.keep(["d", "c", "unknown", "a"], "drama") == ["c", "a"]
    assert (writer.share("drama"), writer.share("no such")) == (0.75, 0.0)


def test_adding_again_replaces(filled: KeywordIndex):
    filled.add(chunks({"сад": "Теперь здесь стоит маяк."}), "drama")
    filled.commit()

    assert filled.count() == 3
    assert filled.search("яблони", 10).lemma == []
    assert filled.search("маяк", 10).lemma == ["сад"]


def test_a_deleted_story_is_found_no_more(filled: KeywordIndex):
    filled.add(chunks({"маяк": "Маяк у моря."}, "s2"), "drama")
    filled.commit()

    filled.delete_story("s1")
    filled.commit()

    assert filled.search("моря", 10).lemma == ["маяк"]
    assert filled.count() == 1


def test_nothing_is_seen_before_the_commit(writer: KeywordIndex):
    writer.add(chunks(), None)

    assert writer.count() == 0


def test_dropping_empties_it(filled: KeywordIndex):
    filled.drop()

    assert filled.count() == 0
    assert filled.search("море", 10).lemma == []


def test_a_reader_may_come_before_the_writer(tmp_path: Path):
    reader = KeywordIndex(tmp_path / "keywords")

    assert reader.count() == 0
    assert reader.search("море", 10).lemma == []

    writer = KeywordIndex(tmp_path / "keywords", writable=True)
    writer.add(chunks(), None)
    writer.commit()

    assert reader.search("море", 10).lemma == ["море"]
    writer.close()


def test_a_reader_may_not_write(tmp_path: Path):
    with pytest.raises(IndexUnavailable):
        KeywordIndex(tmp_path / "keywords").add(chunks(), None)


def test_a_second_writer_is_told_who_is_in_the_way(filled: KeywordIndex, tmp_path: Path):
    with pytest.raises(IndexUnavailable, match="другим процессом") as refusal:
        KeywordIndex(tmp_path / "keywords", writable=True)

    assert refusal.value.code == "index_locked"


def test_an_index_of_other_fields_names_the_way_out(tmp_path: Path):
    import tantivy

    folder = tmp_path / "keywords"
    folder.mkdir()
    other = tantivy.SchemaBuilder().add_text_field("body").build()
    tantivy.Index(other, path=str(folder))

    with pytest.raises(IndexMismatch, match="storyteller reindex"):
        KeywordIndex(folder, writable=True)
    with pytest.raises(IndexMismatch, match="storyteller reindex"):
        KeywordIndex(folder).count()

    index = KeywordIndex(folder, writable=True, anew=True)
    index.add(chunks(), None)
    index.commit()
    assert index.count() == 3
    index.close()


WRITER = """
import sys
from pathlib import Path
from storyteller.retrieval.chunk import Chunk
from storyteller.retrieval.keywords import KeywordIndex

index = KeywordIndex(Path(sys.argv[1]), writable=True)
index.add([Chunk("kept", "s", 0, 0, 0, "маяк у моря")], "drama")
index.commit()
print("committed", flush=True)
input()
index.add([Chunk("second", "s", 1, 0, 0, "маяк у реки")], "drama")
index.commit()
print("committed again", flush=True)
for n in range(10_000_000):
    index.add([Chunk(f"lost{n}", "s", n, 0, 0, "маяк, лодка и ветер " * 50)], "drama")
    if n == 200:
        print("writing", flush=True)
"""


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "keywords")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()


def commit_again(process: subprocess.Popen[str]) -> None:
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "committed again\n"


def test_another_process_is_seen_at_each_of_its_commits(
    other_process: subprocess.Popen[str], tmp_path: Path
):
    reader = KeywordIndex(tmp_path / "keywords")
    assert reader.count() == 0

    assert other_process.stdout.readline() == "committed\n"

    assert reader.search("маяк", 10).lemma == ["kept"]

    commit_again(other_process)

    assert set(reader.search("маяк", 10).lemma) == {"kept", "second"}


def test_a_writer_killed_in_the_middle_leaves_its_last_commit(
    other_process: subprocess.Popen[str], tmp_path: Path
):
    assert other_process.stdout.readline() == "committed\n"
    commit_again(other_process)
    assert other_process.stdout.readline() == "writing\n"
    other_process.send_signal(signal.SIGKILL)
    other_process.wait()

    heir = KeywordIndex(tmp_path / "keywords", writable=True)

    assert heir.count() == 2
    heir.add(chunks(), None)
    heir.commit()
    assert set(heir.search("маяк", 10).lemma) == {"kept", "second"}
    assert heir.search("яблони", 10).lemma == ["сад"]
    heir.close()
