"""How many tokens a text is, without the model's tokenizer: estimated, then learnt from counts."""

import math
import re
from collections.abc import Callable

# What every tokenizer packs into longer pieces; all else is counted at its most expensive.
_CHEAP = re.compile(r"[а-яёa-zА-ЯЁA-Z \n.,!?…:;«»„“\"'()—–-]")
# A run of capitals falls apart into pieces of about one letter.
_CAPITALS = re.compile(r"(?<=[А-ЯЁA-Z])[А-ЯЁA-Z]")
# Russian fiction, writing.md section 7: 2.32 characters a token and 2.72 tokens a word (Mistral),
# 3.43 and 1.84 (Gemma): the product is the same for every tokenizer.
CHARS_PER_WORD = 6.3
# How much one exact count moves the estimate: fast enough for a second scene to profit.
_WEIGHT = 0.3
# A count further off than this is no count of the whole prompt (a server that leaves out what it
# had cached) and is not believed.
_BELIEVABLE = 2.0
_FEWEST = 50


class TokenRatio:
    """Characters per token of one model: a first guess, moved by every count the model gives."""

    def __init__(self, chars_per_token: float) -> None:
        self._guess = chars_per_token
        self.chars_per_token = chars_per_token

    def tokens(self, text: str) -> int:
        """Estimate the tokens of a text; digits, capitals and rare signs at their worst."""
        cheap, dear = _weigh(text)
        return math.ceil(cheap / self.chars_per_token + dear)

    def tokens_of_words(self, words: int) -> int:
        """Estimate the tokens of so many words of Russian prose."""
        return math.ceil(words * CHARS_PER_WORD / self.chars_per_token)

    def words_of_tokens(self, tokens: int) -> int:
        """Estimate how many words of Russian prose fit into so many tokens."""
        return int(tokens * self.chars_per_token / CHARS_PER_WORD)

    def learn(self, text: str, tokens: int) -> None:
        """Move towards what the model counted for a text that it read."""
        counted = _counted(text, tokens)
        if counted and 1 / _BELIEVABLE <= counted / self._guess <= _BELIEVABLE:
            self.chars_per_token += _WEIGHT * (counted - self.chars_per_token)

    def correct(self, text: str, tokens: int) -> None:
        """Believe at once what the model counted when it refused a text as too long."""
        self.chars_per_token = _counted(text, tokens) or self.chars_per_token

    def head(self, text: str, tokens: int) -> str:
        """Return the longest beginning of a text that is estimated at no more than `tokens`."""
        return text[: self._longest(len(text), tokens, lambda length: text[:length])]

    def tail(self, text: str, tokens: int) -> str:
        """Return the longest end of a text that is estimated at no more than `tokens`."""
        whole = len(text)
        return text[whole - self._longest(whole, tokens, lambda n: text[whole - n :]) :]

    def _longest(self, length: int, tokens: int, part: Callable[[int], str]) -> int:
        if self.tokens(part(length)) <= tokens:
            return length
        fits, too_long = 0, length
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self.tokens(part(middle)) <= tokens:
                fits = middle
            else:
                too_long = middle
        return fits


def _counted(text: str, tokens: int) -> float | None:
    """Return the characters per token that a count speaks of; None when it says too little."""
    cheap, dear = _weigh(text)
    return cheap / (tokens - dear) if cheap and tokens - dear >= _FEWEST else None


def _weigh(text: str) -> tuple[int, int]:
    """Return how many characters go by the ratio, and how many tokens the rest is at worst."""
    rest = _CHEAP.sub("", text)
    capitals = sum(1 for _ in _CAPITALS.finditer(text))
    # A sign no tokenizer knows becomes its bytes, each a token; a digit is one byte anyway.
    dear = len(rest.encode("utf-8", "surrogatepass"))
    return len(text) - len(rest) - capitals, dear + capitals
