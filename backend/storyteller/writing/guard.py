"""The guard on the writing road: what is asked before the model, what is answered as it comes."""

import re

import structlog

from storycore.safety import ForbiddenContent, StreamGuard, check_adults_only
from storyteller.errors import RequestRefused, ServiceUnavailable
from storyteller.metrics import REFUSALS
from storyteller.writing.request import StoryRequest

log = structlog.get_logger()

# How much of the text before is shown to the stream's guard, so that no cue hides in the seam.
_SEAM = 400
# The code of a guard that could not judge: a refusal, but not of what was asked.
_BROKEN = "safety_unavailable"
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
        if refusal.code == _BROKEN:
            raise ServiceUnavailable(
                "Проверка текста не сработала, поэтому мы ничего не пишем. Попробуйте ещё раз.",
                code=_BROKEN,
            ) from refusal
        raise RequestRefused(code=refusal.code) from refusal


class GuardedText:
    """A stream of text behind the guard, which also knows the end of what came before it."""

    def __init__(self, before: str) -> None:
        seam = before[-_SEAM:]
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
