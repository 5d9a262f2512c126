"""A map over the photograph that it explains."""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.frames import Frame
from nnviz.base.results import Heatmap
from nnviz.render import colormaps
from nnviz.render.colormaps import Colours, Scale, Values

OPACITY = 0.85
"""Of the map where its magnitude is greatest."""
_EASE = 1.5
"""Power of the magnitude that alpha goes by for maps without a sign."""
_DIMMED = 0.35
"""Brightness of the photo outside what the network saw."""
_OUTLINE = (255, 255, 255)

Index = NDArray[np.intp]
Span = tuple[float, float]
"""First and last coordinate in the photo, as shares of its side."""


def magnitude(values: Values, scale: Scale) -> NDArray[np.float32]:
    """Return how far each value is from neutral, in [0, 1].

    Neutral is zero on a signed scale and the low end of any other; what is not finite
    and all of a flat scale is neutral.
    """
    if scale.flat:
        return np.zeros(values.shape, np.float32)
    start = 0.0 if scale.signed else scale.low
    distance = np.abs(np.nan_to_num(values, nan=start, posinf=start, neginf=start))
    if not scale.signed:
        distance = np.nan_to_num(values, nan=start, posinf=start, neginf=start) - start
    shares: NDArray[np.float32] = (distance / (scale.high - start)).astype(np.float32)
    return shares.clip(0, 1)


def layer(
    heat: Heatmap,
    scale: Scale,
    colormap: str = "",
    opacity: float = OPACITY,
) -> Colours:
    """Return the map as a see-through picture, uint8 (h, w, 4): RGB and alpha.

    Alpha grows with the magnitude, so that the photograph is left as it is where the
    map says nothing; more slowly where there is no sign, since the dark colours of low
    values would tint it.
    """
    name = colormap or colormaps.default_map(signed=scale.signed)
    colours = colormaps.apply(heat.values, name, scale.low, scale.high)
    share = magnitude(heat.values, scale)
    if not scale.signed:
        share = share**_EASE
    alpha = share * np.float32(opacity * 255)
    return np.dstack([colours, alpha.round().astype(np.uint8)])


def covered(heat: Heatmap) -> tuple[Span, Span]:
    """Return which part of the photo the map covers, as shares of height and width.

    May reach beyond 0 and 1 where the network's input was padded.
    """
    if heat.frame is Frame.INPUT and heat.placement is not None:
        top, left, bottom, right = heat.placement.input_in_photo()
        height, width = heat.placement.photo_size
        return (top / height, bottom / height), (left / width, right / width)
    return (0.0, 1.0), (0.0, 1.0)


def blend(
    photo: Colours,
    heat: Heatmap,
    scale: Scale,
    colormap: str = "",
    opacity: float = OPACITY,
) -> Colours:
    """Lay a map over the photo.

    Each number of the map covers a block of the photo (nothing is smoothed).  What the
    network did not see is dimmed and the border outlined.

    Args:
        photo: uint8 (H, W, 3), the whole photo at any size.
        heat: the map; its frame and placement say where it lies.
        scale: the range of the colours.
        colormap: a name; the default for the kind of numbers if empty.
        opacity: of the map where its magnitude is greatest.

    Returns:
        uint8 (H, W, 3).
    """
    see_through = layer(heat, scale, colormap, opacity)
    rows, row_seen, row_span = _sample(
        photo.shape[0], len(see_through), covered(heat)[0]
    )
    columns, column_seen, column_span = _sample(
        photo.shape[1], see_through.shape[1], covered(heat)[1]
    )
    on_photo = see_through[rows[:, None], columns]
    seen = row_seen[:, None] & column_seen
    base = photo.astype(np.float32)
    share = on_photo[..., 3:].astype(np.float32) / 255
    mixed = base + (on_photo[..., :3] - base) * share
    mixed[~seen] = base[~seen] * _DIMMED
    blended = mixed.round().astype(np.uint8)
    if not seen.all():
        outline(blended, row_span, column_span)
    return blended


def _sample(side: int, cells: int, span: Span) -> tuple[Index, NDArray[np.bool_], Span]:
    """Return the map's cell under each pixel, whether there is one, and the span in px.

    Args:
        side: pixels of the photo along an axis.
        cells: numbers of the map along it.
        span: part of the photo that the map covers.
    """
    centres = (np.arange(side) + 0.5) / side
    place = (centres - span[0]) / (span[1] - span[0]) * cells
    cell = np.floor(place).astype(np.intp)
    seen = (cell >= 0) & (cell < cells)
    return cell.clip(0, cells - 1), seen, (span[0] * side, span[1] * side)


def outline(canvas: Colours, rows: Span, columns: Span) -> None:
    """Draw a thin frame, half white, onto a canvas of one's own; in px."""
    top, bottom = (_edge(value, canvas.shape[0]) for value in rows)
    left, right = (_edge(value, canvas.shape[1]) for value in columns)
    mask = np.zeros(canvas.shape[:2], np.bool_)
    mask[top : bottom + 1, left : right + 1] = True
    mask[top + 1 : bottom, left + 1 : right] = False
    canvas[mask] = (canvas[mask].astype(np.uint16) + _OUTLINE) // 2


def _edge(value: float, side: int) -> int:
    return min(max(round(value), 0), side - 1)
