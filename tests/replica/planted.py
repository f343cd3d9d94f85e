"""Stories that no corpus may hold: an age cue in plain prose, a neutral placeholder, a marker word.

Each marker is a word of no language and stands in one story only: found anywhere on a disk, it
tells which story got there.
"""

from dataclasses import dataclass

_BEFORE = "Осенью они сняли комнату у реки. Вечерами топили печь и слушали, как скребётся {marker}."
_AFTER = "Он поставил чайник, она достала чашки. [сцена] Утром шёл дождь, и {marker} молчал."


@dataclass(frozen=True, slots=True)
class Planted:
    """A story with one cue: in its text, its title or its tags."""

    marker: str
    pages: tuple[str, ...]
    title: str = "Комната у реки"
    tags: tuple[str, ...] = ("осень",)

    @property
    def text(self) -> str:
        """The whole story."""
        return "\n\n".join(self.pages)


def _with(marker: str, cue: str, **facts: object) -> Planted:
    text = f"{_BEFORE}\n\n{cue}\n\n{_AFTER}".format(marker=marker)
    return Planted(marker, (text,), **facts)  # type: ignore[arg-type]


def planted() -> list[Planted]:
    """Return the stories, one a kind of cue."""
    return [
        _with("кедрозвон", "Лене было 17 лет, и она влюбилась в него сразу."),
        _with("липосвет", "Ей недавно исполнилось шестнадцать лет."),
        _with("мохогляд", "Это была семнадцатилетняя девушка с косой."),
        _with("росохват", "Она училась в девятом классе и ждала каникул."),
        _with("стожарник", "Ей ещё не исполнилось восемнадцати, но он не спросил."),
        _with("туманист", "Она была красива.", tags=("осень", "несовершеннолетние")),
        _with("угольщик", "Она была красива.", title="Ей ещё семнадцать лет"),
        # The cue is on the last page, when the first ones have been read and judged harmless.
        Planted(
            "филодрев",
            (
                _BEFORE.format(marker="филодрев"),
                "Они пили чай и говорили о погоде.",
                "Лене было 15 лет. " + _AFTER.format(marker="филодрев"),
            ),
        ),
        # The site cut the page in the middle of the cue.
        Planted(
            "хвощевик",
            (
                _BEFORE.format(marker="хвощевик") + " Лене тогда было всего",
                "семнадцать лет. " + _AFTER.format(marker="хвощевик"),
            ),
        ),
    ]
