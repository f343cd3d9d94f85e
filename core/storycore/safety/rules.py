"""The table of what is refused: for each kind of word, the questions asked where it stands."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from storycore.safety import adulthood, ages, english, lexicon, minors, numerals, school
from storycore.safety.words import Words

_WORDS_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One question: where `trigger` is a word of the text, does `asks` find a minor there?"""

    name: str
    trigger: re.Pattern[str] | Callable[[str], bool]
    asks: Callable[[Words, int], bool]

    def is_about(self, word: str) -> bool:
        """Say whether the rule has anything to ask of a word."""
        if isinstance(self.trigger, re.Pattern):
            return bool(self.trigger.fullmatch(word))
        return self.trigger(word)


def _rule(name: str, trigger: str, asks: Callable[[Words, int], bool]) -> Rule:
    return Rule(name, re.compile(trigger), asks)


RULES: tuple[Rule, ...] = (
    Rule("age", numerals.is_number, ages.says_age),
    _rule("age_adjective", adulthood.AGE_ADJECTIVE, adulthood.says_age_by_adjective),
    _rule("age_adjective", adulthood.ADJECTIVE_TAIL, adulthood.says_age_by_adjective),
    _rule("age_jubilee", adulthood.JUBILEE, adulthood.says_jubilee),
    _rule("year_of_life", adulthood.ORDINAL, adulthood.says_year_of_life),
    _rule("under_eighteen", adulthood.EIGHTEEN, adulthood.says_under_eighteen),
    _rule("under_eighteen", adulthood.MAJORITY, adulthood.says_under_eighteen),
    _rule("birth_year", adulthood.BIRTH, adulthood.says_birth_year),
    _rule("minor_noun", lexicon.MINOR_NOUN, minors.names_minor),
    _rule("grader", lexicon.GRADER, minors.names_grader),
    _rule("young_body", lexicon.YOUNG_BODY, minors.has_young_body),
    _rule("still_child", minors.CHILD, minors.is_still_child),
    _rule("school_class", school.CLASS, school.is_in_class),
    _rule("school", school.GOES, school.goes_to_school),
    _rule("pupil", school.PUPIL, school.is_taught),
    _rule("english_age", english.YEARS, english.says_years_old),
    _rule("english_age", english.AGED, english.is_aged),
    _rule("english_noun", english.MINOR, english.names_minor),
    _rule("english_noun", english.MINOR_SINGLE, english.is_a_minor),
    _rule("english_school", english.SCHOOL, english.is_at_school),
    _rule("english_limit", english.LIMIT, english.is_under_limit),
)


def find(words: Words) -> str | None:
    """Return the name of the first rule that finds a minor in the settled words, if any does."""
    for place, word in enumerate(words.all[: words.settled]):
        for rule in _about(word):
            if rule.asks(words, place):
                return rule.name
    return None


@lru_cache(maxsize=_WORDS_REMEMBERED)
def _about(word: str) -> tuple[Rule, ...]:
    """Return the rules that concern a word: none for nearly all of them."""
    return tuple(rule for rule in RULES if rule.is_about(word))
