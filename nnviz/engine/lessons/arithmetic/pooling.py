"""Pooling and unpooling by hand, with the positions of the maxima."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.engine.lessons.arithmetic.sliding_window import output_size

Floats = NDArray[np.float64]
PoolKind = Literal["max", "average", "sum", "L2"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pooling:
    """Pooling over windows of one size; incomplete windows are left out.

    Attributes:
        inputs: float64 (R, C).
        kind: function of a window.
        size: side of the window.
        stride: step of the window; windows overlap where it is smaller than ``size``.
    """

    inputs: Floats
    kind: PoolKind = "max"
    size: int = 2
    stride: int = 2

    def __post_init__(self) -> None:
        """Refuse a window that is larger than the input."""
        if min(self.shape) < 1:
            rows, columns = self.inputs.shape
            raise UsageError(
                "--size",
                f"{self.size} does not fit into {rows} × {columns}",
                "make the input larger",
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        rows, columns = (
            output_size(side, self.size, 0, self.stride) for side in self.inputs.shape
        )
        return rows, columns

    def window(self, row: int, column: int) -> Floats:
        """Return the input cells of a window."""
        top, left = row * self.stride, column * self.stride
        return self.inputs[top : top + self.size, left : left + self.size]

    def value(self, row: int, column: int) -> float:
        """Return the pooled value of a window."""
        window = self.window(row, column)
        match self.kind:
            case "max":
                return float(window.max())
            case "average":
                return float(window.mean())
            case "sum":
                return float(window.sum())
            case "L2":
                return float(np.sqrt(np.square(window).sum()))

    def winner(self, row: int, column: int) -> tuple[int, int]:
        """Return the input row and column of a window's first maximum."""
        window = self.window(row, column)
        down, across = np.unravel_index(int(window.argmax()), window.shape)
        return row * self.stride + int(down), column * self.stride + int(across)

    def output(self) -> Floats:
        """Return all pooled values, float64 of ``shape``."""
        found = np.zeros(self.shape)
        for place in np.ndindex(self.shape):
            found[place] = self.value(*place)
        return found

    def gradient(self, upstream: Floats) -> Floats:
        """Backpropagate a gradient through the pooling; return the input's gradient.

        Max pooling passes each gradient to the maximum; the others divide it: equally,
        in full, or by value over norm.

        Args:
            upstream: of the output, float64 of ``shape``.
        """
        found = np.zeros(self.inputs.shape)
        for row, column in np.ndindex(self.shape):
            top, left = row * self.stride, column * self.stride
            part = found[top : top + self.size, left : left + self.size]
            part += upstream[row, column] * self._share(row, column)
        return found

    def _share(self, row: int, column: int) -> Floats:
        """Return the derivative of a window's value with respect to its cells."""
        window = self.window(row, column)
        match self.kind:
            case "max":
                top, left = self.winner(row, column)
                share = np.zeros(window.shape)
                share[top - row * self.stride, left - column * self.stride] = 1.0
                return share
            case "average":
                return np.full(window.shape, 1.0 / window.size)
            case "sum":
                return np.ones(window.shape)
            case "L2":
                norm = self.value(row, column)
                return window / norm if norm else np.zeros(window.shape)


def unpool_nearest(values: Floats, factor: int) -> Floats:
    """Repeat each value over a square of cells (nearest neighbor)."""
    return values.repeat(factor, 0).repeat(factor, 1)


def unpool_bed_of_nails(values: Floats, factor: int) -> Floats:
    """Place each value in the upper left cell of its square, zeros elsewhere."""
    found = np.zeros((values.shape[0] * factor, values.shape[1] * factor))
    found[::factor, ::factor] = values
    return found


def unpool_max(values: Floats, pooling: Pooling) -> Floats:
    """Place each value at the position of the maximum that max pooling found.

    Args:
        values: of the pooling's ``shape``.
        pooling: stores the positions.

    Raises:
        UsageError: the values are of another shape.
    """
    if values.shape != pooling.shape:
        rows, columns = pooling.shape
        raise UsageError(
            "--values", f"must be {rows} × {columns}", "give one for each window"
        )
    found = np.zeros(pooling.inputs.shape)
    for place in np.ndindex(pooling.shape):
        found[pooling.winner(*place)] = values[place]
    return found


def depth_to_space(channels: Floats, factor: int) -> Floats:
    """Interleave r² channels into one map (sub-pixel convolution, Shi et al. 2016).

    Args:
        channels: float64 (r², h, w).
        factor: r.

    Returns:
        (h r, w r); channel ``r · i + j`` fills row i, column j of each square.
    """
    _, rows, columns = channels.shape
    blocks = channels.reshape(factor, factor, rows, columns)
    return blocks.transpose(2, 0, 3, 1).reshape(rows * factor, columns * factor)
