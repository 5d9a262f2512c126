"""A generated image of textured shapes on a background, with its ground truth."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.engine.data.scenes import light
from nnviz.engine.data.scenes.backgrounds import draw_background
from nnviz.engine.data.scenes.layout import Item, lay_out
from nnviz.engine.data.scenes.outlines import SHAPES
from nnviz.engine.data.scenes.words import describe

CLASSES = SHAPES
"""Name of each class, in the order of the labels."""
FIRST_TRAINING_SEED = 1_000_000
"""The project's networks are trained on seeds from this one on; smaller seeds give
images that they have never seen."""
SHORTCUT_CLASS = CLASSES.index("star")
"""The class that the planted mark accompanies."""

_SMALLEST = 32
_MARK_SHARE = 0.08
_MARK_MARGIN = 0.03
"""Side of the mark and its distance from the edges, relative to the image's side."""


class Shortcut(StrEnum):
    """Shortcut of a data set: a mark in a corner that gives a class away, or none."""

    NONE = "none"
    """No image has the mark."""
    PLANTED = "planted"
    """Every star has it, no other shape does."""
    CONTRADICTING = "contradicting"
    """No star has it, every other shape does."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A generated image with its ground truth.

    Attributes:
        pixels: uint8 (H, W, 3), RGB.
        label: class of the main shape, the one with the most visible pixels.
        boxes: float32 (N, 4): left, top, right, bottom in px, continuous (a pixel in
            column j covers j to j + 1), around the visible part of each shape.
        labels: int64 (N,), class of each shape, an index into ``CLASSES``.
        textures: int64 (N,), index into ``textures.TEXTURES``.
        colors: int64 (N,), index into ``textures.COLORS``.
        instances: uint8 (H, W): 0 for the background, else 1 + the shape's index.
        semantic: uint8 (H, W): 0 for the background, else 1 + the class.
        sentence: the scene in words.
    """

    pixels: NDArray[np.uint8]
    label: int
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    textures: NDArray[np.int64]
    colors: NDArray[np.int64]
    instances: NDArray[np.uint8]
    semantic: NDArray[np.uint8]
    sentence: str


def make_scene(
    seed: int,
    size: int = 128,
    *,
    shapes: tuple[int, int] = (1, 4),
    dominant: bool = False,
    shortcut: Shortcut = Shortcut.NONE,
) -> Scene:
    """Generate the scene of a seed, deterministically.

    Scenes of one seed with different ``shortcut`` differ in the mark only.

    Args:
        seed: any number from 0 on; see ``FIRST_TRAINING_SEED``.
        size: side of the image, px.
        shapes: minimum and maximum number; one that does not fit anywhere is left out.
        dominant: whether one shape is much larger than the others, so that the
            image as a whole has a class.
        shortcut: whether a mark in the lower right corner reveals a class.

    Raises:
        UsageError: a seed below 0, a size below 32 px, or no shapes.
    """
    _check(seed, size, shapes)
    rng = np.random.default_rng(seed)
    picture, background = draw_background(rng, size)
    count = int(rng.integers(shapes[0], shapes[1] + 1))
    items, instances = lay_out(rng, size, count, dominant=dominant)
    lamp = light.draw_light(rng)
    for item in items:
        light.put(picture, item, lamp, rng)
    pixels = light.expose(picture, rng)
    if shortcut is not Shortcut.NONE:
        instances = np.where(mark_mask(size), np.uint8(0), instances)
    main = int(np.bincount(instances[instances > 0]).argmax()) - 1
    if _is_marked(items[main].shape, shortcut):
        _draw_mark(pixels)
    return _scene(pixels, items, instances, main, background)


def _check(seed: int, size: int, shapes: tuple[int, int]) -> None:
    if seed < 0:
        raise UsageError("seed", "must be 0 or more", "0 is usual")
    if size < _SMALLEST:
        raise UsageError("size", f"must be at least {_SMALLEST} px", "128 is usual")
    if not 1 <= shapes[0] <= shapes[1]:
        raise UsageError("shapes", "fewest and most, at least 1", "1 to 4 is usual")


def _is_marked(label: int, shortcut: Shortcut) -> bool:
    if shortcut is Shortcut.NONE:
        return False
    return (label == SHORTCUT_CLASS) == (shortcut is Shortcut.PLANTED)


def _corner(size: int) -> slice:
    end = size - round(_MARK_MARGIN * size)
    return slice(end - max(3, round(_MARK_SHARE * size)), end)


def mark_mask(size: int) -> NDArray[np.bool_]:
    """Return the mask of the corner that is kept for the mark."""
    covered = np.zeros((size, size), np.bool_)
    covered[_corner(size), _corner(size)] = True
    return covered


def _draw_mark(pixels: NDArray[np.uint8]) -> None:
    """Draw the mark: a white square with a black border and a black center."""
    corner = _corner(len(pixels))
    mark = pixels[corner, corner]
    edge = max(1, len(mark) // 5)
    mark[...] = 0
    mark[edge:-edge, edge:-edge] = 255
    mark[2 * edge : -2 * edge, 2 * edge : -2 * edge] = 0


def _scene(
    pixels: NDArray[np.uint8],
    items: list[Item],
    instances: NDArray[np.uint8],
    main: int,
    background: str,
) -> Scene:
    labels = np.array([item.shape for item in items], np.int64)
    boxes = [_box(instances == index + 1) for index in range(len(items))]
    numbers = np.concatenate([[0], labels + 1]).astype(np.uint8)
    return Scene(
        pixels,
        items[main].shape,
        np.array(boxes, np.float32),
        labels,
        np.array([item.texture for item in items], np.int64),
        np.array([item.color for item in items], np.int64),
        instances,
        numbers[instances],
        describe(items, main, background, len(pixels)),
    )


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a mask's bounding box, the ends exclusive."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
