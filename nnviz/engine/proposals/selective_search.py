"""Selective search: similar regions are merged, each a proposal of an object.

Uijlings, van de Sande, Gevers & Smeulders 2013 (doi:10.1007/s11263-013-0620-5).
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.engine.proposals.regions import (
    Floats,
    Labels,
    Regions,
    measure_regions,
    neighbors,
    segment,
)
from nnviz.engine.proposals.similarity import MEASURES

_ALL = tuple(MEASURES)
_WITHOUT_COLOR = ("texture", "size", "fill")
_COMBINATIONS = (_ALL, _WITHOUT_COLOR, ("fill",), ("size",))
_THIN = 4
"""px: thinner boxes are not objects."""
_REPEATED = 0.7
"""Overlap from which a box repeats another; strategies find most regions repeatedly."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """Settings of one hierarchical grouping.

    Attributes:
        space: color space, one of ``COLOR_SPACES``.
        measures: names of the similarities that are summed.
        scale: of the initial segmentation.
    """

    space: str
    measures: tuple[str, ...]
    scale: float


def strategies(mode: str) -> tuple[Strategy, ...]:
    """Return the strategies of a mode: "single" (1), "fast" (8) or "quality" (80).

    As in Uijlings et al. 2013, table 5.
    """
    spaces, mixes, scales = _MODES[mode]
    return tuple(
        Strategy(space, mix, scale)
        for scale in scales
        for space in spaces
        for mix in mixes
    )


_MODES: dict[str, tuple[Sequence[str], Sequence[tuple[str, ...]], Sequence[float]]] = {
    "single": (("HSV",), (_ALL,), (100,)),
    "fast": (("HSV", "Lab"), (_ALL, _WITHOUT_COLOR), (50, 100)),
    "quality": (("HSV", "Lab", "rgI", "H", "I"), _COMBINATIONS, (50, 100, 150, 300)),
}
MODES = tuple(_MODES)


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """The merges of a strategy, from many regions to one.

    Attributes:
        labels: int64 (H, W), the initial segments.
        merges: int64 (N - 1, 2), the pair that each step merges; the region that step i
            creates has index N + i.
        similarity: float32 (N - 1,), of each pair.
        boxes: float32 (2 N - 1, 4), of all regions, the initial segments first.
    """

    labels: Labels
    merges: NDArray[np.int64]
    similarity: Floats
    boxes: Floats

    @property
    def count(self) -> int:
        """Number of initial segments."""
        return len(self.merges) + 1

    def at(self, regions: int) -> Labels:
        """Return the segments at a number of remaining regions, int64 (H, W)."""
        names = np.arange(2 * self.count - 1)
        for step in range(self.count - min(max(regions, 1), self.count)):
            names[self.merges[step]] = self.count + step
        # A region may have been merged again: follow the names to the last one.
        last = names[names]
        while not np.array_equal(last, names):
            names, last = last, last[last]
        found: Labels = np.unique(names[self.labels], return_inverse=True)[1]
        return found.reshape(self.labels.shape)


def search(
    pixels: Floats,
    mode: str,
    random: np.random.Generator,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Floats]:
    """Yield the proposals after each strategy, the likeliest objects first.

    Regions are ranked by how late they were merged, times a random number, so that no
    strategy comes before another (section 4.1).  The paper drops duplicate boxes; near
    duplicates are dropped here as well: 2,000 boxes then cover more objects.

    Args:
        pixels: RGB, (H, W, 3) in [0, 1].
        mode: one of ``MODES``.
        random: source of the ranking's random numbers.
        check: called periodically; raises to abandon the search.

    Yields:
        float32 (N, 4): left, top, right, bottom, px.
    """  # fmt: skip
    boxes, ranks = np.empty((0, 4), np.float32), np.empty(0)
    for hierarchy in hierarchies(pixels, mode, check):
        # The last merge is the whole image: rank 1.
        late = np.arange(len(hierarchy.boxes), 0, -1)
        ranks = np.concatenate((ranks, late * random.random(len(late))))
        boxes = np.concatenate((boxes, hierarchy.boxes))
        yield _distinct(boxes[np.argsort(ranks, kind="stable")])


def hierarchies(
    pixels: Floats, mode: str, check: Callable[[], None] = lambda: None
) -> Iterator[Hierarchy]:
    """Yield the hierarchy of each strategy of a mode."""
    planes: dict[str, Floats] = {}
    first: dict[tuple[str, float], tuple[Labels, Regions]] = {}
    for each in strategies(mode):
        if each.space not in planes:
            planes[each.space] = COLOR_SPACES[each.space](pixels)
        key = each.space, each.scale
        if key not in first:
            plane = planes[each.space]
            labels = segment(plane, each.scale, int(each.scale))
            first[key] = labels, measure_regions(plane, labels)
        check()
        yield merge(*first[key], each.measures, check)


def merge(
    labels: Labels,
    regions: Regions,
    measures: Sequence[str],
    check: Callable[[], None] = lambda: None,
) -> Hierarchy:
    """Merge the most similar neighbors repeatedly (section 3.1, algorithm 1).

    Args:
        labels: int64 (H, W), the initial segments.
        regions: their histograms, sizes and boxes.
        measures: names of the similarities that are summed.
        check: called periodically; raises to abandon the merging.
    """
    count = len(regions.size)
    grown = _with_room(regions)
    touching = _touching(labels, count)
    chosen = [MEASURES[name] for name in measures]

    def alike(one: int, others: NDArray[np.int64]) -> Floats:
        parts = [measure(grown, one, others, labels.size) for measure in chosen]
        total: Floats = np.sum(parts, axis=0)
        return total

    queue = [
        (-similarity, one, other)
        for one in range(count)
        for others in [np.array([each for each in touching[one] if each > one], int)]
        if len(others)
        for other, similarity in zip(
            others.tolist(), alike(one, others).tolist(), strict=True
        )
    ]
    heapq.heapify(queue)
    merges: list[tuple[int, int]] = []
    similarities: list[float] = []
    while queue and len(merges) < count - 1:
        similarity, one, other = heapq.heappop(queue)
        if one not in touching or other not in touching:
            continue
        check()
        made = count + len(merges)
        merges.append((one, other))
        similarities.append(-similarity)
        _join(grown, one, other, made)
        around = (touching.pop(one) | touching.pop(other)) - {one, other}
        touching[made] = around
        for each in around:
            touching[each] -= {one, other}
            touching[each].add(made)
        if around:
            near = np.fromiter(around, np.int64)
            for each, value in zip(
                near.tolist(), alike(made, near).tolist(), strict=True
            ):
                heapq.heappush(queue, (-value, each, made))
    return Hierarchy(
        labels,
        np.array(merges, np.int64).reshape(-1, 2),
        np.array(similarities, np.float32),
        grown.boxes[: count + len(merges)],
    )


def _with_room(regions: Regions) -> Regions:
    """Return regions with empty rows appended for the merged regions."""

    def doubled(rows: Floats) -> Floats:
        room = np.zeros((len(rows) - 1, *rows.shape[1:]), np.float32)
        return np.concatenate((rows, room))

    return Regions(
        doubled(regions.color),
        doubled(regions.texture),
        doubled(regions.size),
        doubled(regions.boxes),
    )


def _touching(labels: Labels, count: int) -> dict[int, set[int]]:
    """Return the set of neighbors of each segment."""
    touching: dict[int, set[int]] = {each: set() for each in range(count)}
    for one, other in neighbors(labels).tolist():
        touching[one].add(other)
        touching[other].add(one)
    return touching


def _join(regions: Regions, one: int, other: int, made: int) -> None:
    """Write two regions' union: weighted histograms (equation 2), size and hull."""
    sizes = regions.size[[one, other]]
    total = sizes.sum()
    for histograms in (regions.color, regions.texture):
        histograms[made] = sizes @ histograms[[one, other]] / total
    regions.size[made] = total
    pair = regions.boxes[[one, other]]
    regions.boxes[made, :2] = pair[:, :2].min(0)
    regions.boxes[made, 2:] = pair[:, 2:].max(0)


def _distinct(boxes: Floats) -> Floats:
    """Return boxes without thin ones and near duplicates of earlier ones."""
    from torchvision.ops import nms  # noqa: PLC0415 -- 2 s, at its first use only

    # Strategies share their first segments, and so most of their small boxes.
    boxes = boxes[np.sort(np.unique(boxes, axis=0, return_index=True)[1])]
    sides = boxes[:, 2:] - boxes[:, :2]
    given = torch.from_numpy(boxes[(sides >= _THIN).all(1)])
    falling = -torch.arange(len(given), dtype=torch.float32)
    found: Floats = given[nms(given, falling, _REPEATED)].numpy()
    return found


def _hsv(pixels: Floats) -> Floats:
    from skimage.color import rgb2hsv  # noqa: PLC0415  slow to import

    found: Floats = rgb2hsv(pixels).astype(np.float32)
    return found


def _lab(pixels: Floats) -> Floats:
    """Convert RGB to CIE L*a*b*, each channel scaled to about [0, 1]."""
    from skimage.color import rgb2lab  # noqa: PLC0415  slow to import

    lab = rgb2lab(pixels).astype(np.float32)
    least, extent = np.array(((0, 128, 128), (100, 255, 255)), np.float32)
    scaled: Floats = (lab + least) / extent
    return scaled.astype(np.float32)


def _rg_intensity(pixels: Floats) -> Floats:
    """Return normalized red and green, and the intensity."""
    total = np.maximum(pixels.sum(2, keepdims=True), 1e-3)
    shares = pixels[..., :2] / total
    mean: Floats = pixels.mean(2, keepdims=True)
    return np.concatenate((shares, mean), 2).astype(np.float32)


def _hue(pixels: Floats) -> Floats:
    """Return the hue alone, as three equal planes."""
    return np.repeat(_hsv(pixels)[..., :1], 3, 2)


def _intensity(pixels: Floats) -> Floats:
    """Return the mean of red, green and blue, as three equal planes."""
    mean: Floats = pixels.mean(2, keepdims=True)
    return np.repeat(mean, 3, 2)


COLOR_SPACES: dict[str, Callable[[Floats], Floats]] = {
    "HSV": _hsv,
    "Lab": _lab,
    "rgI": _rg_intensity,
    "H": _hue,
    "I": _intensity,
}
"""From a color space's name to the conversion from RGB, (H, W, 3) in [0, 1]."""
