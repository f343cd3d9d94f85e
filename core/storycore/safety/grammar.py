"""What pymorphy3 knows of the few words that stand near a cue; asked once a word."""

from functools import cache, lru_cache
from typing import Any

import pymorphy3

from storycore.safety.lexicon import NOT_PEOPLE

# Readings rarer than this are what a dictionary allows and nobody writes.
_LIKELY = 0.08
_WORDS_REMEMBERED = 20_000


@cache
def _analyser() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()


@lru_cache(maxsize=_WORDS_REMEMBERED)
def readings(word: str) -> tuple[Any, ...]:
    """Return the likely grammatical tags of a lower-case word."""
    return tuple(parse.tag for parse in _analyser().parse(word) if parse.score >= _LIKELY)


def forms(word: str) -> set[str]:
    """Return every form of a dictionary word."""
    return {form.word.replace("ё", "е") for form in _analyser().parse(word)[0].lexeme}


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_person(word: str) -> bool:
    """Say whether a word can name a person: «соседка», «Маша», but not «кот»."""
    if NOT_PEOPLE.fullmatch(word):
        return False
    return any("anim" in tag and "NOUN" in tag for tag in readings(word))


def is_nominative_pronoun(word: str) -> bool:
    """Say whether a word is the subject of its clause: «она», «мы»."""
    return word in {"я", "ты", "он", "она", "мы", "вы", "они"}


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_name(word: str) -> bool:
    """Say whether a word can be a first name, even if it is oftener something else: «Света»."""
    return any("Name" in parse.tag for parse in _analyser().parse(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_invented(word: str) -> bool:
    """Say whether a Russian word is in no dictionary: most such nouns are pet names."""
    return len(word) > len("ник") and word.isalpha() and not _analyser().word_is_known(word)


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_dative_person(word: str) -> bool:
    """Say whether a word answers "to whom": «соседке», «Маше», «Лизоньке»."""
    if NOT_PEOPLE.fullmatch(word):
        return False
    datives = [tag for tag in readings(word) if "NOUN" in tag and "datv" in tag]
    return any("anim" in tag for tag in datives) or (bool(datives) and is_invented(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_dative(word: str) -> bool:
    """Say whether a word is a thing that an age may be of: «дому», «дружбе»."""
    return is_thing(word) and any("NOUN" in tag and "datv" in tag for tag in readings(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_thing(word: str) -> bool:
    """Say whether a word is a noun that names no person."""
    return any("NOUN" in tag for tag in readings(word)) and not is_person(word)


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_genitive_plural(word: str) -> bool:
    """Say whether a word can be what a number counts: «шестнадцать роз», «белых роз»."""
    return any(
        "gent" in tag and "plur" in tag and ("NOUN" in tag or "ADJF" in tag or "PRTF" in tag)
        for tag in readings(word)
    )


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_genitive_thing(word: str) -> bool:
    """Say whether a word is a thing in the genitive: «лет брака», «лет тишины»."""
    return is_thing(word) and any("NOUN" in tag and "gent" in tag for tag in readings(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_verb(word: str) -> bool:
    """Say whether a word is the predicate of a clause."""
    return any(tag.POS in {"VERB", "INFN", "GRND", "PRTS", "ADJS"} for tag in readings(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_infinitive(word: str) -> bool:
    """Say whether a word is a verb without a person: «платить»."""
    return any(tag.POS == "INFN" for tag in readings(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def agree(adjective: str, noun: str) -> bool:
    """Say whether an adjective can describe a noun: one case, one number, one gender."""
    return any(
        left.case == right.case
        and left.number == right.number
        and (left.number == "plur" or left.gender == right.gender)
        for left in readings(adjective)
        for right in readings(noun)
        if "NOUN" in right
    )


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_adjective(word: str) -> bool:
    """Say whether a word describes the noun after it."""
    return any(tag.POS in {"ADJF", "PRTF"} for tag in readings(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_preposition(word: str) -> bool:
    """Say whether a word leads a noun: «в», «без»."""
    return any("PREP" in tag for tag in readings(word))


@lru_cache(maxsize=_WORDS_REMEMBERED)
def is_done(word: str) -> bool:
    """Say whether a word is a verb of something done once: «вошла», never "for years"."""
    return any(tag.POS == "VERB" and "perf" in tag for tag in readings(word))
