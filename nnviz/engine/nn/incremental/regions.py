"""Regions of feature maps that can change between images: interval arithmetic.

All along one axis at a time: a region of a map is the product of two intervals.  The
arithmetic of sliding windows follows Dumoulin & Visin 2016 (arXiv:1603.07285), chapter
2.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class Sliding(NamedTuple):
    """Sliding window of a convolution or a pooling, along one axis."""

    kernel: int
    stride: int
    padding: int
    dilation: int

    @property
    def reach(self) -> int:
        """Distance from a window's first position to its last."""
        return self.dilation * (self.kernel - 1)


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """The positions along one axis that can change, for each image of a batch.

    Attributes:
        first: (N,), the first position.
        end: (N,), one past the last position.
        side: length of the map.
    """

    first: Numbers
    end: Numbers
    side: int

    @property
    def lengths(self) -> Numbers:
        """Number of positions, (N,)."""
        return self.end - self.first

    def slid(self, window: Sliding, side: int) -> "Interval":
        """Return the output positions of a sliding window that read any of these.

        Args:
            window: slides along the axis.
            side: length of the output map.
        """
        first = -((window.reach - window.padding - self.first) // window.stride)
        end = (self.end - 1 + window.padding) // window.stride + 1
        # If a window skips all of them, one position remains, which is unchanged.
        first = np.clip(first, 0, side - 1)
        return Interval(first, np.clip(end, first + 1, side), side)

    def joined(self, other: "Interval") -> "Interval":
        """Return the hull of two intervals for each image."""
        if other is self:
            return self
        first = np.minimum(self.first, other.first)
        return Interval(first, np.maximum(self.end, other.end), self.side)


@dataclass(frozen=True, eq=False, slots=True)
class Rectangles:
    """One rectangle for each image of a batch; may extend past the map's edges.

    Their positions are stored row by row, one image after the other.

    Attributes:
        tops: (N,), first row.
        lefts: (N,), first column.
        heights: (N,).
        widths: (N,).
        order: (N,), the images in storage order.
    """

    tops: Numbers
    lefts: Numbers
    heights: Numbers
    widths: Numbers
    order: Numbers

    @property
    def count(self) -> int:
        """Total number of places over all images."""
        return int((self.heights * self.widths).sum())

    def offsets(self) -> Numbers:
        """Return the index of each image's first stored place, (N,)."""
        areas = (self.heights * self.widths)[self.order]
        offsets = np.empty_like(areas)
        offsets[self.order] = np.cumsum(areas) - areas
        return offsets

    def places(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return image, row and column of each place, in storage order."""
        areas = (self.heights * self.widths)[self.order]
        image = np.repeat(self.order, areas)
        within = np.arange(len(image)) - np.repeat(np.cumsum(areas) - areas, areas)
        down, across = np.divmod(within, self.widths[image])
        return image, down + self.tops[image], across + self.lefts[image]


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """Region of a map that can change, and the rectangles stored to cover it.

    Attributes:
        rows: which can differ.
        columns: which can differ.
        kept: the rectangles to store: these or slightly larger, so that images share
            shapes.
        groups: numbers of consecutive images in ``kept.order`` that share a shape.
    """

    rows: Interval
    columns: Interval
    kept: Rectangles
    groups: tuple[int, ...]

    @property
    def fraction(self) -> float:
        """Stored places as a share of the maps' places."""
        return self.kept.count / (
            len(self.rows.first) * self.rows.side * self.columns.side
        )

    def joined(self, other: "Region") -> "Region":
        """Return the hull of two regions for each image."""
        if other is self:
            return self
        rows = self.rows.joined(other.rows)
        return keep(rows, self.columns.joined(other.columns), 0, 0)


def keep(
    rows: Interval, columns: Interval, place_cost: float, group_cost: float
) -> Region:
    """Return a region with rectangles to store, enlarged so that images share shapes.

    Args:
        rows: which can differ.
        columns: which can differ.
        place_cost: of computing one position.
        group_cost: of computing one more shape separately.
    """
    shapes = list(zip(rows.lengths.tolist(), columns.lengths.tolist(), strict=True))
    given = _grouped(shapes, place_cost, group_cost)
    heights, widths = np.array([given[shape] for shape in shapes], np.int64).T
    order = np.lexsort((widths, heights))
    sizes = Counter(zip(heights[order].tolist(), widths[order].tolist(), strict=True))
    kept = Rectangles(
        np.minimum(rows.first, rows.side - heights),
        np.minimum(columns.first, columns.side - widths),
        heights,
        widths,
        order,
    )
    return Region(rows, columns, kept, tuple(sizes.values()))


Shape = tuple[int, int]


def _grouped(
    shapes: Sequence[Shape], place_cost: float, group_cost: float
) -> dict[Shape, Shape]:
    """Return the stored shape for each shape: greedily grouped, largest first.

    A shape joins the group that is cheapest to enlarge, if that costs less than a group
    of its own.
    """
    counts = Counter(shapes)
    groups: list[tuple[int, int, int]] = []
    members: list[list[Shape]] = []
    for shape in sorted(counts, key=lambda each: -each[0] * each[1]):
        own = *shape, counts[shape]
        best, place = group_cost, len(groups)
        for at, group in enumerate(groups):
            cost = place_cost * _enlargement(group, own)
            if cost < best:
                best, place = cost, at
        if place == len(groups):
            groups.append(own)
            members.append([])
        else:
            groups[place] = _hull(groups[place], own)
        members[place].append(shape)
    return {
        shape: group[:2]
        for group, joined in zip(groups, members, strict=True)
        for shape in joined
    }


def _hull(
    first: tuple[int, int, int], second: tuple[int, int, int]
) -> tuple[int, int, int]:
    """Return height, width and image count of two merged groups."""
    height, width = max(first[0], second[0]), max(first[1], second[1])
    return height, width, first[2] + second[2]


def _enlargement(first: tuple[int, int, int], second: tuple[int, int, int]) -> int:
    """Return the number of extra places that merging two groups would store."""
    height, width, images = _hull(first, second)
    apart = first[0] * first[1] * first[2] + second[0] * second[1] * second[2]
    return height * width * images - apart


def seen_from(region: Region, rows: Sliding, columns: Sliding) -> Rectangles:
    """Return the input rectangles that sliding windows read to compute a region."""
    kept = region.kept
    return Rectangles(
        kept.tops * rows.stride - rows.padding,
        kept.lefts * columns.stride - columns.padding,
        (kept.heights - 1) * rows.stride + rows.reach + 1,
        (kept.widths - 1) * columns.stride + columns.reach + 1,
        kept.order,
    )


def whole_maps(region: Region) -> Rectangles:
    """Return rectangles of each image's whole map, the images in order."""
    count = len(region.rows.first)
    none = np.zeros(count, np.int64)
    return Rectangles(
        none,
        none,
        none + region.rows.side,
        none + region.columns.side,
        np.arange(count),
    )


def gather_index(
    held: Region, wanted: Rectangles, padding: int, maps: int, parts: int
) -> Numbers:
    """Return the row index of each place of rectangles.

    Args:
        held: the part stored for each image, besides the whole map shared by all.
        wanted: rectangles to read.
        padding: index of the row that stands for positions off the map.
        maps: index of the whole map's first position.
        parts: index of the first position of ``held``.

    Returns:
        (positions,), in the order of ``wanted``.
    """
    image, row, column = wanted.places()
    kept = held.kept
    down, across = row - kept.tops[image], column - kept.lefts[image]
    width = kept.widths[image]
    inside = (down >= 0) & (down < kept.heights[image])
    inside &= (across >= 0) & (across < width)
    own = parts + kept.offsets()[image] + down * width + across
    index = np.where(inside, own, maps + row * held.columns.side + column)
    off = (row < 0) | (row >= held.rows.side)
    off |= (column < 0) | (column >= held.columns.side)
    index[off] = padding
    return index
