"""XRAI: integrated gradients over regions of many sizes, the best regions first."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.frames import Frame
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Heatmap, Report
from nnviz.engine.attribution.heatmaps import remarks
from nnviz.engine.attribution.parameters import AskedTarget
from nnviz.engine.attribution.paths.path_integral import line_between
from nnviz.engine.attribution.regions.region_ranking import (
    felzenszwalb_regions,
    rank_regions,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import Scorer

_SHOWN = 8
"""Regions between reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XraiParams:
    """Parameters of XRAI: target and steps."""

    target: AskedTarget = ""
    steps: Annotated[
        int,
        Essential(),
        Range(2, 1000, log=True),
        Help("Steps along each of the two paths, from black and from white."),
    ] = 100


@register(
    "xrai",
    title="XRAI",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Kapishnikov et al. 2019", "arXiv:1906.02825"),
    needs=(Need.GRADIENTS,),
)
class Xrai:
    """Regions ranked by their mean integrated gradients, black and white baselines."""

    Params: ClassVar[type] = XraiParams
    shows: ClassVar[str] = (
        "Which regions the score depends on: integrated gradients, averaged over a "
        "black and a white baseline, are collected over regions of many sizes, and "
        "the region with the highest mean comes first."
    )
    reading: ClassVar[str] = (
        "The brightest region is the one that was taken first. Values are the mean "
        "attribution of a region's pixels; whole regions have one value."
    )
    misleads: ClassVar[str] = (
        "Edges of the map are edges of the image, found without the network. A "
        "small important detail is spread over its region, and the order of large "
        "regions can depend on a few strong pixels."
    )
    presets: ClassVar[Presets] = {"demo": {"steps": 8}, "quick": {"steps": 20}}

    def run(self, ctx: Context, params: XraiParams) -> Iterator[Report]:
        """Yield "xrai", the map over the input, after every few regions."""
        score = ctx.inference.target(params.target)
        attribution = torch.zeros_like(ctx.pixels[0], dtype=torch.float64)
        for done, found in _attributions(ctx, score, params.steps):
            attribution += found / 2
            ctx.step(done, 2 * params.steps, noun="step")
            if done < 2 * params.steps:
                yield _report(ctx, score, attribution.amax(0).cpu().numpy(), ())
        values = attribution.amax(0).cpu().numpy()
        regions = felzenszwalb_regions(ctx.pixels)
        count, ranked = 0, values
        for count, ranked in enumerate(rank_regions(values, regions), 1):
            if count % _SHOWN == 0:
                ctx.check()
                yield _report(ctx, score, ranked, (f"{count} regions so far",))
        words = f"{count - 1} of {len(regions)} overlapping regions, the best first"
        yield _report(ctx, score, ranked, (words,))


def _attributions(
    ctx: Context, score: Scorer, steps: int
) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the steps done, and the attributions of each part, (C, H, W)."""
    ends = torch.zeros_like(ctx.pixels), torch.ones_like(ctx.pixels)
    for number, start in enumerate(ends):
        line = line_between(start, ctx.pixels, "gausslegendre", steps)
        work = partial(line.weighted_gradients, score, check=ctx.check)
        parts = ctx.chunks.over_gradients(steps, work)
        for part, found in parts:
            yield number * steps + part.stop, line.difference * found


def _report(
    ctx: Context, score: Scorer, values: NDArray[np.float64], notes: tuple[str, ...]
) -> Report:
    heat = Heatmap(
        values=values.astype(np.float32),
        signed=True,
        unit=f"mean {score.target.unit} per pixel",
        frame=Frame.INPUT,
        placement=ctx.placement,
    )
    said = (score.target.caption, *notes, *remarks(heat.values))
    return Report({"xrai": heat}, said)
