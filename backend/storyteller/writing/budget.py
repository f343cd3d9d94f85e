"""What of a prompt fits into a model's window, and what goes first when not everything does.

The blocks, their shares and the order in which they shrink are those of the design notes: passages
first, then the oldest of the summary, then the oldest of the text so far, then what the cards say
beyond a line. Rules, idea, plan and instruction are never cut: if they don't fit, that is told.
"""

import math
from dataclasses import dataclass, replace

from storycore.language import trim_to_sentence
from storyteller.errors import ContextExceeded
from storyteller.writing.tokens import TokenRatio

# Our estimate is good to a few per cent; this is what we never plan to use.
MARGIN = 0.08
# The chat template of the model itself, its role marks and newlines.
TEMPLATE_TOKENS = 64
# A model may write somewhat more than it was asked for, and should not be cut for it.
HEADROOM = 1.15
# The shortest answer that is still a story; below it we rather say that nothing fits.
MIN_WORDS = 200
# No small model keeps the thread for longer in one go; longer stories are made of scenes.
MAX_SCENE_WORDS = 3000
# A passage shorter than this shows no manner; then rather fewer of them.
MIN_PASSAGE_CHARS = 600

# Shares of the window at 4,096 and at 8,192 tokens.
_SMALL, _LARGE = 4096, 8192
_SHARES = {
    "cards": (450 / 4096, 900 / 8192),
    "summary": (300 / 4096, 600 / 8192),
    "passages": (350 / 4096, 1000 / 8192),
    "tail": (650 / 4096, 1300 / 8192),
}
# Beyond this, more text makes the prompt slower to read and the story no better.
_LARGEST = 16_384


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody in the story: the line that always stays, and what may be left out."""

    line: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a prompt could say, each part by itself; `summary` has the oldest first."""

    rules: str
    instruction: str
    idea: str = ""
    plan: str = ""
    cards: tuple[Card, ...] = ()
    summary: tuple[str, ...] = ()
    passages: tuple[str, ...] = ()
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Blocks that fit, with what is left for the answer.

    `trimmed` names the blocks that had to give up more than their usual share.
    """

    blocks: Blocks
    answer_tokens: int
    words: int
    trimmed: tuple[str, ...]


def fit(
    blocks: Blocks, *, context_tokens: int, ratio: TokenRatio, overhead: str, words: int
) -> Fitted:
    """Cut the blocks so that prompt and answer together stay below `context_tokens`.

    `overhead` is the text that the prompt adds around the blocks. Raises `ContextExceeded` when
    what may never be cut leaves no room for `MIN_WORDS` words.
    """
    room = math.floor(context_tokens * (1 - MARGIN)) - TEMPLATE_TOKENS
    fixed = (blocks.rules, blocks.idea, blocks.plan, blocks.instruction, overhead)
    needed = sum(map(ratio.tokens, (*fixed, *(card.line for card in blocks.cards))))
    shortest = _answer(min(words, MIN_WORDS), ratio)
    if needed + shortest > room:
        raise ContextExceeded(needed + shortest, context_tokens)
    wanted = max(
        min(_answer(min(words, MAX_SCENE_WORDS), ratio), context_tokens // 2),
        shortest,
    )
    answer = min(wanted, room - needed)
    cut = _Cutter(ratio, context_tokens, room - needed - answer)
    # What is kept longest is served first.
    cards = cut.cards(blocks.cards)
    tail = cut.tail(blocks.tail)
    summary = cut.summary(blocks.summary)
    passages = cut.passages(blocks.passages)
    fitted = replace(blocks, cards=cards, tail=tail, summary=summary, passages=passages)
    possible = ratio.words_of_tokens(math.floor(answer / HEADROOM))
    return Fitted(fitted, answer, min(words, possible, MAX_SCENE_WORDS), tuple(cut.trimmed))


def _answer(words: int, ratio: TokenRatio) -> int:
    return math.ceil(ratio.tokens_of_words(words) * HEADROOM)


class _Cutter:
    """Serves one block after another from what is left of the room, each up to its share."""

    def __init__(self, ratio: TokenRatio, context_tokens: int, left: int) -> None:
        self._ratio = ratio
        self._context = context_tokens
        self._left = left
        self.trimmed: list[str] = []

    def cards(self, cards: tuple[Card, ...]) -> tuple[Card, ...]:
        """Keep as much of each card's detail as an equal part of the share allows."""
        told = [card for card in cards if card.detail]
        if not told:
            return cards
        part = self._allowance("cards", None) // len(told)
        cut = tuple(
            replace(card, detail=_at_word(self._ratio.head(card.detail, part), card.detail))
            for card in cards
        )
        self._take(*(card.detail for card in cut))
        if cut != cards:
            self.trimmed.append("cards")
        return cut

    def tail(self, text: str) -> str:
        """Keep the end of the text so far, from the beginning of a word."""
        kept = self._ratio.tail(text, self._allowance("tail", text))
        if len(kept) < len(text):
            kept = kept.partition(" ")[2]
        self._take(kept)
        return kept

    def summary(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Keep the newest parts."""
        allowance = self._allowance("summary", *parts)
        kept: list[str] = []
        for part in reversed(parts):
            allowance -= self._ratio.tokens(part)
            if allowance < 0:
                break
            kept.insert(0, part)
        self._take(*kept)
        return tuple(kept)

    def passages(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """Keep the best passages, as many as can each say something, cut at a sentence."""
        if not texts:
            return texts
        allowance = self._allowance("passages", *texts)
        one = self._ratio.tokens("о" * MIN_PASSAGE_CHARS)
        count = min(len(texts), max(allowance // one, 1 if allowance >= one // 2 else 0))
        if not count:
            return ()
        kept = tuple(_shorten(self._ratio, text, allowance // count) for text in texts[:count])
        self._take(*kept)
        return kept

    def _allowance(self, name: str, *texts: str | None) -> int:
        """Return what a block may have; note it as trimmed when even its share isn't left."""
        share = _share(name, self._context)
        wanted = sum(self._ratio.tokens(text) for text in texts if text)
        if min(share, wanted) > self._left:
            self.trimmed.append(name)
        return max(0, min(share, self._left))

    def _take(self, *texts: str) -> None:
        self._left -= sum(map(self._ratio.tokens, texts))


def _share(name: str, context_tokens: int) -> int:
    small, large = _SHARES[name]
    size = min(context_tokens, _LARGEST)
    place = min(max((size - _SMALL) / (_LARGE - _SMALL), 0.0), 1.0)
    return math.floor((small + (large - small) * place) * size)


def _shorten(ratio: TokenRatio, text: str, tokens: int) -> str:
    head = ratio.head(text, tokens)
    return text if head == text else trim_to_sentence(head) or _at_word(head, text)


def _at_word(head: str, whole: str) -> str:
    return head if head == whole else head.rpartition(" ")[0]
