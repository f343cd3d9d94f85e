"""The guard's one question, asked at every door: may this text exist here?"""

import re

# Raised with every change of the rules, and written beside every indexed chunk.
SAFETY_VERSION = "1"


class ForbiddenContent(Exception):
    """The text concerns a minor: refused and never stored. Carries codes, never the text."""

    def __init__(self, code: str, rule: str) -> None:
        super().__init__(code)
        self.code = code
        self.rule = rule


_STAND_IN = re.compile(r"несовершеннолетн|underage", re.IGNORECASE)


def check_adults_only(text: str, *fields: str) -> str:
    """Return `text`, or raise `ForbiddenContent`; `fields` are read together with it, as one."""
    if _STAND_IN.search("\n".join((text, *fields))):
        raise ForbiddenContent("minor_content", "stand_in")
    return text
