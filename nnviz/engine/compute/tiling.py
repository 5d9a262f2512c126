"""Tiled gradients: tiles whose gradients add up to the whole image's.

Each position of a layer's map counts in one tile only.  Where a tile holds all pixels
that its positions depend on, the sum of the gradients equals the whole image's up to
rounding, so no seams can appear.  Where tiles would be too large, the weights are
blended from tile to tile instead.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from nnviz.engine.compute.span import Span
from nnviz.engine.imaging.pyramid import Size

Spans = Mapping[str, tuple[Span, Span] | None]
"""By layer, which pixels its positions depend on along y and x; None where unknown."""

_UNKNOWN_STEP = 32
"""Step of the tiles, px, where a layer's step is not known."""
_FEWEST = 4
"""Minimum steps in a tile: two shared with neighbors, two of its own."""
_COSTLIEST = 1 / 3
"""Fraction of a tile's side that the overlap with other tiles may take."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The context that positions of some layers need along one axis, for laying tiles.

    Attributes:
        step: px; tiles begin at multiples of it.
        before: px that a tile needs before the first position that counts.
        after: likewise after the last.
        whole: whether this is their whole receptive field.
    """

    step: int
    before: int
    after: int
    whole: bool = True

    @property
    def overlap(self) -> int:
        """Px that neighboring tiles share."""
        return self.before + self.after

    def within(self, most: int) -> "Reach":
        """Return this reach, or a truncated one of at most ``most`` px."""
        if self.whole and self.overlap <= most:
            return self
        half = max(self.step, most // 2 // self.step * self.step)
        return Reach(self.step, half, half, whole=False)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A tile along one axis.

    Attributes:
        start: first px that goes through the network.
        stop: one past the last.
        first: px from which positions count; minus infinity at the image's edge.
        last: px up to which they count; infinity at the image's edge.
        fade: px over which their weight rises and falls, half of it on either side.
    """

    start: int
    stop: int
    first: float
    last: float
    fade: float

    def weights(self, places: int, pitch: float) -> Tensor:
        """Return the weight of each position of a map, (places,) in [0, 1].

        Args:
            places: number of positions of the map along this axis.
            pitch: px from one position to the next; 0 where not known.
        """
        pitch = pitch or (self.stop - self.start) / places
        centers = self.start + pitch * (torch.arange(places) + 0.5)
        if not self.fade:
            return ((centers >= self.first) & (centers < self.last)).float()
        rising = (centers - self.first) / self.fade + 0.5
        falling = (self.last - centers) / self.fade + 0.5
        return rising.clamp(0, 1) * falling.clamp(0, 1)


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of an image that goes through the network in one pass."""

    rows: Stretch
    columns: Stretch

    @property
    def part(self) -> tuple[slice, slice]:
        """Rows and columns of the image."""
        return (
            slice(self.rows.start, self.rows.stop),
            slice(self.columns.start, self.columns.stop),
        )

    def weights(self, size: Size, pitches: tuple[float, float]) -> Tensor:
        """Return the weight of each position of a map of a size, (h, w)."""
        rows = self.rows.weights(size[0], pitches[0])
        return rows[:, None] * self.columns.weights(size[1], pitches[1])


@dataclass(frozen=True, slots=True)
class Tiling:
    """A tiling of images: the size of tiles and their overlap.

    Attributes:
        side: of the largest tile, px.
        rows: context that positions need above and below.
        columns: likewise to the sides.
    """

    side: int
    rows: Reach
    columns: Reach

    def tiles(self, size: Size) -> Iterator[Tile]:
        """Yield tiles that cover an image: a single one if it is small enough."""
        down = stretches(size[0], self.side, self.rows)
        across = stretches(size[1], self.side, self.columns)
        for rows, columns in product(down, across):
            yield Tile(rows, columns)

    def splits(self, size: Size) -> bool:
        """Tell whether an image of this size is split into tiles."""
        return max(size) > self.side

    def exact(self, size: Size) -> bool:
        """Tell whether the tiles' gradients add up to the whole image's."""
        most = self.side * _COSTLIEST
        return not self.splits(size) or all(
            reach.whole and reach.overlap <= most for reach in (self.rows, self.columns)
        )


def tiling(side: int, spans: Spans | None) -> Tiling:
    """Return the tiling for layers with some receptive fields.

    Args:
        side: of the largest tile, px.
        spans: of the layers that are read; None where not known.
    """
    known = [each for each in (spans or {}).values() if each is not None]
    if spans is None or len(known) < len(spans):
        blind = Reach(_UNKNOWN_STEP, 0, 0, whole=False)
        return Tiling(side, blind, blind)
    rows, columns = (reach_of(each[axis] for each in known) for axis in (0, 1))
    return Tiling(side, rows, columns)


def reach_of(spans: Iterable[Span]) -> Reach:
    """Return the reach of positions with these receptive fields."""
    listed = list(spans)
    step = math.lcm(*(span.jump for span in listed))
    before = max(0, *(-span.low for span in listed))
    after = max(0, *(span.high + 1 - span.jump for span in listed))
    return Reach(step, _up(before, step), _up(after, step))


def stretches(length: int, side: int, reach: Reach) -> list[Stretch]:
    """Return tiles along an axis, all of one length but the last.

    Args:
        length: of the image, px.
        side: maximum side of a tile, px; at least four steps.
        reach: the context that neighbors share.
    """
    if length <= side:
        return [Stretch(0, length, -math.inf, math.inf, 0)]
    side = max(side, _FEWEST * reach.step)
    reach = reach.within(int(side * _COSTLIEST))
    room = max(reach.step, (side - reach.overlap) // reach.step * reach.step)
    count = max(1, math.ceil((length - reach.overlap) / room))
    # All tiles alike: a sliver as the last one might be too small for the network.
    room = _up(math.ceil((length - reach.overlap) / count), reach.step)
    fade = 0 if reach.whole else reach.overlap / 2
    borders = [
        start + reach.before for start in range(room, length - reach.overlap, room)
    ]
    firsts, lasts = [-math.inf, *borders], [*borders, math.inf]
    return [
        Stretch(
            index * room,
            min(length, (index + 1) * room + reach.overlap),
            first,
            last,
            fade,
        )
        for index, (first, last) in enumerate(zip(firsts, lasts, strict=True))
    ]


def _up(number: int, step: int) -> int:
    """Round a number up to a multiple of a step."""
    return -(-number // step) * step
