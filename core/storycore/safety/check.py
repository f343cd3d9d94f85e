"""The guard's one question, asked at every door: may this text exist here?"""

from dataclasses import dataclass

from storycore.safety import rules
from storycore.safety.words import Words

# Raised with every change of the rules, and written beside every indexed chunk.
SAFETY_VERSION = "2"


class ForbiddenContent(Exception):
    """The text concerns a minor: refused and never stored. Carries codes, never the text."""

    def __init__(self, code: str, rule: str) -> None:
        super().__init__(code)
        self.code = code
        self.rule = rule


class SafetyUnavailable(ForbiddenContent):
    """The guard could not judge, so the answer is no."""

    def __init__(self, rule: str) -> None:
        super().__init__("safety_unavailable", rule)


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a text is refused: a stable code for people, a rule's name for counters."""

    code: str
    rule: str


def check_adults_only(text: str, *fields: str) -> str:
    """Return `text`, or raise `ForbiddenContent`; `fields` are read together with it, as one.

    Raises `SafetyUnavailable` when the guard itself fails: what was not judged is refused.
    """
    decision = decide(text, *fields)
    if decision is not None:
        raise ForbiddenContent(decision.code, decision.rule)
    return text


def decide(text: str, *fields: str) -> Decision | None:
    """Return why a text with its fields is refused, or None; raise `SafetyUnavailable`."""
    return judge("\n".join((text, *fields)))


def judge(settled: str, lookahead: str = "") -> Decision | None:
    """Judge one text; cues that begin in `lookahead` wait for what comes after it."""
    if not rules.RULES:
        raise SafetyUnavailable("no_rules")
    try:
        rule = rules.find(Words.of(settled, lookahead))
    except Exception as error:  # noqa: BLE001 - whatever breaks, the answer is no
        # A rule that breaks is a rule that did not clear the text. The cause may quote it, so
        # neither the cause nor its words travel on.
        raise SafetyUnavailable(type(error).__name__) from None
    return None if rule is None else Decision("minor_content", rule)
