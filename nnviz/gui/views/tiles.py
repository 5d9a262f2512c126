"""Many small maps as one indexed picture, laid out for the shape of the widget."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Mosaic
from nnviz.gui.views.layers import Bytes
from nnviz.gui.views.viewport import Bounds
from nnviz.render import colormaps
from nnviz.render.colormaps import Scale
from nnviz.render.mosaics import Layout

Colour = tuple[int, int, int]

_STEPS = 253
"""Colours of the map; the last three of 256 indices stand for something else."""
_GAP, _FLAT, _BROKEN = 253, 254, 255
_WIDE_GAP_FROM = 40
_COLOUR_AXES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A mosaic as the canvas shows it.

    Attributes:
        pixels: uint8 (H, W) of indices, or (H, W, 3) for tiles of colours.
        table: uint8 (256, 3), the colours of the indices; None for tiles of colours.
        layout: where each tile lies.
        order: the tile (the network's index) at each place.
    """

    pixels: Bytes
    table: Bytes | None
    layout: Layout
    order: NDArray[np.int64]

    def place_of(self, tile: int) -> int | None:
        """Return where a tile is shown, None if it is not."""
        found = np.flatnonzero(self.order == tile)
        return int(found[0]) if found.size else None

    def bounds(self, place: int) -> Bounds:
        """Return a tile's box on the sheet: top, left, bottom, right."""
        top, left, height, width = self.layout.rectangle(place)
        return float(top), float(left), float(top + height), float(left + width)


def columns_for(count: int, tile: tuple[int, int], room: tuple[float, float]) -> int:
    """Return the columns with which the tiles are shown largest.

    Args:
        count: number of tiles.
        tile: height and width of one, with its gap.
        room: height and width to fill.
    """
    columns = np.arange(1, count + 1)
    rows = -(-count // columns)
    zoom = np.minimum(room[0] / (rows * tile[0]), room[1] / (columns * tile[1]))
    # Of equally large ones the one with the fewest empty places.
    best = np.flatnonzero(zoom >= zoom.max() * (1 - 1e-9))
    return int(columns[best[np.argmin(rows[best] * columns[best])]])


def limits_of(mosaic: Mosaic, scale: Scale, *, shared: bool) -> NDArray[np.float64]:
    """Return low and high of the colours of each shown tile, (M, 2)."""
    shown = mosaic.tiles[mosaic.order].reshape(len(mosaic.order), -1)
    if shared:
        return np.tile(np.array([scale.low, scale.high], np.float64), (len(shown), 1))
    low = np.where(np.isfinite(shown), shown, np.inf).min(1)
    high = np.where(np.isfinite(shown), shown, -np.inf).max(1)
    if mosaic.signed:
        high = np.maximum(np.abs(low), np.abs(high))
        low = -high
    return np.stack([low, high], 1).astype(np.float64)


def indices_of(mosaic: Mosaic, limits: NDArray[np.float64]) -> Bytes:
    """Return the shown tiles as indices (M, h, w), or 8-bit colours (M, h, w, 3)."""
    shown: NDArray[Any] = mosaic.tiles[mosaic.order]
    axes = (-1, *[1] * (shown.ndim - 1))
    low, high = limits[:, 0].reshape(axes), limits[:, 1].reshape(axes)
    finite = bool(np.isfinite(shown.min()) and np.isfinite(shown.max()))
    rows = colormaps.levels(shown if finite else np.nan_to_num(shown), low, high)
    if shown.ndim == _COLOUR_AXES:
        return rows
    np.multiply(rows, np.float32(_STEPS / 256), out=rows, casting="unsafe")
    rows[~(limits[:, 1] > limits[:, 0])] = _FLAT
    if not finite:
        rows[~np.isfinite(shown)] = _BROKEN
    return rows


def table_of(mosaic: Mosaic, gap: Colour, flat: Colour, broken: Colour) -> Bytes:
    """Return the colours of the indices, uint8 (256, 3)."""
    whole = colormaps.table(colormaps.default_map(signed=mosaic.signed))
    steps = (np.arange(_STEPS) * (colormaps.LEVELS - 1) / (_STEPS - 1)).round()
    return np.vstack([whole[steps.astype(np.intp)], gap, flat, broken]).astype(np.uint8)


def sheet_of(
    mosaic: Mosaic, rows: Bytes, columns: int, table: Bytes, gap: Colour
) -> Sheet:
    """Lay the tiles out.

    Args:
        mosaic: what is shown.
        rows: of ``indices_of``.
        columns: tiles in a row.
        table: of ``table_of``.
        gap: the colour between tiles of colours.
    """
    places = layout_of(len(rows), rows.shape[1:3], columns)
    height, width = places.tile_size
    extra = rows.shape[3:]
    fill: Any = gap if extra else _GAP
    canvas = np.empty(
        (places.rows, places.pitch[0], columns, places.pitch[1], *extra), np.uint8
    )
    canvas[...] = fill
    full = len(rows) // columns
    tiles = canvas[:, :height, :, :width]
    whole = rows[: full * columns].reshape(full, columns, height, width, *extra)
    tiles[:full] = whole.swapaxes(1, 2)
    rest = rows[full * columns :]
    if len(rest):
        tiles[full][:, : len(rest)] = rest.swapaxes(0, 1)
    sheet = canvas.reshape(
        places.rows * places.pitch[0], columns * places.pitch[1], *extra
    )
    total_height, total_width = places.size
    pixels = np.ascontiguousarray(sheet[:total_height, :total_width])
    return Sheet(pixels, None if extra else table, places, mosaic.order)


def layout_of(count: int, tile: tuple[int, ...], columns: int) -> Layout:
    """Return where the tiles lie, one px a number."""
    gap = 2 if min(tile) >= _WIDE_GAP_FROM else 1
    return Layout(count, columns, (tile[0], tile[1]), 1, gap)
