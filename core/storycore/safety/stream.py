"""Holds back the end of a text that is still being written until it can be judged."""

import re

from storycore.safety.check import ForbiddenContent, judge

# A cue is told in at most about forty characters: none of them is shown before it is whole.
_HOLD_CUE = 40
# What follows a number decides whether it was an age («шестнадцать лет назад»).
_HOLD_CONTEXT = 40
# How much of the shown text is read again with each new piece.
_MEMORY = 400

_START = re.compile(r"[.!?…\n]\s|\n")


class StreamGuard:
    """Lets a stream through a little late. After a refusal nothing more comes out of it."""

    def __init__(self) -> None:
        self._shown = ""
        self._held = ""
        self._judged = 0
        self._refusal: ForbiddenContent | None = None

    def feed(self, piece: str) -> str:
        """Take a piece and return what may be shown now; raise `ForbiddenContent`."""
        self._held += piece
        settled = _word_end(self._held, len(self._held) - _HOLD_CONTEXT)
        if settled <= self._judged:
            self._refuse_again()
            return ""
        self._judge(self._held[:settled], self._held[settled:])
        self._judged = settled
        return self._release(_word_end(self._held, settled - _HOLD_CUE))

    def finish(self) -> str:
        """Return the rest, judged to its last word; raise `ForbiddenContent`.

        A text that will be kept is judged once more as a whole by whoever keeps it.
        """
        self._judge(self._held, "")
        return self._release(len(self._held))

    def _judge(self, settled: str, lookahead: str) -> None:
        self._refuse_again()
        try:
            decision = judge(self._shown + settled, lookahead)
        except ForbiddenContent as refusal:
            self._refusal = refusal
            raise
        if decision is not None:
            self._refusal = ForbiddenContent(decision.code, decision.rule)
            raise self._refusal

    def _refuse_again(self) -> None:
        if self._refusal is not None:
            raise ForbiddenContent(self._refusal.code, self._refusal.rule)

    def _release(self, count: int) -> str:
        count = max(0, count)
        ready, self._held = self._held[:count], self._held[count:]
        self._judged -= count
        self._shown = _recent(self._shown + ready)
        return ready


def _word_end(text: str, limit: int) -> int:
    """Return the last place up to `limit` where no word is cut; 0 when there is none.

    A word without an end in sight is cut anyway, or a wall of letters would be held for ever.
    """
    if limit <= 0:
        return 0
    for place in range(limit, max(0, limit - _MEMORY), -1):
        if text[place - 1].isspace():
            return place
    return limit if limit > _MEMORY else 0


def _recent(shown: str) -> str:
    """Return the end of the shown text from the beginning of a sentence, or at least of a word."""
    if len(shown) <= 2 * _MEMORY:
        return shown
    recent = shown[-2 * _MEMORY :]
    start = _START.search(recent, 0, _MEMORY)
    if start:
        return recent[start.end() :]
    space = recent.find(" ")
    return recent[space + 1 :] if 0 <= space < _MEMORY else recent
