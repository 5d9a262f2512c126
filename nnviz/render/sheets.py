"""Mosaics as indexed images, which a screen repaints quickly.

A screen lays out the tiles for its own shape and repaints them often, so the values are
first downscaled and quantized to bytes, which a table maps to colors.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Mosaic
from nnviz.render import colormaps
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.mosaics import Layout, arrange, limits_of, reduced, scaled

Color = tuple[int, int, int]
Bounds = tuple[float, float, float, float]
"""Top, left, bottom, right."""

CLIP = 99.5
"""Percentage of the values that the colors span where outliers are clipped."""
_ALL = 100.0
_STEPS = 253
"""Number of colors of the map; the last three of 256 indices have special meanings."""
_GAP, _FLAT, _BROKEN = 253, 254, 255
_WIDE_GAP_FROM = 40
_COLOR_AXES = 4
_SAMPLES = 1 << 15
"""Number of values from which a percentile is estimated, exact to some 0.05 %."""
_MATTERS = 0.75
"""Outliers are clipped where the rest takes less than this fraction of the range."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A mosaic as an indexed image.

    Attributes:
        pixels: uint8 (H, W) of indices, or (H, W, 3) for tiles of colors.
        table: uint8 (256, 3), the colors of the indices; None for tiles of colors.
        layout: layout of the tiles, one px a (perhaps reduced) number.
        order: the tile (the network's index) in each cell.
        data_size: height and width of a tile's original numbers.
    """

    pixels: Colors
    table: Colors | None
    layout: Layout
    order: NDArray[np.int64]
    data_size: tuple[int, int]

    def place_of(self, tile: int) -> int | None:
        """Return the position of a tile; None if it is not shown."""
        found = np.flatnonzero(self.order == tile)
        return int(found[0]) if found.size else None

    def bounds(self, place: int) -> Bounds:
        """Return a tile's box on the sheet: top, left, bottom, right."""
        top, left, height, width = self.layout.rectangle(place)
        return float(top), float(left), float(top + height), float(left + width)

    def locate(self, y: float, x: float) -> tuple[int, int, int] | None:
        """Return a tile's position, and the row and column of its data, at a point."""
        found = self.layout.locate(y, x)
        if found is None:
            return None
        top, left, bottom, right = self.bounds(found[0])
        rows, columns = self.data_size
        row = int((y - top) / (bottom - top) * rows)
        column = int((x - left) / (right - left) * columns)
        return found[0], row, column


def columns_for(count: int, tile: tuple[int, int], room: tuple[float, float]) -> int:
    """Return the number of columns with which the tiles appear largest.

    Args:
        count: number of tiles.
        tile: height and width of a tile with its gap.
        room: height and width of the available space.
    """
    columns = np.arange(1, count + 1)
    rows = -(-count // columns)
    zoom = np.minimum(room[0] / (rows * tile[0]), room[1] / (columns * tile[1]))
    # Among equal sizes prefer the fewest empty cells.
    best = np.flatnonzero(zoom >= zoom.max() * (1 - 1e-9))
    return int(columns[best[np.argmin(rows[best] * columns[best])]])


def robust_scale(values: NDArray[Any], whole: Scale) -> Scale:
    """Return the range without a few outliers, or the whole range if that is close.

    Args:
        values: any shape.
        whole: range from ``colormaps.scale_of`` for the same values.

    Returns:
        The range of ``CLIP`` percent of the values, recorded in ``clipped``; ``whole``
        itself where clipping would gain less than a quarter.
    """
    if whole.flat:
        return whole
    cut = clipped_scale(values, whole, CLIP)
    return whole if cut.high - cut.low > _MATTERS * (whole.high - whole.low) else cut


def clipped_scale(values: NDArray[Any], whole: Scale, percentile: float) -> Scale:
    """Return the range of a percentile of the values; the whole where that is flat.

    Args:
        values: any shape.
        whole: range from ``colormaps.scale_of`` for the same values.
        percentile: percentage of the values; 100 for all.
    """
    if whole.flat or percentile >= _ALL:
        return whole
    sample = _sampled(values)
    cut = colormaps.scale_of(sample, signed=whole.signed, percentile=percentile)
    if cut.flat:
        return whole
    return Scale(cut.low, cut.high, whole.signed, whole.problem, cut.clipped)


def _sampled(values: NDArray[Any]) -> NDArray[Any]:
    """Return an evenly spread sample of the values, for percentiles."""
    step = max(1, values.size // _SAMPLES)
    while math.gcd(step, values.shape[-1]) > 1:  # or it would sample few columns
        step += 1
    return values.reshape(-1)[::step]


def shown_tiles(mosaic: Mosaic) -> NDArray[Any]:
    """Return the shown tiles, in any order, copied only where some are hidden."""
    everything = len(mosaic.order) == len(mosaic.tiles)
    return mosaic.tiles if everything else mosaic.tiles[mosaic.order]


def color_limits(mosaic: Mosaic, scale: Scale | None) -> NDArray[np.float64]:
    """Return the color range of each shown tile, (M, 2).

    Args:
        mosaic: the mosaic.
        scale: one range for all tiles; None gives each tile its own.
    """
    if scale is not None:
        low_high = np.array([scale.low, scale.high], np.float64)
        return np.tile(low_high, (len(mosaic.order), 1))
    return limits_of(mosaic.tiles, signed=mosaic.signed)[mosaic.order]


def shrunk(mosaic: Mosaic, factor: int) -> Mosaic:
    """Shrink the tiles of a mosaic by a factor; each number is a mean."""
    height, width = mosaic.tiles.shape[1:3]
    size = max(1, height // factor), max(1, width // factor)
    return mosaic if size == (height, width) else reduced(mosaic, size)


def indices_of(mosaic: Mosaic, limits: NDArray[np.float64]) -> Colors:
    """Quantize the shown tiles to indices (M, h, w), or 8-bit colors (M, h, w, 3)."""
    shown: NDArray[Any] = mosaic.tiles[mosaic.order]
    finite = bool(np.isfinite(shown.min()) and np.isfinite(shown.max()))
    numbers = shown if finite else np.nan_to_num(shown)
    if shown.ndim == _COLOR_AXES:
        return scaled(numbers, limits)
    # Widening the range by 256 / 253 gives the 253 levels of this map.
    wider = limits.copy()
    wider[:, 1] += (limits[:, 1] - limits[:, 0]) * (colormaps.LEVELS / _STEPS - 1)
    rows = scaled(numbers, wider)
    np.minimum(rows, _STEPS - 1, out=rows)
    rows[~(limits[:, 1] > limits[:, 0])] = _FLAT
    if not finite:
        rows[~np.isfinite(shown)] = _BROKEN
    return rows


def table_of(
    mosaic: Mosaic, gap: Color, flat: Color, broken: Color, colormap: str = ""
) -> Colors:
    """Return the color table of the indices, uint8 (256, 3).

    Args:
        mosaic: the mosaic.
        gap: color between tiles.
        flat: color of tiles without a range.
        broken: color of values that are not finite.
        colormap: a name; the default for the kind of numbers if empty.
    """
    name = colormap or colormaps.default_map(signed=mosaic.signed)
    whole = colormaps.table(name)
    steps = (np.arange(_STEPS) * (colormaps.LEVELS - 1) / (_STEPS - 1)).round()
    return np.vstack([whole[steps.astype(np.intp)], gap, flat, broken]).astype(np.uint8)


def sheet_of(
    mosaic: Mosaic, rows: Colors, columns: int, table: Colors, gap: Color
) -> Sheet:
    """Lay out the tiles as an indexed image.

    Args:
        mosaic: the mosaic, not downscaled.
        rows: rows from ``indices_of``.
        columns: tiles in a row.
        table: table from ``table_of``.
        gap: the color between tiles of colors.
    """
    places = layout_of(len(rows), rows.shape[1:3], columns, mosaic.room)
    colors = rows.ndim == _COLOR_AXES
    sheet = arrange(rows, places, gap if colors else _GAP)
    height, width = places.size
    pixels = np.ascontiguousarray(sheet[:height, :width])
    size = mosaic.tiles.shape[1], mosaic.tiles.shape[2]
    return Sheet(pixels, None if colors else table, places, mosaic.order, size)


def layout_of(count: int, tile: tuple[int, ...], columns: int, room: int = 0) -> Layout:
    """Return the layout of the tiles, one px for each number; see ``Layout.room``."""
    gap = 2 if min(tile) >= _WIDE_GAP_FROM else 1
    return Layout(count, columns, (tile[0], tile[1]), 1, gap, room=room)
