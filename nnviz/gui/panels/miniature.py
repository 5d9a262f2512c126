"""A small picture of a result, for the tray."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.images import Image, to_float
from nnviz.base.kinds.matrices import Matrix
from nnviz.base.kinds.planes import Plane, PlaneRegion
from nnviz.base.results import Diagram, Heatmap, Mosaic, Picture, Result
from nnviz.render import colormaps
from nnviz.render.drawings.diagrams import KIND_COLORS
from nnviz.render.drawings.matrices import cell_colors
from nnviz.render.drawings.plane_parts import region_colors
from nnviz.render.palette import BACKGROUND

_SIDE = 144
_TILES = 3
_STRIPES = 48
_PLANE = 2

Pixels = NDArray[np.uint8]


def miniature(result: Result, image: Image | None) -> Pixels:
    """Return uint8 (h, w, 3): the gist of a result, or of its photograph."""
    match result:
        case Mosaic():
            gist = _square(result)
        case Heatmap():
            gist = _coloured(_thin(result.values), signed=result.signed)
        case Picture():
            gist = _picture(_thin(result.pixels))
        case Matrix():
            gist = cell_colors(result.grids[result.answer], BACKGROUND)
        case Plane(region=PlaneRegion() as region):
            gist = region_colors(region, BACKGROUND, light=False)
        case Diagram():
            gist = _kinds(result)
        case _ if image is not None:
            gist = _picture(to_float(_thin(image.pixels)))
        case _:
            return np.full((8, 8, 3), 64, np.uint8)
    return _enlarged(gist)


def _square(mosaic: Mosaic) -> Pixels:
    """Lay the first tiles out as a square, each with its own range."""
    side = max(1, min(_TILES, int(len(mosaic.order) ** 0.5)))
    chosen = [_thin(mosaic.tiles[place]) for place in mosaic.order[: side * side]]
    if not chosen:
        return np.full((8, 8, 3), 64, np.uint8)
    tiles = [_coloured(tile, signed=mosaic.signed) for tile in chosen]
    rows = [np.concatenate(tiles[n : n + side], 1) for n in range(0, side * side, side)]
    return np.concatenate(rows, 0)


def _kinds(diagram: Diagram) -> Pixels:
    """Paint the kinds of a diagram's nodes as stripes, the first at the top."""
    colors = [KIND_COLORS[node.kind] for node in diagram.nodes]
    if not colors:
        return np.full((8, 8, 3), 64, np.uint8)
    places = np.linspace(0, len(colors) - 1, _STRIPES).round().astype(int)
    column = np.array(colors, np.uint8)[places]
    return np.repeat(column[:, None], _STRIPES, 1)


def _coloured(values: NDArray[Any], *, signed: bool) -> Pixels:
    """Paint numbers with the map of their kind; colours are only brought to range."""
    if values.ndim > _PLANE:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        return _picture((values - low) / max(1e-12, high - low))
    scale = colormaps.scale_of(values, signed=signed)
    name = colormaps.default_map(signed=signed)
    return colormaps.apply(values, name, scale.low, scale.high)


def _picture(values: NDArray[Any]) -> Pixels:
    """Return (H, W, C) numbers in [0, 1] as three channels."""
    channels = [min(place, values.shape[2] - 1) for place in range(3)]
    pixels: Pixels = (255 * np.clip(values[..., channels], 0, 1)).round().astype("u1")
    return pixels


def _thin(values: NDArray[Any]) -> NDArray[Any]:
    step = max(1, max(values.shape[:2]) // _SIDE)
    return values[::step, ::step]


def _enlarged(pixels: Pixels) -> Pixels:
    times = max(1, _SIDE // max(pixels.shape[:2]))
    return pixels.repeat(times, 0).repeat(times, 1)
