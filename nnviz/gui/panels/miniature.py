"""A small picture of a result, for the tray."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.images import Image, to_float
from nnviz.base.results import Heatmap, Mosaic, Picture, Result

_SIDE = 144
_TILES = 3


def miniature(result: Result, image: Image | None) -> NDArray[np.uint8]:
    """Return uint8 (h, w, 3): the gist of a result, or of its photograph."""
    match result:
        case Mosaic():
            return _grey(_square(result))
        case Heatmap():
            return _grey(_thin(result.values))
        case Picture():
            return _colour(_thin(result.pixels))
        case _ if image is not None:
            return _colour(to_float(_thin(image.pixels)))
        case _:
            return np.full((8, 8, 3), 64, np.uint8)


def _square(mosaic: Mosaic) -> NDArray[Any]:
    """Lay the first tiles out as a square."""
    side = min(_TILES, max(1, int(len(mosaic.order) ** 0.5)))
    tiles = [_scaled(_thin(mosaic.tiles[n])) for n in mosaic.order[: side * side]]
    rows = [np.concatenate(tiles[n : n + side], 1) for n in range(0, side * side, side)]
    return np.concatenate(rows, 0)


def _scaled(values: NDArray[Any]) -> NDArray[np.float32]:
    finite = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    low, high = float(finite.min()), float(finite.max())
    return (finite - low) / (high - low) if high > low else finite * 0


def _thin(values: NDArray[Any]) -> NDArray[Any]:
    step = max(1, max(values.shape[:2]) // _SIDE)
    return values[::step, ::step]


def _grey(values: NDArray[Any]) -> NDArray[np.uint8]:
    return _colour(_scaled(values))


def _colour(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.ndim == 2:  # noqa: PLR2004
        values = values[..., None]
    channels = [min(n, values.shape[2] - 1) for n in range(3)]
    picked = np.clip(values[..., channels], 0, 1)
    pixels: NDArray[np.uint8] = (255 * picked).round().astype(np.uint8)
    return _enlarged(pixels)


def _enlarged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    times = max(1, _SIDE // max(pixels.shape[:2]))
    return pixels.repeat(times, 0).repeat(times, 1)
