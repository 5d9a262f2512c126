"""Normalization of maps with different units, so that they can be compared."""

from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Heatmap
from nnviz.render.boards.agreement import ranks
from nnviz.render.boards.scale_locks import Tile

_PERCENTILE = 99
"""Percentile of the magnitudes that is mapped to 1."""

Floats = NDArray[np.float64]


class Norm(StrEnum):
    """Normalization of a map's values."""

    RAW = "raw"
    """Values in their own unit."""
    PERCENTILE = "percentile"
    """Multiples of the magnitude that 99 % of the map's values do not exceed."""
    RANK = "rank"
    """Share of the map's positions that are weaker, with the value's sign."""


def normalized(tile: Tile, norm: Norm) -> Tile:
    """Return a tile with its map's values normalized; images stay as they are.

    Values that are not finite are kept.
    """
    heat = tile.result
    if norm is Norm.RAW or not isinstance(heat, Heatmap):
        return tile
    values = heat.values.astype(np.float64)
    changed, unit = _WAYS[norm](values), _UNITS[norm]
    return replace(tile, result=replace(heat, values=changed, unit=unit))


def _by_percentile(values: Floats) -> Floats:
    """Divide by the 99th percentile of magnitudes, or the largest where it is 0."""
    sizes = np.abs(values[np.isfinite(values)])
    if not sizes.size or not sizes.max():
        return values
    unit = float(np.percentile(sizes, _PERCENTILE) or sizes.max())
    return values / unit


def _by_rank(values: Floats) -> Floats:
    """Replace each value by the rank of its magnitude; ties get their mean.

    The weakest of N positions has 0 and the strongest (N - 1) / N; a value of 0 stays
    0.
    """
    found = values.copy()
    finite = np.isfinite(values)
    sizes = np.abs(values[finite])
    shares = (ranks(sizes) - 1) / max(1, sizes.size)
    found[finite] = np.sign(values[finite]) * np.where(sizes > 0, shares, 0)
    return found


_WAYS = {Norm.PERCENTILE: _by_percentile, Norm.RANK: _by_rank}
_UNITS = {
    Norm.PERCENTILE: f"of {_PERCENTILE}th percentile",
    Norm.RANK: "rank",
}
