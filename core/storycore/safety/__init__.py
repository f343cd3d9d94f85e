"""The one rule nobody can configure: no minors, in any text, in any direction."""

from storycore.safety.check import SAFETY_VERSION, ForbiddenContent, check_adults_only

__all__ = ["SAFETY_VERSION", "ForbiddenContent", "check_adults_only"]
