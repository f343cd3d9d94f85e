"""Knows the numbers that are not ages: years waited, years apart, minutes, roses."""

from storycore.safety import grammar, lexicon
from storycore.safety.numerals import Age
from storycore.safety.words import Words, some

_COUNTED_SIGNS = frozenset({"%", "°", ":", "₽", "$", "€", "№", "*"})
_COUNTED_WORDS = lexicon.listed(
    "утра вечера дня ночи раз раза тысяч миллионов сот человек ноль тридцать сорок пятнадцать"
)
# «не дашь больше шестнадцати», «вряд ли старше»
DOUBT = frozenset({"не", "вряд", "едва"})


def counts_other_things(words: Words, age: Age) -> bool:
    """Say whether a number is of years that lasted, of things, of anything but an age."""
    following, preceding = words.at(age.end), words.at(age.start - 1)
    if preceding == "не" or following in lexicon.DURATION_AFTER:
        return True
    nearest = words.before(age.start, 2)
    around = words.before(age.start, 4) + words.after(age.end, 3)
    if "между" in around or ("на" in nearest and some(lexicon.RELATIVE, around)):
        return True
    if age.has_unit:
        return _is_span(words, age)
    if (
        preceding == "[" and not grammar.is_name(words.at(age.start - 2))
    ) or following in _COUNTED_SIGNS:
        return True
    if following in lexicon.AGE_COMPLEMENTS or following in lexicon.DATIVE_PEOPLE:
        return False
    return bool(following) and (
        grammar.is_genitive_plural(following)
        or following in _COUNTED_WORDS
        or _is_refused(words, age.end)
    )


def _is_refused(words: Words, place: int) -> bool:
    """Say whether «не» follows that denies a count: «мне шестнадцать не нужно»."""
    is_verb_of_age = words.at(place + 1) in lexicon.BIRTHDAY_VERBS | {"было", "будет", "есть"}
    return words.at(place) == "не" and not is_verb_of_age


def _is_span(words: Words, age: Age) -> bool:
    """Say whether "N лет" is how long something lasted."""
    following = words.at(age.end)
    if following in lexicon.AGE_COMPLEMENTS:
        return False
    if grammar.is_genitive_thing(following) and not lexicon.LIVELY_AGE.fullmatch(following):
        return True
    before = words.before(age.start, 6)
    nearest = before[-1] if before else ""
    if nearest in {"на", "до"}:
        looks = some(lexicon.APPARENT, before) or any(word.startswith("помолод") for word in before)
        return not looks and (nearest == "на" or not words.after(age.end, 3))
    return nearest in lexicon.DURATION_PREPOSITIONS and not DOUBT & set(before)
