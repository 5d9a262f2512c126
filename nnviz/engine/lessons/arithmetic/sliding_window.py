"""Sliding windows by hand: output size, padding, and each output's window."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError

Floats = NDArray[np.float64]
Padding = Literal["valid", "same", "full"]


def output_size(size: int, kernel: int, padding: int, stride: int) -> int:
    """Return the output size along one axis, (n + 2p - k) / s + 1, rounded down.

    Args:
        size: of the input along the axis.
        kernel: extent of the kernel, including its holes.
        padding: zeros added at each end.
        stride: step of the window.
    """
    return (size + 2 * padding - kernel) // stride + 1


def dilated_extent(kernel: int, rate: int) -> int:
    """Return the extent of a dilated kernel, k + (k - 1)(r - 1)."""
    return kernel + (kernel - 1) * (rate - 1)


def zeros_around(extent: int, padding: Padding) -> tuple[int, int]:
    """Return the number of padding zeros before and after an axis.

    With stride 1, "same" gives as many outputs as inputs; for an even kernel one zero
    more is added after than before.
    """
    if padding == "valid":
        return 0, 0
    if padding == "full":
        return extent - 1, extent - 1
    before = (extent - 1) // 2
    return before, extent - 1 - before


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlidingWindow:
    """A kernel that slides over a padded input.

    Attributes:
        inputs: float64 (R, C), without padding.
        kernel: float64 (r, c), as applied to the input: a convolution's is flipped.
        padding: "valid", "same" or "full".
        stride: step of the window on both axes.
        rate: distance of a kernel's cells, 1 for no holes (atrous rate).
        bias: added to each sum.
    """

    inputs: Floats
    kernel: Floats
    padding: Padding = "valid"
    stride: int = 1
    rate: int = 1
    bias: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a kernel that is larger than the padded input."""
        if min(self.shape) < 1:
            height, width = self.padded.shape
            raise UsageError(
                "--kernel",
                f"spans {self.extent[0]} × {self.extent[1]} and does not fit into "
                f"{height} × {width}",
                "make the input larger, or pad it",
            )

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns that the kernel spans."""
        rows, columns = self.kernel.shape
        return dilated_extent(rows, self.rate), dilated_extent(columns, self.rate)

    @property
    def margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Padding zeros before and after, of the rows and of the columns."""
        rows, columns = self.extent
        return zeros_around(rows, self.padding), zeros_around(columns, self.padding)

    @property
    def padded(self) -> Floats:
        """The input with its zero padding."""
        return np.pad(self.inputs, self.margins)

    @property
    def is_padding(self) -> NDArray[np.bool_]:
        """Mask of the padding in ``padded``."""
        return ~np.pad(np.ones(self.inputs.shape, bool), self.margins)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        rows, columns = (
            output_size(size, extent, 0, self.stride)
            for size, extent in zip(self.padded.shape, self.extent, strict=True)
        )
        return rows, columns

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the row and column of each output position, row by row."""
        rows, columns = self.shape
        return ((row, column) for row in range(rows) for column in range(columns))

    def window(self, row: int, column: int) -> Floats:
        """Return the cells of the padded input under the kernel at a position."""
        top, left = row * self.stride, column * self.stride
        height, width = self.extent
        whole = self.padded[top : top + height, left : left + width]
        return whole[:: self.rate, :: self.rate]

    def products(self, row: int, column: int) -> Floats:
        """Return the elementwise product of window and kernel."""
        return self.window(row, column) * self.kernel

    def output(self) -> Floats:
        """Return the sums at all positions, float64 of ``shape``."""
        sums = [self.products(*place).sum() + self.bias for place in self.places()]
        return np.array(sums, np.float64).reshape(self.shape)
