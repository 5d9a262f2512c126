"""Test images for scoring maps, with the target and the true mask of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.images import Image, image_from_array
from nnviz.base.notation.targets import class_called
from nnviz.engine.data.annotated import (
    Annotated,
    read_annotations,
    semantic_of,
)
from nnviz.engine.data.scenes import CLASSES, SHORTCUT_CLASS, Shortcut, make_scene
from nnviz.engine.data.scenes.scene import Scene, mark_mask
from nnviz.engine.evaluation.sources import spread
from nnviz.media.decode import MAX_PIXELS, open_image
from nnviz.media.folders import list_images

Mask = NDArray[np.bool_]
_SHAPES = (1, 3)
_SCENES = 2000
"""First seed of scenes that no bundled classifier is trained on."""
SCENES = {
    "scenes": Shortcut.NONE,
    "scenes-planted": Shortcut.PLANTED,
    "scenes-contradicting": Shortcut.CONTRADICTING,
}
"""Generated data, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A test image with its target and true masks.

    Attributes:
        image: as opened.
        target: the target to be explained; empty for the predicted class.
        mask: (H, W) over the image, the target's object; None where not known.
        mark: (H, W) over the image, a planted mark; None where there is none.
    """

    image: Image
    target: str = ""
    mask: Mask | None = None
    mark: Mask | None = None


@dataclass(frozen=True, slots=True)
class CaseSource:
    """A test image that is opened on demand.

    Attributes:
        name: stable identifier: a scene's, or a file's path within its folder.
        open: opens it.
    """

    name: str
    open: Callable[[], Case]


def made_cases(
    name: str, labels: Sequence[str], size: int, limit: int
) -> list[CaseSource]:
    """List generated scenes with their masks; of planted data, those with a mark.

    Args:
        name: one of ``SCENES``.
        labels: of the network.
        size: side of an image, px.
        limit: maximum number of images; 0 for all.

    Raises:
        InputError: the network knows none of the shapes.
    """
    places = [class_called(each, labels) for each in CLASSES]
    if all(place is None for place in places):
        raise InputError(
            name, "shows shapes that the network does not know", "open bundled:scenes"
        )
    seeds = _marked(name, size) if name == "scenes-planted" else iter(range(_SCENES))
    wanted = limit or _SCENES
    chosen = [seed for seed, _ in zip(seeds, range(wanted), strict=False)]
    return [
        CaseSource(_title(seed), partial(_scene_case, name, places, size, seed))
        for seed in chosen
    ]


def _title(seed: int) -> str:
    return f"scene {seed}"


def _marked(name: str, size: int) -> Iterator[int]:
    """Yield the seeds of scenes of the class with the mark."""
    for seed in range(_SCENES):
        if _scene(name, size, seed).label == SHORTCUT_CLASS:
            yield seed


def _scene(name: str, size: int, seed: int) -> Scene:
    return make_scene(seed, size, shapes=_SHAPES, dominant=True, shortcut=SCENES[name])


def _scene_case(name: str, places: Sequence[int | None], size: int, seed: int) -> Case:
    scene = _scene(name, size, seed)
    place = places[scene.label]
    return Case(
        image_from_array(scene.pixels, _title(seed)),
        "" if place is None else f"class:{place}",
        scene.semantic == 1 + scene.label,
        mark_mask(size) if name == "scenes-planted" else None,
    )


def folder_cases(folder: Path, labels: Sequence[str], limit: int) -> list[CaseSource]:
    """List the images of a folder; with COCO annotations, those of known classes.

    Raises:
        InputError: there are no images, or none of a class that the network knows.
    """
    if not (list(folder.glob("*.json")) or list(folder.glob("annotations/*.json"))):
        paths = list_images(folder)
        if not paths:
            raise InputError(str(folder), "holds no images", "name another folder")
        return [
            CaseSource(_within(folder, path), partial(_plain_case, path))
            for path in spread(paths, limit)
        ]
    data = read_annotations(folder)
    known = {
        key: place
        for key, name in data.names.items()
        if (place := class_called(name, labels)) is not None
    }
    chosen = [
        each
        for each in data.pictures
        if any(one["category_id"] in known for one in each.objects)
    ]
    if not chosen:
        raise InputError(
            str(folder),
            "shows no object of a class that the network knows",
            "pick another network, or a folder without annotations",
        )
    return [
        CaseSource(_within(folder, each.path), partial(_annotated_case, each, known))
        for each in spread(chosen, limit)
    ]


def _within(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _plain_case(path: Path) -> Case:
    return Case(open_image(path, MAX_PIXELS))


def _annotated_case(picture: Annotated, known: dict[int, int]) -> Case:
    """Return the case of an image's largest object; its mask covers its whole class."""
    image = open_image(picture.path, MAX_PIXELS)
    largest = max(
        (each for each in picture.objects if each["category_id"] in known),
        key=lambda each: float(each["area"]),
    )
    place = known[largest["category_id"]]
    seen = semantic_of(picture, known, image.size, background=-1)
    return Case(image, f"class:{place}", seen == place)
