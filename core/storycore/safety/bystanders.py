"""Tells a child who is somewhere else from a character: grown people have sons and pupils."""

from storycore.safety import lexicon
from storycore.safety.words import Words, some


def is_bystander(words: Words, start: int, end: int) -> bool:
    """Say whether the minor at [start, end) is family, and away while the story goes on.

    Both must be told in the same sentence, and no word of love with them.
    """
    around = words.before(start) + words.after(end)
    return (
        some(lexicon.KIN_CHILD, around)
        and some(lexicon.ELSEWHERE, around)
        and not some(lexicon.FRAME, around)
    )
