"""A writer for a computer without a model: recombines the words of the corpus, and says so."""

import asyncio
import math
import random
from collections.abc import AsyncGenerator, Callable, Iterable

import structlog

from storyteller.llm.base import Finish, LanguageModel, ModelState, Prompt, Sampling
from storyteller.llm.composer import STEM, Composer
from storyteller.llm.learning import Learned, learn
from storyteller.llm.ngrams import Vocabulary
from storyteller.llm.prose import Typesetter, tokens

log = structlog.get_logger()

# The end of a continued text that is read: enough for the repetitions.
TAIL_TOKENS = 400
DETAIL = (
    "Пишет офлайн-модель: она складывает фразы из слов корпуса, и связного сюжета от неё ждать "
    "не стоит. Чтобы писала настоящая модель, установите Ollama и выполните "
    "«ollama pull {model}»."
)


class OfflineModel:
    """A word-level language model of the corpus, leaning on the found passages.

    Learns when first asked to write and again when the corpus has changed, in a thread. The same
    corpus, prompt, sampling and seed give the same text.
    """

    provider = "offline"
    name = "offline-ngrams-1"
    # It reads no instructions, so nothing can be too long for it.
    context_tokens = 1_000_000
    # A token is a word or a mark.
    chars_per_token = 5.2

    def __init__(
        self,
        texts: Callable[[], Iterable[str]],
        version: Callable[[], int],
        *,
        suggested: str = "mistral:7b-instruct-q4_K_M",
    ) -> None:
        """Take the corpus' texts, a number that changes with it, and a real model's name."""
        self._texts = texts
        self._version = version
        self._detail = DETAIL.format(model=suggested)
        self._learning = asyncio.Lock()
        self._learned: tuple[int, Learned] | None = None

    async def chosen(self) -> LanguageModel:
        """Return itself."""
        return self

    async def complete(self, prompt: Prompt, sampling: Sampling) -> AsyncGenerator[str | Finish]:
        """Yield words as they come, then `Finish`; `prompt.tail + text` reads on."""
        learned = await self._learn()
        story = await asyncio.to_thread(_begin, learned, prompt, sampling)
        typesetter = Typesetter(prompt.tail)
        written = words = 0
        while words < prompt.words:
            sentence = await asyncio.to_thread(
                story.sentence, prompt.words - words, sampling.max_tokens - written
            )
            if not sentence:
                break
            for token in sentence:
                yield typesetter.set(story.word(token))
                # Others get their turn after each word.
                await asyncio.sleep(0)
            written += len(sentence)
            words += sum(map(story.is_word, sentence))
        yield Finish(
            reason="stop" if words >= prompt.words else "length",
            prompt_tokens=_count(prompt),
            completion_tokens=written,
        )

    async def state(self) -> ModelState:
        """Return that it can write, that it is no real model, and how to get one."""
        return ModelState(ready=True, detail=self._detail)

    async def _learn(self) -> Learned:
        async with self._learning:
            version = await asyncio.to_thread(self._version)
            if self._learned is None or self._learned[0] != version:
                learned = await asyncio.to_thread(learn, self._texts)
                log.info("offline_model.learned", words=len(learned.ngrams))
                self._learned = (version, learned)
            return self._learned[1]


def _begin(learned: Learned, prompt: Prompt, sampling: Sampling) -> Composer:
    vocabulary = Vocabulary(learned.vocabulary)
    before = [vocabulary.id(token) for token in tokens(prompt.tail)[-TAIL_TOKENS:]]
    sources = learned.sources(prompt.passages, vocabulary)
    # Of the whole prompt, so that another wish makes another story from the same seed.
    seed = None if sampling.seed is None else f"{sampling.seed}\n{prompt}"
    said = " ".join((prompt.user, prompt.tail, *prompt.passages)).lower().split()
    topic = frozenset(word[:STEM] for word in said if len(word) >= STEM)
    return Composer(sources, sampling, random.Random(seed), before=before, topic=topic)


def _count(prompt: Prompt) -> int:
    # In the tokens it claims to have, so that an estimate learnt from it stays what it is.
    return math.ceil(len(f"{prompt.system}\n{prompt.user}") / OfflineModel.chars_per_token)
