"""Subjects of the demo: a network and an image that suit each method's task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from nnviz import api
from nnviz.base.host.reading import exists
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo, Task
from nnviz.base.shipped.defaults import default_model
from nnviz.media.encode import write_png

_SCENE = "scene.png"
_SCENE_SEED, _SCENE_SIZE = 12, 256
"""Seed and size in px of a generated scene; training scenes used other seeds."""


@dataclass(frozen=True, slots=True)
class _StandIn:
    """A bundled network for a task that the demo's own network lacks.

    Attributes:
        reference: of the network.
        photo: stem of its image; "" for a generated scene.
    """

    reference: str
    photo: str


_STAND_INS: Mapping[Task, tuple[_StandIn, ...]] = {
    Task.CLASSIFY: (_StandIn(default_model(), "chelsea"),),
    Task.DETECT: (
        _StandIn("bundled:everyday-detector", "coffee"),
        _StandIn("bundled:faces", "astronaut"),
        _StandIn("bundled:scenes-detector", ""),
    ),
    Task.SEGMENT: (_StandIn("bundled:scenes-segmenter", ""),),
    Task.EMBED: (_StandIn("bundled:face-embedding", "astronaut"),),
    Task.MULTILABEL: (_StandIn("bundled:scenes-captioner", ""),),
    Task.REPAINT: (_StandIn("bundled:strokes", "chelsea"),),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A network and an image for a method to run on.

    Attributes:
        model: the network.
        photo: None for a method that needs none.
    """

    model: api.Model
    photo: Image | None


def subjects_of(
    method: MethodInfo,
    place: int,
    model: api.Model,
    photos: Sequence[Image],
    out: Path,
) -> Sequence[Subject]:
    """Return the subjects of a method, the most instructive first.

    Args:
        method: the method.
        place: its index: each method begins with another image.
        model: the demo's own network; others stand in where it has another task.
        photos: at least one.
        out: folder for generated images, where a replay finds them.
    """
    if method.tasks and model.info.task not in method.tasks:
        return tuple(_stand_ins(method.tasks, photos, out, model.request.device))
    if not method.needs_image:
        return (Subject(model, None),)
    count = len(photos)
    turned = (photos[(place + turn) % count] for turn in range(count))
    return tuple(Subject(model, photo) for photo in turned)


def _stand_ins(
    tasks: Sequence[Task], photos: Sequence[Image], out: Path, device: str
) -> Iterator[Subject]:
    """Yield a bundled network with its image for each task, each image once."""
    shown: set[str] = set()
    for each in chain.from_iterable(_STAND_INS[task] for task in tasks):
        fits = (photo for photo in photos if Path(photo.name).stem == each.photo)
        photo = next(fits, photos[0]) if each.photo else _scene(out)
        if photo.name not in shown:
            shown.add(photo.name)
            yield Subject(api.load(each.reference, device=device), photo)


def _scene(out: Path) -> Image:
    """Generate the image for the scene networks, and open it."""
    from nnviz.engine.data.scenes import make_scene  # noqa: PLC0415  scipy

    path = out / _SCENE
    if not exists(path):
        write_png(path, make_scene(_SCENE_SEED, _SCENE_SIZE).pixels)
    return api.open_image(path)
