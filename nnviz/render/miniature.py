"""Miniatures of results, for the tray."""

from functools import singledispatch
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.images import Image, to_float
from nnviz.base.kinds.matrices import Matrix
from nnviz.base.kinds.planes import Plane
from nnviz.base.results import ColorImage, Curves, Diagram, Heatmap, Mosaic, Result
from nnviz.render import colormaps
from nnviz.render.drawings.diagrams import KIND_COLORS
from nnviz.render.drawings.matrices import cell_colors
from nnviz.render.drawings.plane_parts import region_colors, series_color
from nnviz.render.palette import BACKGROUND

_SIDE = 144
_TILES = 3
_STRIPES = 48
_PLANE = 2
_MARGIN, _STROKE, _DOT = 12, 3, 5
"""Sizes within a tile, px."""

Pixels = NDArray[np.uint8]
_NOTHING: Pixels = np.full((8, 8, 3), 64, np.uint8)


def miniature(result: Result, image: Image | None) -> Pixels:
    """Return a miniature of a result, or of its image, uint8 (h, w, 3)."""
    gist = _gist(result)
    if gist is None and image is not None:
        gist = _thumbnail(to_float(_thin(image.pixels)))
    return _NOTHING if gist is None else _enlarged(gist)


@singledispatch
def _gist(_result: Result) -> Pixels | None:
    """Paint a miniature of a result; None for kinds without one."""
    return None


@_gist.register
def _(result: Heatmap) -> Pixels:
    return _colored(_thin(result.values), signed=result.signed)


@_gist.register
def _(result: ColorImage) -> Pixels:
    return _thumbnail(_thin(result.pixels))


@_gist.register
def _(result: Matrix) -> Pixels:
    return cell_colors(result.grids[result.answer], BACKGROUND)


@_gist.register
def _(result: Plane) -> Pixels | None:
    if result.region is not None:
        return region_colors(result.region, BACKGROUND, light=False)
    return _points(result) if result.points else None


@_gist.register
def _square(mosaic: Mosaic) -> Pixels:
    """Paint the first tiles in a square grid, each on its own range."""
    side = max(1, min(_TILES, int(len(mosaic.order) ** 0.5)))
    chosen = [_thin(mosaic.tiles[place]) for place in mosaic.order[: side * side]]
    if not chosen:
        return _NOTHING
    tiles = [_colored(tile, signed=mosaic.signed) for tile in chosen]
    rows = [np.concatenate(tiles[n : n + side], 1) for n in range(0, side * side, side)]
    return np.concatenate(rows, 0)


@_gist.register
def _curves(curves: Curves) -> Pixels:
    """Paint the series as lines on one scale, each in its color."""
    values = np.stack([np.asarray(v, np.float64) for v in curves.series.values()])
    values = np.nan_to_num(values)
    if not values.size:
        return _ground()
    columns = np.linspace(0, values.shape[1] - 1, _SIDE)
    lines = np.stack(
        [np.interp(columns, np.arange(len(row)), row) for row in values]
    )  # fmt: skip
    low, high = float(lines.min()), float(lines.max())
    heights = _inside(lines, low, high)
    painted = _ground()
    for index, row in enumerate(heights):
        for column, (start, end) in enumerate(pairwise(row)):
            top, bottom = sorted((start, end))
            painted[top : bottom + _STROKE, column] = series_color(index)
    return painted


def _points(plane: Plane) -> Pixels:
    """Paint the points of a plane in their class colors."""
    painted = _ground()
    for place, series in enumerate(plane.points):
        x = _inside(series.places[:, 0], *plane.x_range)
        y = _inside(series.places[:, 1], *plane.y_range)
        classes = series.classes
        for index, (column, row) in enumerate(zip(_SIDE - 1 - x, y, strict=True)):
            color = series_color(place if classes is None else int(classes[index]))
            painted[row : row + _DOT, column : column + _DOT] = color
    return painted


def _ground() -> Pixels:
    return np.full((_SIDE, _SIDE, 3), BACKGROUND, np.uint8)


def _inside(values: NDArray[Any], low: float, high: float) -> NDArray[np.int64]:
    """Map numbers to rows of a miniature, the highest at the top, with a margin."""
    shares = (values - low) / max(1e-12, high - low)
    room = _SIDE - 1 - 2 * _MARGIN
    rows: NDArray[np.int64] = np.rint(_MARGIN + room * (1 - shares.clip(0, 1))).astype(
        int
    )
    return rows


@_gist.register
def _kinds(diagram: Diagram) -> Pixels:
    """Paint the kinds of a diagram's nodes as stripes, from top to bottom."""
    colors = [KIND_COLORS[node.kind] for node in diagram.nodes]
    if not colors:
        return _NOTHING
    places = np.linspace(0, len(colors) - 1, _STRIPES).round().astype(int)
    column = np.array(colors, np.uint8)[places]
    return np.repeat(column[:, None], _STRIPES, 1)


def _colored(values: NDArray[Any], *, signed: bool) -> Pixels:
    """Color numbers with their default map; scale a color tile to its range."""
    if values.ndim > _PLANE:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        return _thumbnail((values - low) / max(1e-12, high - low))
    scale = colormaps.scale_of(values, signed=signed)
    name = colormaps.default_map(signed=signed)
    return colormaps.apply(values, name, scale.low, scale.high)


def _thumbnail(values: NDArray[Any]) -> Pixels:
    """Convert (H, W, C) numbers in [0, 1] to three 8-bit channels."""
    channels = [min(index, values.shape[2] - 1) for index in range(3)]
    pixels: Pixels = (255 * np.clip(values[..., channels], 0, 1)).round().astype("u1")
    return pixels


def _thin(values: NDArray[Any]) -> NDArray[Any]:
    step = max(1, max(values.shape[:2]) // _SIDE)
    return values[::step, ::step]


def _enlarged(pixels: Pixels) -> Pixels:
    times = max(1, _SIDE // max(pixels.shape[:2]))
    return pixels.repeat(times, 0).repeat(times, 1)
