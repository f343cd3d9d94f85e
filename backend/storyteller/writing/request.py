"""What the reader asked for: the form, the API and the writer share this one shape."""

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from storyteller.errors import Conflict


def _without_controls(text: object) -> object:
    """Drop what nobody types on purpose: PostgreSQL refuses NUL, a terminal obeys escapes."""
    if not isinstance(text, str):
        return text
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) != "Cc")


_TYPED = BeforeValidator(_without_controls)
Wish = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), _TYPED
]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), _TYPED
]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), _TYPED]

# Nobody younger is ever written about; there is no setting for this number.
ADULT = 18


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Character(_Strict):
    """Somebody in the story: always with an age, and the age is always an adult's."""

    name: Line
    age: Annotated[int, Field(strict=True, ge=ADULT, le=150)]
    gender: Line | None = None
    description: Paragraph | None = None


class SamplingRequest(_Strict):
    """How freely to write; what is absent keeps the model's default."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repeat_penalty: Annotated[float, Field(ge=0.5, le=2)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class StoryRequest(_Strict):
    """A wish and what goes with it."""

    wish: Wish
    genre: Line | None = None
    setting: Paragraph | None = None
    tone: Line | None = None
    point_of_view: Literal["first", "third"] | None = None
    tense: Literal["past", "present"] | None = None
    heat: Annotated[int, Field(ge=0, le=3)] | None = None
    words: Annotated[int, Field(ge=200, le=30_000)] = 800
    characters: Annotated[tuple[Character, ...], Field(max_length=12)] = ()
    avoid: Paragraph | None = None
    categories: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    top_k: Annotated[int, Field(ge=0, le=20)] | None = None
    sampling: SamplingRequest = SamplingRequest()

    def free_text(self) -> tuple[str, ...]:
        """Return every field a reader can type into, so that the guard reads them as one."""
        people = (
            f"{who.name}, {who.gender or ''}, {who.description or ''}" for who in self.characters
        )
        plain = (self.wish, self.genre, self.setting, self.tone, *people, *self.categories)
        # What is to be left out is read as well: a model may take it for what is wanted.
        return tuple(text for text in (*plain, self.avoid) if text)


def stored_request(fields: Mapping[str, Any]) -> StoryRequest:
    """Read a request that the library kept; raise `Conflict` when it is no request any more."""
    try:
        return StoryRequest.model_validate(fields)
    except ValidationError as error:
        raise Conflict(
            "Замысел этой рукописи записан другой версией программы.", code="request_outdated"
        ) from error
