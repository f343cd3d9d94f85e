"""The one rule nobody can configure: no minors, in any text, in any direction."""

from storycore.safety.check import (
    SAFETY_VERSION,
    Decision,
    ForbiddenContent,
    SafetyUnavailable,
    check_adults_only,
    decide,
)
from storycore.safety.stream import StreamGuard

__all__ = [
    "SAFETY_VERSION",
    "Decision",
    "ForbiddenContent",
    "SafetyUnavailable",
    "StreamGuard",
    "check_adults_only",
    "decide",
]
