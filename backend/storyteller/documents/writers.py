"""A manuscript as a file to keep: plain text and Markdown, each marked for adults and for what it is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from storycore.language import trim_to_sentence
from storycore.safety import ForbiddenContent, SafetyUnavailable, check_adults_only
from storycore.text import clean
from storyteller.errors import RequestRefused, ServiceUnavailable
from storyteller.metrics import REFUSALS

log = structlog.get_logger()

# Both marks stand on every export: the sign of 436-ФЗ, and who (or what) held the pen.
MARK = "18+ · Написано с помощью ИИ"
UNTITLED = "Без названия"
# Stands where the library holds more: the torn words that `continue` will mend.
BROKEN_OFF = "(история прервана)"

Format = Literal["txt", "md"]

# What a file's name may not hold on Windows, macOS or Linux, and what would hide it there.
_NOT_IN_A_NAME = re.compile(
    r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]'
)
# Names that Windows keeps for its devices.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
# 255 bytes is the limit of most file systems; a Cyrillic letter takes two.
_NAME_BYTES = 180
# What Markdown would read as an order: at the head of a line, or anywhere.
_MD_LINE = re.compile(r"^(\s*)([#>+-]|\d+[.)]|[=~`]{3,})(?=\s|$|[=~`])", re.MULTILINE)
_MD_SIGN = re.compile(r"([\\`*_\[\]<>&])")


class Scene(Protocol):
    """What we print of a scene."""

    @property
    def title(self) -> str:
        """Its title; may be empty."""
        ...

    @property
    def text(self) -> str:
        """Its text: paragraphs with empty lines or newlines between."""
        ...


class Printable(Protocol):
    """What we print: a manuscript of the library is one."""

    @property
    def title(self) -> str:
        """Its title."""
        ...

    @property
    def scenes(self) -> Sequence[Scene]:
        """Its scenes in order."""
        ...


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file to hand out; `name` is for people, in Unicode, and safe on every file system."""

    name: str
    media_type: str
    body: bytes


def export(manuscript: Printable, file_format: Format) -> ExportedFile:
    """Return a manuscript as a file in UTF-8; the same manuscript is the same bytes.

    A scene that was broken off ends with its last whole sentence and says that it was. Raises `RequestRefused` when its text is refused today, and `ServiceUnavailable` when the guard
    can't judge it.
    """
    writer = _WRITERS[file_format]
    title = _line(manuscript.title) or UNTITLED
    scenes = [(_line(scene.title), _whole(clean(scene.text))) for scene in manuscript.scenes]
    scenes = [(name, text) for name, text in scenes if text]
    _check(title, *(part for scene in scenes for part in scene))
    # A single scene, or one named like the whole, needs no heading of its own.
    named = len(scenes) > 1
    scenes = [(name if named and name != title else "", text) for name, text in scenes]
    return ExportedFile(
        name=f"{file_name(title)}.{file_format}",
        media_type=_MEDIA_TYPES[file_format],
        body=writer(title, scenes).encode(),
    )


def _whole(text: str) -> str:
    """Return a text that ends with a sentence, and what is missing said when that took words."""
    kept = trim_to_sentence(text)
    if kept == text:
        return text
    if not kept:
        words, _, torn = text.rpartition(" ")
        kept = (words or torn).rstrip(" ,:;—–-") + "…"
    return f"{kept}\n\n{BROKEN_OFF}"


def _check(*parts: str) -> None:
    """Read all that a file says as one text, before any of it leaves the studio."""
    try:
        check_adults_only("\n\n".join(filter(None, parts)))
    except ForbiddenContent as refusal:
        REFUSALS.labels("output", refusal.code).inc()
        log.warning("documents.export_refused", code=refusal.code, rule=refusal.rule)
        if isinstance(refusal, SafetyUnavailable):
            raise ServiceUnavailable(
                "Проверка текста не сработала, поэтому файла нет. Попробуйте ещё раз.",
                code=refusal.code,
            ) from refusal
        raise RequestRefused(
            "Эту рукопись нельзя выгрузить: здесь всем героям есть восемнадцать.",
            code=refusal.code,
        ) from refusal


def file_name(title: str) -> str:
    """Return a title as the name of a file, without extension."""
    name = " ".join(_NOT_IN_A_NAME.sub(" ", title).split()).strip(". ")
    while len(name.encode()) > _NAME_BYTES:
        name = name[:-1].rstrip(". ")
    return f"_{name}" if _DEVICE.match(name) else name or UNTITLED


def _txt(title: str, scenes: Sequence[tuple[str, str]]) -> str:
    parts = [title, MARK]
    for number, (name, text) in enumerate(scenes):
        if number:
            parts.append("* * *")
        parts += [name, text]
    return "\n\n".join(filter(None, parts)) + "\n"


def _md(title: str, scenes: Sequence[tuple[str, str]]) -> str:
    parts = [f"# {_md_text(title)}", f"*{MARK}*"]
    for number, (name, text) in enumerate(scenes):
        if name:
            parts.append(f"## {_md_text(name)}")
        elif number:
            parts.append("* * *")
        # A newline is a paragraph in our texts and nothing in Markdown.
        parts += [_md_text(line) for line in text.splitlines() if line.strip()]
    return "\n\n".join(parts) + "\n"


def _md_text(text: str) -> str:
    return _MD_LINE.sub(_escape_line, _MD_SIGN.sub(r"\\\1", text))


def _escape_line(found: re.Match[str]) -> str:
    space, sign = found.groups()
    return f"{space}{sign[:-1]}\\{sign[-1]}" if sign[0].isdigit() else f"{space}\\{sign}"


def _line(text: str) -> str:
    return " ".join(clean(text).split())


_WRITERS: dict[Format, Callable[[str, Sequence[tuple[str, str]]], str]] = {"txt": _txt, "md": _md}
_MEDIA_TYPES: dict[Format, str] = {
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
}
