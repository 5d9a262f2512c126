"""Color maps: the only place where numbers become colors."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import unknown
from nnviz.base.shipped.resources import resource
from nnviz.render.palette import BROKEN, EMPTY
from nnviz.render.text.words import number

SEQUENTIAL = ("inferno", "magma", "viridis", "cividis", "grey")
"""Perceptually uniform sequential maps; the first is the default."""
DIVERGING = ("berlin", "vanimo", "blue-red")
"""Diverging maps with a neutral middle; dark in the middle except the last."""
INK = "ink"
"""White to black, for unsigned numbers on a white background."""
LEVELS = 256
_TINY, _HUGE = 1e-300, 1e37
"""Ranges below the first count as empty; those above the second need float64."""

Values = NDArray[Any]
Colors = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Scale:
    """The range of numbers that a color map spans.

    Attributes:
        low: number at the first color.
        high: number at the last color.
        signed: whether the middle of the colors stands for zero.
        problem: why nothing, or not everything, is visible ("all values are 0", "12
            values are not finite"); empty if all is well.
        clipped: how the range was cut ("99 % of the values"); empty if it is whole.
    """

    low: float
    high: float
    signed: bool
    problem: str = ""
    clipped: str = ""

    @property
    def flat(self) -> bool:
        """Whether the range is empty, so that no color means anything."""
        return not self.high > self.low


def default_map(*, signed: bool, light: bool = False) -> str:
    """Return the name of the default color map.

    Args:
        signed: whether the values are signed.
        light: whether the surroundings are light, as the middle should be then.
    """
    if signed:
        return DIVERGING[-1] if light else DIVERGING[0]
    return SEQUENTIAL[0]


@cache
def _tables() -> dict[str, Colors]:
    with np.load(resource("colormaps.npz")) as archive:
        tables = {name: archive[name] for name in archive.files}
    return tables | {INK: np.ascontiguousarray(tables["grey"][::-1])}


def table(name: str) -> Colors:
    """Return a color map: uint8 (256, 3), first to last.

    Raises:
        UsageError: there is no color map of this name.
    """
    tables = _tables()
    if name not in tables:
        raise unknown("color map", name, tables)
    return tables[name]


def scale_of(values: Values, *, signed: bool, percentile: float | None = None) -> Scale:
    """Return the range that the colors of some values span.

    Args:
        values: any shape; NaN and infinities are ignored and reported.
        signed: make the range symmetric about zero.
        percentile: span only this percentage of the values, so that a few outliers do
            not darken the rest: of the absolute values if signed, else clipped equally
            at both ends.
    """
    finite, broken = _finite(values)
    if not finite.size:
        return Scale(0, 0, signed, "no value is finite")
    low, high = _range(finite, signed=signed, percentile=percentile)
    clipped = f"{percentile:g} % of the values" if percentile is not None else ""
    problem = f"{broken} of {values.size} values are not finite" if broken else ""
    if not high > low:
        smallest = float(finite.min())
        constant = smallest == float(finite.max())
        what = f"all values are {number(smallest)}" if constant else "no range to show"
        problem = f"{what}, {problem}" if problem else what
    return Scale(low, high, signed, problem, clipped)


def _finite(values: Values) -> tuple[Values, int]:
    """Return the finite values and the number of the others, copying only if needed."""
    if not values.size or (np.isfinite(values.min()) and np.isfinite(values.max())):
        return values, 0
    kept = values[np.isfinite(values)]
    return kept, values.size - kept.size


def _range(
    values: Values, *, signed: bool, percentile: float | None
) -> tuple[float, float]:
    if percentile is None:
        low, high = float(values.min()), float(values.max())
        limit = max(abs(low), abs(high))
        return (-limit, limit) if signed else (low, high)
    if signed:
        limit = float(np.percentile(np.abs(values), percentile))
        return -limit, limit
    tail = (100 - percentile) / 2
    return float(np.percentile(values, tail)), float(np.percentile(values, 100 - tail))


def levels(values: Values, low: Any, high: Any) -> Colors:
    """Return the index into the color table of each value, uint8.

    ``floor(256 * (value - low) / (high - low))``, clamped to 0..255, as in matplotlib's
    color maps.

    Args:
        values: finite numbers, any shape.
        low: number at row 0; a scalar or an array that fits the values.
        high: number at row 255; where it equals ``low`` the row is 0.
    """
    span = np.asarray(high, np.float64) - np.asarray(low, np.float64)
    factor = np.divide(LEVELS, span, out=np.zeros_like(span), where=span > _TINY)
    narrow = values.dtype.itemsize <= 4 and span.max() < _HUGE  # noqa: PLR2004
    kind = np.float32 if narrow else np.float64
    scaled = np.subtract(values, low, dtype=kind)
    np.multiply(scaled, factor, out=scaled, casting="same_kind")
    np.clip(scaled, 0, LEVELS - 1, out=scaled)
    rows: Colors = scaled.astype(np.uint8)
    return rows


def look_up(rows: Colors, name: str) -> Colors:
    """Return the colors at indices of a table, uint8 (..., 3)."""
    # mode="clip" skips the bounds check, which uint8 cannot fail: 3 x faster.
    return np.take(table(name), rows, axis=0, mode="clip")


def apply(values: Values, name: str, low: float, high: float) -> Colors:
    """Return the color of each value.

    Args:
        values: any shape.
        name: of the color map.
        low: number at the first color.
        high: number at the last color; if it is not above ``low``, everything is
            painted in one neutral gray.

    Returns:
        uint8 (..., 3); values that are not finite in a lighter gray.
    """
    if not high > low:
        colors = np.empty((*values.shape, 3), np.uint8)
        colors[...] = EMPTY
    else:
        colors = look_up(levels(_tame(values, low), low, high), name)
    broken = ~np.isfinite(values)
    if broken.any():
        colors[broken] = BROKEN
    return colors


def _tame(values: Values, fill: float) -> Values:
    """Return the values with everything that is not finite replaced."""
    finite = np.isfinite(values)
    return values if finite.all() else np.where(finite, values, fill)
