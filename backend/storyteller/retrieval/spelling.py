"""Typing errors in a query, repaired by the corpus's own words.

A word the corpus doesn't know becomes the most frequent word one error away. Instead of keeping a
dictionary of errors in memory (hundreds of MB for the forms of a large corpus) the index is asked
about each of the some 600 words that are one error away, which takes a few milliseconds.
"""

from collections.abc import Callable, Iterator

_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
# Shorter words are one error away from too many others.
_SHORTEST = 4


def repair(word: str, frequency: Callable[[str], int]) -> str:
    """Return the most frequent word one error away from an unknown word, or the word itself."""
    if len(word) < _SHORTEST or not set(word) <= set(_LETTERS):
        return word
    known = ((frequency(other), other) for other in dict.fromkeys(_one_error_away(word)))
    count, best = max(known)
    return best if count else word


def _one_error_away(word: str) -> Iterator[str]:
    """Yield what a slip of one key makes: a letter lost, doubled, exchanged or two swapped."""
    for i in range(len(word) + 1):
        left, right = word[:i], word[i:]
        if right:
            yield left + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in _LETTERS:
            yield left + letter + right
            if right:
                yield left + letter + right[1:]
