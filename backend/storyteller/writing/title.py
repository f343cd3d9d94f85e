"""A title for a story that has none yet: the reader's own first words, without a model."""

import re

UNTITLED = "Без названия"
# What fits on a phone's line and on a book's spine.
_LONGEST = 60
# "Напиши мне, пожалуйста, историю о том, как..." is how one asks, not what one asks for.
_ASKING = re.compile(
    r"^(?:пожалуйста|напиши(?:те)?|расскажи(?:те)?|сочини(?:те)?|придумай(?:те)?|создай(?:те)?"
    r"|хочу|хотелось бы|нужн[аоы]|мне|нам|прочитать|историю|история|рассказ|сказку|новеллу|повесть"
    r"|текст|небольш(?:ую|ой)|коротк(?:ую|ий)|длинн(?:ую|ый)|красив(?:ую|ый)|романтическ(?:ую|ий)"
    r"|о том,? как|про то,? как|где|в котор(?:ой|ом)|про|об?|обо)\b[\s,:—–-]*",
    re.IGNORECASE,
)
# The rest of a sentence; a dot inside a number or a name is followed by no space.
_SENTENCE_END = re.compile(r"[.!?…;]+(?:\s|$)|\n")
_DANGLING = re.compile(
    r"[\s,:—–-]+(?:(?:и|а|но|или|в|во|на|с|со|к|ко|о|об|у|из|за|по|от|до|для|под|над|при|без|что"
    r"|как|где|не|же)[\s,:—–-]*)*$",
    re.IGNORECASE,
)


def make_title(wish: str) -> str:
    """Return the beginning of a wish as a title: up to 60 characters, from a capital letter."""
    line = " ".join(_SENTENCE_END.split(wish.strip(), maxsplit=1)[0].split())
    while (asked := _ASKING.match(line)) is not None and asked.end() < len(line):
        line = line[asked.end() :]
    if len(line) > _LONGEST:
        line = line[: _LONGEST + 1].rpartition(" ")[0] or line[:_LONGEST]
        line = _DANGLING.sub("", line)
    line = line.strip(' ,:;—–-"«»„“')
    return line[:1].upper() + line[1:] if line else UNTITLED
