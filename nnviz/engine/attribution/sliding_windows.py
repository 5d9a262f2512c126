"""Sliding windows over an image: their layout, order, and mean over each pixel.

The order is fixed, coarse to fine, and never depends on the results of earlier windows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Spans = tuple[tuple[int, int], ...]
"""First pixel and one past the last, of each window along one axis."""
Drops = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Windows:
    """A grid of windows.

    Attributes:
        rows: spans from top to bottom.
        columns: spans from left to right.
        order: int64 (N, 2), row and column of each window, coarse to fine.
    """

    rows: Spans
    columns: Spans
    order: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.order)

    def box(self, index: int) -> tuple[slice, slice]:
        """Return the rows and columns of the image that a window covers."""
        row, column = self.order[index]
        return slice(*self.rows[row]), slice(*self.columns[column])


def lay_windows(
    size: tuple[int, int], window: int, stride: int, *, cut: bool
) -> Windows:
    """Lay out windows that cover an image.

    Args:
        size: height and width, px.
        window: side, px; cut to the image along an axis that is shorter.
        stride: between neighbors, px; not larger than the window.
        cut: cut off the last window of a row where it extends past the edge, as captum
            does; else it is shifted inside, so that all are of one size.
    """
    rows, columns = (_spans(side, min(window, side), stride, cut=cut) for side in size)
    return Windows(rows, columns, interleaved(len(rows), len(columns)))


def _spans(side: int, window: int, stride: int, *, cut: bool) -> Spans:
    count = -(-(side - window) // stride) + 1
    starts = [index * stride for index in range(count)]
    if not cut:
        starts = [min(start, side - window) for start in starts]
    return tuple((start, min(start + window, side)) for start in starts)


def interleaved(rows: int, columns: int) -> NDArray[np.int64]:
    """Return all cells of a grid, every 2^k-th before those between them.

    The two-dimensional van der Corput order: the bits of row and column, alternating
    and read backwards, counted up.

    Returns:
        int64 (rows * columns, 2).
    """
    bits = _bits(rows, columns)
    row, column = np.indices((rows, columns)).reshape(2, -1)
    rank = np.zeros(rows * columns, np.int64)
    for bit in range(bits):
        place = 2 * (bits - 1 - bit)
        rank |= ((row >> bit) & 1) << place | ((column >> bit) & 1) << (place + 1)
    return np.stack([row, column], axis=1)[np.argsort(rank)]


def filled(grid: Drops) -> Drops:
    """Fill the unknown cells of a grid with the nearest coarser value.

    Args:
        grid: (rows, columns), NaN where not known; known in ``interleaved`` order and
            in at least one cell.
    """
    rows, columns = grid.shape
    found = np.full(grid.shape, np.nan)
    for bit in range(_bits(rows, columns), -1, -1):
        at = np.ix_(_nearest(rows, 1 << bit), _nearest(columns, 1 << bit))
        found = np.where(np.isnan(grid[at]), found, grid[at])
    return found


def _nearest(count: int, step: int) -> NDArray[np.int64]:
    """Return the nearest multiple of the step for each index."""
    last = (count - 1) // step * step
    places = np.arange(count)
    nearest: NDArray[np.int64] = np.minimum((places + step // 2) // step * step, last)
    return nearest


def _bits(rows: int, columns: int) -> int:
    return max(1, (max(rows, columns) - 1).bit_length())


def mean_over_windows(windows: Windows, grid: Drops, size: tuple[int, int]) -> Drops:
    """Return for each pixel the mean over the windows that cover it (captum's rule).

    Args:
        windows: cover every pixel.
        grid: (rows, columns), one number per window.
        size: of the image.
    """
    # A window is a product of two spans, so sums over windows separate too.
    down, across = _covers(windows.rows, size[0]), _covers(windows.columns, size[1])
    total = down.T @ grid @ across
    count = np.outer(down.sum(0), across.sum(0))
    mean: Drops = total / count
    return mean


def _covers(spans: Spans, side: int) -> Drops:
    """Return the indicator matrix (windows, pixels) of covered pixels."""
    pixels = np.arange(side)
    first, end = np.array(spans).T[..., None]
    inside: Drops = ((first <= pixels) & (pixels < end)).astype(np.float64)
    return inside
