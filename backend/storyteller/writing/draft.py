"""The text of a run as its readers see it: the sum of what they were told.

What is saved is taken from here, so that page and library can't disagree.
"""

from dataclasses import dataclass, field

from pydantic import BaseModel

from storyteller.writing.events import Delta, Replace, SceneStarted, Sources


@dataclass(slots=True)
class SceneDraft:
    """A scene as told so far."""

    title: str = ""
    text: str = ""
    sources: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """Scenes by index, each the sum of the deltas and replacements of its events."""

    scenes: dict[int, SceneDraft] = field(default_factory=dict)

    def apply(self, event: BaseModel) -> None:
        """Take one event into account; those that don't touch the text change nothing."""
        match event:
            case SceneStarted(index=index, title=title):
                self.scenes[index] = SceneDraft(title)
            case Sources(scene=index, passages=passages):
                self._scene(index).sources = [passage.model_dump() for passage in passages]
            case Delta(scene=index, text=text):
                self._scene(index).text += text
            case Replace(scene=index, start=start, text=text):
                scene = self._scene(index)
                scene.text = scene.text[:start] + text

    def _scene(self, index: int) -> SceneDraft:
        return self.scenes.setdefault(index, SceneDraft())
