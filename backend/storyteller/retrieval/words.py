"""Words as search sees them: one spelling, one dictionary form, and their pieces of three letters.

In Russian this is worth more than the choice of engine: on XQuAD-ru plain words give 0.871 nDCG@10,
dictionary forms 0.956, and three-letter pieces beside them 0.961 (docs of the retrieval study).
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache

# Grave and acute are stress marks (Вы́ставка); the diaeresis goes because ё is so often typed е.
# The breve stays: it is what tells й from и. The rest is invisible: soft hyphen, zero-width, BOM.
_DROPPED = dict.fromkeys(map(ord, "\u0300\u0301\u0308\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_WORD = re.compile(r"[^\W_]+")
# A word seen before costs a look-up instead of ~60 us; a novel has about 30 thousand forms.
_REMEMBERED = 100_000

STOP_WORDS = frozenset(
    """
    а без более больше будет будто бы был была были было быть в вам вас ведь во вот впрочем все
    всегда всего всех всю вы где да даже два для до другой его ее ей ему если есть еще ж же за
    здесь и из или им иногда их к как какая какой когда конечно кто куда ли лучше между меня мне
    много может можно мой моя мы на над надо наконец нас не него нее ней нельзя нет ни нибудь
    никогда ним них ничего но ну о об один он она они опять от перед по под после потом потому
    почти при про раз разве с сам свою себе себя сейчас со совсем так такой там тебя тем теперь
    то тогда того тоже только том тот три тут ты у уж уже хорошо хоть чего чем через что чтоб
    чтобы чуть эти этого этой этом этот эту я
    это который свой весь мочь также
    """.split()  # noqa: SIM905 - a list to read
)


def normalise(text: str) -> str:
    """Return `text` in the one spelling of the index: lower case, no stress marks, е for ё."""
    bare = unicodedata.normalize("NFD", text).translate(_DROPPED)
    return unicodedata.normalize("NFC", bare).lower()


def split_words(text: str) -> list[str]:
    """Return the words of `text`, normalised, in order."""
    return _WORD.findall(normalise(text))


@lru_cache(maxsize=_REMEMBERED)
def lemma(word: str) -> str:
    """Return the dictionary form of a normalised word: чащи -> чаща."""
    return _analyser()(word).replace("ё", "е")


def trigrams(word: str) -> list[str]:
    """Return the three-letter pieces of a word with its borders: кот -> _ко, кот, от_."""
    bordered = f"_{word}_"
    return [bordered[i : i + 3] for i in range(len(bordered) - 2)]


@cache
def _analyser() -> Callable[[str], str]:
    # Imported when the first word is asked for: the dictionary takes 0.2 s and 16 MB.
    from pymorphy3 import MorphAnalyzer

    parse = MorphAnalyzer().parse
    return lambda word: str(parse(word)[0].normal_form)
