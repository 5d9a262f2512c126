"""Blum and Li's construction: approximation of functions by step neurons on tiles.

Blum & Li 1991 (doi:10.1016/0893-6080(91)90047-9).  The square is divided into tiles; a
tile's step neurons detect whether x lies in it, an AND neuron joins them, and the
output adds the function's value at the tile's center.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Function = Callable[[Numbers, Numbers], Numbers]


def _hills(x: Numbers, y: Numbers) -> Numbers:
    first = np.exp(-20 * ((x - 0.3) ** 2 + (y - 0.35) ** 2))
    second = np.exp(-35 * ((x - 0.7) ** 2 + (y - 0.65) ** 2))
    return np.asarray(first + 0.7 * second, np.float64)


def _waves(x: Numbers, y: Numbers) -> Numbers:
    return np.asarray(np.sin(2 * np.pi * x) * np.cos(2 * np.pi * y), np.float64)


def _disc(x: Numbers, y: Numbers) -> Numbers:
    return ((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.1).astype(np.float64)  # noqa: PLR2004


def _slope(x: Numbers, y: Numbers) -> Numbers:
    return (x + y) / 2


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {"hills": _hills, "waves": _waves, "disc": _disc, "slope": _slope}
)
"""Functions on the unit square, by name."""


def count_units(tiles: int) -> int:
    """Return the number of neurons for n × n tiles.

    Two step neurons along each axis for every row and column, shared between neighbors:
    2(n + 1) steps.  Each tile needs an AND neuron and one that multiplies by the
    function's value: 2n².  The sum is one more: 1000 × 1000 tiles take two million.
    """
    return 2 * tiles**2 + 2 * (tiles + 1) + 1


def approximate(function: Function, tiles: int, x: Numbers, y: Numbers) -> Numbers:
    """Return the constructed network's outputs at points (N,) of the unit square.

    Evaluated like the network: step neurons of both axes, AND neurons, the sum.
    """
    edges = np.arange(tiles + 1) / tiles
    middles = (edges[1:] + edges[:-1]) / 2
    values = function(*np.meshgrid(middles, middles, indexing="ij"))
    columns = _inside(x, edges)
    rows = _inside(y, edges)
    return np.asarray((columns @ values * rows).sum(axis=1), np.float64)


def _inside(x: Numbers, edges: Numbers) -> Numbers:
    """Return each point's interval as 0 or 1, by two steps and an AND, (N, tiles)."""
    reached = (x[:, None] - edges[None] >= 0).astype(np.float64)
    reached[x >= 1, -1] = 0
    both = reached[:, :-1] - reached[:, 1:] - 0.5
    return (both >= 0).astype(np.float64)


def sample_square(side: int) -> tuple[Numbers, Numbers]:
    """Return the centers of side × side cells of the unit square, (side²,) each."""
    middles = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(middles, middles)
    return x.ravel(), y.ravel()


def mean_square_error(function: Function, tiles: int, side: int = 120) -> float:
    """Return ∫ (F − Net)² over the unit square, by the midpoint rule."""
    x, y = sample_square(side)
    gap = function(x, y) - approximate(function, tiles, x, y)
    return float(np.square(gap).mean())
