"""Selective search: proposals of objects from regions merged by similarity."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.frames import Frame, Placement
from nnviz.base.info import Capabilities, Reference
from nnviz.base.parameters import Essential, Help, Range, Title, Unit
from nnviz.base.results import Boxes, ColorImage, Heatmap, Report, Table
from nnviz.engine.detection.warped_regions import working_image
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.proposals.regions import Labels, measure_regions
from nnviz.engine.proposals.selective_search import (
    COLOR_SPACES,
    Hierarchy,
    hierarchies,
    search,
    strategies,
)
from nnviz.engine.proposals.similarity import MEASURES

_LISTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectiveSearchParams:
    """Parameters of selective search: strategies, size, display."""

    mode: Annotated[
        Literal["fast", "single", "quality"],
        Help("Number of strategies combined: 1, 8 (fast) or 80 (quality)."),
        Essential(),
    ] = "fast"
    regions: Annotated[
        int,
        Title("Regions left"),
        Range(1, 2000, log=True),
        Help("Shows the merging when this many regions are left."),
        Essential(),
    ] = 40
    shown: Annotated[
        int,
        Title("Boxes shown"),
        Range(1, 1000, log=True),
        Help("Draws this many proposals, the likeliest objects first."),
        Essential(),
    ] = 60
    limit: Annotated[
        int,
        Title("Maximum proposals"),
        Range(10, 10000, log=True),
        Help("Keeps this many of the proposals."),
    ] = 2000
    size: Annotated[
        int,
        Title("Working size"),
        Range(64, 1600),
        Unit("px"),
        Help("Longer side to which the image is resized for the search."),
    ] = 640


@register(
    "selective_search",
    title="Selective search",
    group="Inspect",
    capabilities=Capabilities(workspace="Inspect"),
    live=False,
    reference=Reference("Uijlings et al. 2013", "doi:10.1007/s11263-013-0620-5"),
)
class SelectiveSearch:
    """Object proposals from segments merged by color, texture, size and fill."""

    Params: ClassVar[type] = SelectiveSearchParams
    shows: ClassVar[str] = (
        "Boxes that may hold an object, found without a network: segments of the "
        "image are merged, the most similar neighbors first, and each region's box "
        "is kept."
    )
    reading: ClassVar[str] = (
        'Change "Regions left" to walk through the merging. R-CNN (2014) ran a '
        "network on each of about 2,000 such boxes; the coverage map shows where "
        "they crowd."
    )
    misleads: ClassVar[str] = (
        "The order is half random: early boxes are no more certain than late ones. "
        "The search knows no classes, and objects of a few pixels are missed."
    )
    presets: ClassVar[Presets] = {
        "demo": {"size": 200, "mode": "single"},
        "2,000 proposals": {"mode": "fast", "limit": 2000},
    }

    def run(self, ctx: Context, params: SelectiveSearchParams) -> Iterator[Report]:
        """Yield a report after each strategy: proposals, segments, merges, coverage."""
        pixels, scale = working_image(ctx.image, params.size)
        seed = int(ctx.generator.initial_seed())
        random = np.random.default_rng(seed)
        first = next(iter(hierarchies(pixels, "single", ctx.check)))
        steps = _merging(pixels, first, params.regions)
        total = len(strategies(params.mode))
        for done, boxes in enumerate(search(pixels, params.mode, random, ctx.check), 1):
            ctx.step(done, total, noun="strategy")
            found = boxes[: params.limit]
            yield Report(
                {
                    "proposals": _drawn(found[: params.shown] * scale),
                    **steps,
                    "coverage": _coverage(found, pixels.shape[:2], ctx.placement),
                },
                (f"{len(found)} proposals from {done} of {total} strategies",
                 f"searched at {pixels.shape[1]} × {pixels.shape[0]} px"),
            )  # fmt: skip


def _merging(
    pixels: NDArray[np.float32], first: Hierarchy, regions: int
) -> dict[str, ColorImage | Table]:
    """Return the segments, the regions at one step, and the next merges."""
    step = max(0, first.count - max(1, regions))
    return {
        "segments": _painted(pixels, first.labels),
        "regions": _painted(pixels, first.at(regions)),
        "merges": _merges(pixels, first, step),
    }


def _painted(pixels: NDArray[np.float32], labels: Labels) -> ColorImage:
    """Fill each region with its mean color."""
    counts = np.bincount(labels.ravel())
    means = [
        np.bincount(labels.ravel(), pixels[..., channel].ravel()) / counts
        for channel in range(3)
    ]
    return ColorImage(pixels=np.stack(means, 1).astype(np.float32)[labels].clip(0, 1))


def _merges(pixels: NDArray[np.float32], first: Hierarchy, step: int) -> Table:
    """Return the table of the next merges' similarities, by component.

    The components are recomputed for the regions at that step.
    """
    labels = first.at(first.count - step)
    rows: list[tuple[str | float, ...]] = []
    for index in range(step, min(step + _LISTED, len(first.merges))):
        one, other = _regions_of(first, index)
        pair = np.where(one[first.labels], 1, np.where(other[first.labels], 2, 0))
        measured = measure_regions(COLOR_SPACES["HSV"](pixels), pair.astype(np.int64))
        parts = [
            float(measure(measured, 1, np.array([2]), labels.size)[0])
            for measure in MEASURES.values()
        ]
        left = first.count - index - 1
        rows.append((f"{left + 1} to {left}", *parts, float(first.similarity[index])))
    return Table(columns=("regions", *MEASURES, "sum"), rows=tuple(rows))


def _regions_of(
    first: Hierarchy, place: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the masks of initial segments in the two regions of a merge."""
    members = [np.arange(first.count) == each for each in range(first.count)]
    for one, other in first.merges[:place]:
        members.append(members[one] | members[other])
    one, other = first.merges[place]
    return members[one], members[other]


def _drawn(boxes: NDArray[np.float32]) -> Boxes:
    count = len(boxes)
    return Boxes(
        boxes=boxes.astype(np.float32),
        scores=np.ones(count, np.float32),
        classes=np.zeros(count, np.int64),
        labels=("proposal",),
        captions=("",) * count,
        faint=np.ones(count, np.bool_),
        objects=False,
    )


def _coverage(
    boxes: NDArray[np.float32], size: tuple[int, ...], place: Placement
) -> Heatmap:
    """Return the number of proposals over each px of the image."""
    counts = np.zeros((size[0] + 1, size[1] + 1))
    left, top, right, bottom = boxes.round().astype(int).T
    for rows, columns, sign in (
        (top, left, 1), (bottom, right, 1), (top, right, -1), (bottom, left, -1),
    ):  # fmt: skip
        np.add.at(counts, (rows, columns), sign)
    values = counts.cumsum(0).cumsum(1)[:-1, :-1].astype(np.float32)
    return Heatmap(
        values=values,
        signed=False,
        unit="proposals",
        frame=Frame.PHOTO,
        placement=place,
    )
