"""One spelling and one form for each word, whatever the author and the reader typed."""

import threading

import pytest

from storyteller.retrieval.words import lemma, normalise, split_words, trigrams


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Вы\u0301ставка", "выставка"),  # stress mark
        ("за\u0300мок", "замок"),
        ("Ёлка и ещё ёж", "елка и еще еж"),
        ("Е\u0308лка", "елка"),  # ё typed as two signs
        ("йод и \u0438\u0306од", "йод и йод"),  # й stays й, also when typed as two signs
        ("любо\u00adвь", "любовь"),  # soft hyphen
        ("\ufeffСад\u200b", "сад"),
        ("МОРЕ", "море"),
    ],
)
def test_spelling_is_one(typed: str, kept: str):
    assert normalise(typed) == kept


def test_normalising_twice_changes_nothing():
    once = normalise("Ёжик вы\u0301шел, й\u0306 и МОРЕ")

    assert normalise(once) == once


def test_words_are_split_at_everything_else():
    assert split_words("— Кто-то звонил? В 7:30, «Анна»_") == [
        "кто", "то", "звонил", "в", "7", "30", "анна",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "form"),
    [("письма", "письмо"), ("ждали", "ждать"), ("елками", "елка"), ("шла", "идти")],
)
def test_forms_of_a_word_meet_in_one(word: str, form: str):
    assert lemma(word) == form


def test_a_word_of_three_letters_has_its_borders_in_its_pieces():
    assert trigrams("кот") == ["_ко", "кот", "от_"]
    assert trigrams("я") == ["_я_"]


def test_forms_are_the_same_when_threads_ask_at_once():
    words = [f"{root}{end}" for root in ("мор", "сад", "лес") for end in ("а", "у", "ом", "ами")]
    alone = [lemma.__wrapped__(word) for word in words]
    together: list[list[str]] = []

    def ask() -> None:
        together.append([lemma.__wrapped__(word) for word in words * 20])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert together == [alone * 20] * 4
