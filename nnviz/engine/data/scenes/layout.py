"""Random layouts of scenes: shapes and positions, enough of each visible."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.data.scenes import outlines
from nnviz.engine.data.scenes.outlines import SHAPES
from nnviz.engine.data.scenes.textures import COLORS, TEXTURES

_TRIES = 12
_COVERED = 128
"""Coverage from which a pixel belongs to a shape: half of 255."""
_LEAST_VISIBLE = 0.55
"""Minimum fraction of each shape that is visible, inside the image and in front of
others."""
_RADII = (0.10, 0.27)
_DOMINANT_RADII = (0.28, 0.40)
_MINOR_RADII = (0.08, 0.12)
"""From the center to the farthest vertex, relative to the image's side."""


@dataclass(frozen=True, eq=False)
class Item:
    """A shape of a layout: kind, texture, color, pose and coverage.

    Attributes:
        shape: index into ``SHAPES``.
        texture: index into ``TEXTURES``.
        color: index into ``COLORS``.
        matrix: (2, 2), from the unit outline to px.
        center: (x, y), px.
        radius: mean radius, px.
        coverage: uint8 (size, size), 255 where a pixel lies wholly inside.
        area: px of the whole shape, including parts outside the image.
    """

    shape: int
    texture: int
    color: int
    matrix: NDArray[np.float64]
    center: NDArray[np.float64]
    radius: float
    coverage: NDArray[np.uint8]
    area: float

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Mask of the pixels that the shape covers by at least half."""
        return self.coverage >= _COVERED


def lay_out(
    rng: np.random.Generator, size: int, count: int, *, dominant: bool
) -> tuple[list[Item], NDArray[np.uint8]]:
    """Return the shapes from back to front, and which one each pixel shows.

    A shape that does not fit anywhere is left out; the first always fits.

    Args:
        rng: source of all random numbers.
        size: of the image, px.
        count: number of shapes to try.
        dominant: whether the first is to be much larger than the others.

    Returns:
        The shapes, and uint8 (size, size): 0 for the background, else 1 + the index.
    """
    items: list[Item] = []
    instances = np.zeros((size, size), np.uint8)
    for index in range(count):
        radii = _RADII
        if dominant:
            radii = _MINOR_RADII if index else _DOMINANT_RADII
        kind = _draw_kind(rng, items)
        for _ in range(_TRIES):
            item = _draw_item(rng, size, kind, radii)
            drawn = instances.copy()
            drawn[item.mask] = len(items) + 1
            if _all_visible([*items, item], drawn):
                items.append(item)
                instances = drawn
                break
    return items, instances


def _draw_kind(rng: np.random.Generator, others: list[Item]) -> tuple[int, int, int]:
    """Draw shape, texture and color; no two shapes look the same in all three."""
    taken = {(item.shape, item.texture, item.color) for item in others}
    while True:
        shape, texture, color = (
            int(rng.integers(len(names))) for names in (SHAPES, TEXTURES, COLORS)
        )
        if (shape, texture, color) not in taken:
            return shape, texture, color


def _draw_matrix(rng: np.random.Generator, radius: float) -> NDArray[np.float64]:
    """Draw the random matrix that rotates, skews and scales a shape, (2, 2)."""
    # Most shapes stand nearly upright, like real objects; some have any orientation.
    turn = rng.normal(0, 0.35) if rng.random() < 0.6 else rng.uniform(-np.pi, np.pi)  # noqa: PLR2004
    squeeze = rng.uniform(-0.12, 0.12)
    shear = rng.uniform(-0.12, 0.12)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    skew = np.array([[np.exp(squeeze), shear], [0, np.exp(-squeeze)]])
    return np.asarray(radius * rotation @ skew, np.float64)


def _draw_item(
    rng: np.random.Generator,
    size: int,
    kind: tuple[int, int, int],
    radii: tuple[float, float],
) -> Item:
    radius = float(size * np.exp(rng.uniform(*np.log(radii))))
    matrix = _draw_matrix(rng, radius)
    margin = min(0.7 * radius, size / 2)
    center = rng.uniform(margin, size - margin, 2)
    polygons = outlines.place(SHAPES[kind[0]], matrix, center)
    covered = outlines.coverage(polygons, size)
    return Item(*kind, matrix, center, radius, covered, _area(polygons))


def _area(polygons: outlines.Outline) -> float:
    """Return the area of the first polygon without the others (shoelace formula)."""
    whole, *holes = (
        abs(np.sum(part[:-1, 0] * part[1:, 1] - part[1:, 0] * part[:-1, 1])) / 2
        for part in (np.concatenate([part, part[:1]]) for part in polygons)
    )
    return float(whole - sum(holes))


def _all_visible(items: list[Item], instances: NDArray[np.uint8]) -> bool:
    seen = np.bincount(instances.ravel(), minlength=len(items) + 1)
    return all(
        count >= _LEAST_VISIBLE * item.area
        for item, count in zip(items, seen[1:], strict=True)
    )
