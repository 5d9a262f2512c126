"""Segmentation masks and outlines of regions, painted on the image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Mask
from nnviz.render.colormaps import Colors
from nnviz.render.maps import classes, overlays
from nnviz.render.palette import Color
from nnviz.render.text.words import percent

OPACITY = 0.55
_LINE: Color = (255, 255, 255)
Area = tuple[slice, slice]
"""Rows and columns of an image."""
_EVERYTHING = slice(None), slice(None)

Booleans = NDArray[np.bool_]


def sampled(
    values: NDArray[Any],
    size: tuple[int, int],
    spans: tuple[overlays.Span, overlays.Span],
    area: Area = _EVERYTHING,
    fill: int = 0,
) -> NDArray[Any]:
    """Resample a map by nearest neighbor to the pixels of an image of the photo.

    Args:
        values: a map in its own frame.
        size: height and width of the image that shows the whole photo, px.
        spans: part of the photo that the map covers, from ``overlays.covered``.
        area: area of the image; by default the whole image.
        fill: value where the map does not reach.
    """
    rows = overlays.along(size[0], values.shape[0], spans[0])
    columns = overlays.along(size[1], values.shape[1], spans[1])
    found = values[rows.cells[area[0]]].take(columns.cells[area[1]], axis=1)
    if not (rows.whole and columns.whole):
        found[~(rows.seen[area[0], None] & columns.seen[area[1]])] = fill
    return found


def stroked(
    mask: NDArray[np.uint8],
    line: tuple[tuple[int, int], tuple[int, int]],
    width: int,
    value: int,
) -> NDArray[np.uint8]:
    """Return a copy of a mask with a round-ended stroke.

    Args:
        mask: uint8 (H, W).
        line: start and end, each as x and y, px.
        width: of the stroke, px.
        value: value of the stroke.
    """
    import cv2

    painted = mask.copy()
    cv2.line(painted, *line, value, width, cv2.LINE_AA)
    return painted


def tint(canvas: Colors, inside: Booleans, color: Color, opacity: float) -> None:
    """Blend a color into some pixels of a canvas, in place."""
    blended = canvas[inside] * (1 - opacity) + np.asarray(color) * opacity
    canvas[inside] = blended.round()


def outline(canvas: Colors, inside: Booleans, color: Color, width: int) -> None:
    """Draw the inner border of a region onto a canvas, in place."""
    import cv2

    shape = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    kept = cv2.erode(inside.view(np.uint8), shape, borderValue=1)
    canvas[inside & (kept == 0)] = color


def borders(kinds: NDArray[np.int64]) -> Booleans:
    """Return the pixels whose right or lower neighbor has another class."""
    edge = np.zeros(kinds.shape, np.bool_)
    edge[:-1] |= kinds[:-1] != kinds[1:]
    edge[:, :-1] |= kinds[:, :-1] != kinds[:, 1:]
    return edge


def edges(kinds: NDArray[Any]) -> NDArray[np.float32]:
    """Return the line segments between pixels of different classes.

    Args:
        kinds: (H, W), any numbers.

    Returns:
        (M, 4): x and y of one end, x and y of the other, in the map's own px.
    """
    kinds = np.ascontiguousarray(kinds, np.int32)
    upright = _runs(kinds[:, 1:] != kinds[:, :-1])
    level = _runs((kinds[1:] != kinds[:-1]).T)
    return np.concatenate([upright, level[:, [1, 0, 3, 2]]]).astype(np.float32)


def _runs(edge: Booleans) -> NDArray[np.int64]:
    """Return runs of vertical edges as segments, (M, 4)."""
    padded = np.zeros((edge.shape[1], edge.shape[0] + 2), np.int8)
    padded[:, 1:-1] = edge.T
    turns = np.diff(padded, axis=1)
    # Many times faster than a two-dimensional ``nonzero``.
    columns, starts = np.divmod(np.flatnonzero(turns > 0), turns.shape[1])
    ends = np.flatnonzero(turns < 0) % turns.shape[1]
    return np.stack([columns + 1, starts, columns + 1, ends], 1)


def layer(mask: Mask, opacity: float = OPACITY, *, only: int | None = None) -> Colors:
    """Paint the classes as a transparent layer, uint8 (h, w, 4): RGB and alpha.

    Args:
        mask: the segmentation; its background stays transparent.
        opacity: of the colors.
        only: a class to show alone; None for all.
    """
    packed = _table(mask, opacity, only).view(np.uint32)[:, 0].take(mask.classes)
    return packed.view(np.uint8).reshape(*packed.shape, 4)


def _table(mask: Mask, opacity: float, only: int | None) -> Colors:
    """Return the color and alpha of each class, uint8 (K, 4)."""
    count = len(mask.labels)
    alpha = np.full((count, 1), round(255 * opacity), np.uint8)
    if only is not None:
        alpha[np.arange(count) != only] = 0
    if mask.background >= 0:
        alpha[mask.background] = 0
    return np.hstack([classes.table(mask.labels), alpha])


def draw(
    photo: Colors, mask: Mask, opacity: float = OPACITY, *, outlined: bool = True
) -> Colors:
    """Blend the classes over an image of the photo.

    Args:
        photo: uint8 (H, W, 3), the whole photo at any size.
        mask: the segmentation.
        opacity: of the colors.
        outlined: whether to draw lines between classes.

    Returns:
        uint8 (H, W, 3).
    """
    spans = overlays.covered(mask)
    kinds = mask.classes.astype(np.uint16)
    made = overlays.ready(_table(mask, opacity, None)).take(kinds)
    painted = overlays.lay(photo, made, spans)
    if outlined:
        size = photo.shape[0], photo.shape[1]
        edge = borders(sampled(kinds, size, spans, fill=len(mask.labels)))
        painted.reshape(-1, 3)[np.flatnonzero(edge)] = _LINE
    return painted


def shown_shares(mask: Mask) -> dict[int, float]:
    """Return the share of each class but the background, largest first."""
    return {k: v for k, v in mask.shares().items() if k != mask.background}


def summary(mask: Mask) -> str:
    """Return a summary of the classes in one line."""
    shares = shown_shares(mask)
    if not shares:
        return "nothing but background"
    return ", ".join(f"{mask.labels[k]} {percent(v)}" for k, v in shares.items())
