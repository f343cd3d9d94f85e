"""The guard on the writing road: what is asked before the model, what is answered as it comes."""

import re

import structlog

from storycore.safety import ForbiddenContent, SafetyUnavailable, StreamGuard, check_adults_only
from storyteller.errors import RequestRefused, ServiceUnavailable
from storyteller.metrics import REFUSALS
from storyteller.writing.request import StoryRequest

log = structlog.get_logger()

# How much of the text before is shown to the stream's guard, so that no cue hides in the seam: the
# guard itself remembers as much and as much again, of which the first half may go for a clean start.
_SEAM = 400
_SENTENCE_START = re.compile(r"[.!?…]\s+|\n+")
# What has no place in prose: controls, halves of surrogates, invisible marks, and signs beyond the
# Basic Multilingual Plane, which JavaScript and Python would count differently.
_NOT_PROSE = re.compile(
    "[^\n\t\x20-\x7e\xa0-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
)


def check_request(request: StoryRequest, *texts: str) -> None:
    """Read every field a reader can type into as one text; raise `RequestRefused`.

    Raises `ServiceUnavailable` when the guard can't judge: then nothing is written either.

    `texts` are what else is to be gone on with: the whole history of a manuscript.
    """
    try:
        check_adults_only(*request.free_text(), *texts)
    except ForbiddenContent as refusal:
        REFUSALS.labels("request", refusal.code).inc()
        log.info("writing.request_refused", code=refusal.code, rule=refusal.rule)
        if isinstance(refusal, SafetyUnavailable):
            # A refusal, but not of what was asked.
            raise ServiceUnavailable(
                "Проверка текста не сработала, поэтому мы ничего не пишем. Попробуйте ещё раз.",
                code=refusal.code,
            ) from refusal
        raise RequestRefused(code=refusal.code) from refusal


def check_scene(text: str) -> None:
    """Read what is to be kept of a scene once more, as a whole; raise `ForbiddenContent`.

    The stream's guard saw it with more to come: an end that was cut off may say something else.
    """
    try:
        check_adults_only(text)
    except ForbiddenContent as refusal:
        count_refusal(refusal)
        raise


def count_refusal(refusal: ForbiddenContent) -> None:
    """Count and log that a model's text was refused."""
    REFUSALS.labels("output", refusal.code).inc()
    log.warning("writing.output_refused", code=refusal.code, rule=refusal.rule)


class GuardedText:
    """A stream of text behind the guard, which also knows the end of what came before it."""

    def __init__(self, before: str) -> None:
        seam = _seam(before)
        self._guard = StreamGuard()
        self.has_text = False
        # The guard gives the seam back in its own time; those characters are known already.
        self._known = len(seam)
        self._known -= len(self._guard.feed(seam)) if seam else 0

    def feed(self, piece: str) -> str:
        """Return what may be shown now; raises `ForbiddenContent`."""
        prose = _NOT_PROSE.sub("", piece)
        if not self.has_text:
            prose = prose.lstrip()
            if not prose:
                return ""
            self.has_text = True
        return self._unknown(self._guard.feed(prose))

    def finish(self) -> str:
        """Return what was held back; raises `ForbiddenContent`."""
        return self._unknown(self._guard.finish())

    def _unknown(self, released: str) -> str:
        known = min(self._known, len(released))
        self._known -= known
        return released[known:]


def _seam(before: str) -> str:
    """Return the end of a text from the beginning of a sentence, or at least of a word.

    Half of «восемнадцати» is «семнадцати»: a word cut in two may say what nobody wrote.
    """
    if len(before) <= 2 * _SEAM:
        return before
    end = before[-2 * _SEAM :]
    start = _SENTENCE_START.search(end, 0, _SEAM)
    if start is not None:
        return end[start.end() :]
    space = end.find(" ", 0, _SEAM)
    return end[space + 1 :] if space >= 0 else end
