import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyteller.writing.tokens import TokenRatio

PROSE = "Марина поднялась на маяк, и ветер стих. — Ты пришла, — сказал он. "


def test_prose_is_counted_by_the_ratio_of_the_model():
    assert TokenRatio(2.0).tokens(PROSE) == pytest.approx(len(PROSE) / 2, rel=0.03)


@pytest.mark.parametrize("text", ["1234567890", "日本語", "\U0001f600", "МОРЕ МОРЕ"])
def test_what_tokenizers_tear_apart_is_counted_dearly(text: str):
    assert TokenRatio(4.0).tokens(text) > len(text) / 2


def test_an_exact_count_moves_the_estimate_and_is_believed_at_once_when_told():
    slowly, at_once = TokenRatio(2.5), TokenRatio(2.5)
    text = PROSE * 20

    slowly.learn(text, len(text) // 3)
    at_once.correct(text, len(text) // 3)

    assert 2.5 < slowly.chars_per_token < at_once.chars_per_token
    assert at_once.chars_per_token == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize("tokens", [0, 3, 10, 100_000])
def test_a_count_that_cannot_be_of_the_whole_prompt_is_not_believed(tokens: int):
    ratio = TokenRatio(2.5)

    ratio.learn(PROSE * 20, tokens)

    assert ratio.chars_per_token == 2.5


@given(st.text(max_size=300), st.integers(0, 200), st.floats(1, 6))
def test_a_cut_keeps_as_much_as_fits_and_no_more(text, tokens, chars_per_token):
    ratio = TokenRatio(chars_per_token)

    head, tail = ratio.head(text, tokens), ratio.tail(text, tokens)

    assert text.startswith(head)
    assert text.endswith(tail)
    for kept, longer in ((head, text[: len(head) + 1]), (tail, text[-len(tail) - 1 :])):
        assert ratio.tokens(kept) <= tokens
        assert kept == text or ratio.tokens(longer) > tokens
