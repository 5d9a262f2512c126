"""Agreement of two maps: rank correlation, and overlap of their top positions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Heatmap
from nnviz.render.maps import overlays
from nnviz.render.maps.overlays import Span

TOP_SHARE = 0.1
"""Share of the positions that count as a map's strongest."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Pairwise agreement of maps.

    Attributes:
        correlation: (N, N), Spearman's rank correlation, in [-1, 1]; NaN where a map
            has no range.
        overlap: (N, N), share of the strongest positions that two maps have in common.
        share: share of the positions that count as strongest.
    """

    correlation: Floats
    overlap: Floats
    share: float


def board_numbers(maps: Sequence[Heatmap], share: float = TOP_SHARE) -> Numbers:
    """Compute the agreement of every pair of maps.

    Args:
        maps: of the same image, at any resolution and in any frame.
        share: of the positions that count as strongest.
    """
    count = len(maps)
    correlation, overlap = np.zeros((2, count, count))
    for row in range(count):
        for column in range(row, count):
            first, second = common_grid(maps[row], maps[column])
            pair = rank_correlation(first, second), top_overlap(first, second, share)
            correlation[row, column], overlap[row, column] = pair
            correlation[column, row], overlap[column, row] = pair
    return Numbers(correlation, overlap, share)


def common_grid(first: Heatmap, second: Heatmap) -> tuple[Floats, Floats]:
    """Return two maps on a common grid, without signs unless both have them.

    An unsigned map has magnitudes only, so a signed one is compared by its absolute
    values (as in Adebayo et al. 2018, arXiv:1810.03292).

    Returns:
        Two float64 (h, w), as ``resampled`` makes them.
    """
    if first.signed and second.signed:
        return resampled(first, second)
    return resampled(_magnitudes(first), _magnitudes(second))


def _magnitudes(heat: Heatmap) -> Heatmap:
    return replace(heat, values=np.abs(heat.values), signed=False)


def resampled(first: Heatmap, second: Heatmap) -> tuple[Floats, Floats]:
    """Resample two maps to a common grid over the part of the image that both cover.

    Along each axis the grid has the resolution of the coarser map; each cell is the
    mean of a map over the cell's area.  So no map is compared beyond its own
    resolution.  Values that are not finite count as 0.

    Returns:
        Two float64 (h, w).
    """
    values: list[Floats] = [
        np.nan_to_num(each.values.astype(np.float64), nan=0, posinf=0, neginf=0)
        for each in (first, second)
    ]
    spans = [overlays.covered(each) for each in (first, second)]
    for axis in (0, 1):
        cells = [each.shape[axis] for each in values]
        weights = _shared(cells, [each[axis] for each in spans])
        values = [
            np.moveaxis(np.tensordot(weight, each, (1, axis)), 0, axis)
            for weight, each in zip(weights, values, strict=True)
        ]
    return values[0], values[1]


def _shared(cells: Sequence[int], spans: Sequence[Span]) -> list[Floats]:
    """Return each map's weights of cells in positions of the common grid."""
    start = max(span[0] for span in spans)
    stop = min(span[1] for span in spans)
    inside = [
        (stop - start) / (span[1] - span[0]) * count
        for count, span in zip(cells, spans, strict=True)
    ]
    places = max(1, round(min(inside)))
    edges = np.linspace(start, stop, places + 1)
    return [
        _areas((edges - span[0]) / (span[1] - span[0]) * count, count)
        for count, span in zip(cells, spans, strict=True)
    ]


def _areas(edges: Floats, cells: int) -> Floats:
    """Return area weights of old cells in new ones, (P, cells); rows sum to 1.

    Args:
        edges: (P + 1,) edges of the new cells, in units of the old ones.
        cells: number of old cells.
    """
    starts = np.arange(cells)
    upper = np.minimum(edges[1:, None], starts + 1)
    lower = np.maximum(edges[:-1, None], starts)
    shares: Floats = (upper - lower).clip(0)
    shares /= np.maximum(shares.sum(1, keepdims=True), 1e-12)
    return shares


def rank_correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return Spearman's rank correlation of two maps of the same shape.

    ``rho = cov(rank a, rank b) / (std(rank a) * std(rank b))``, where ties get the mean
    of their ranks (Spearman 1904; Kendall's treatment of ties).

    Returns:
        In [-1, 1]; NaN where all values of a map are the same.
    """
    one, two = ranks(first), ranks(second)
    one, two = one - one.mean(), two - two.mean()
    size = np.sqrt((one @ one) * (two @ two))
    return float(one @ two / size) if size > 0 else float("nan")


def ranks(values: NDArray[Any]) -> Floats:
    """Return the rank of each value, from 1; ties get the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place].ravel()


def top_overlap(
    first: NDArray[Any], second: NDArray[Any], share: float = TOP_SHARE
) -> float:
    """Return the overlap of two maps' top positions, as a share.

    ``|top_k(a) & top_k(b)| / k`` (Ghorbani et al. 2019, arXiv:1710.10547, "top-k
    intersection"), where k is a share of the positions, at least one.  Values are
    ordered by magnitude; ties go to the upper left position.

    Args:
        first: any shape.
        second: of the same shape.
        share: of the positions, in (0, 1].
    """
    count = max(1, round(share * first.size))
    one, two = (
        np.argsort(-np.abs(each.ravel()), kind="stable")[:count]
        for each in (first, second)
    )
    return float(np.isin(one, two).mean())
