"""Blur integrated gradients: gradients integrated while a blurred image sharpens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch

from nnviz.base.completeness import Completeness
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help, Range, Unit
from nnviz.base.results import Heatmap, Report
from nnviz.engine.attribution.completeness import completeness_notes
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import (
    AskedTarget,
    AttributionColors,
    PathSteps,
)
from nnviz.engine.attribution.paths.blur_path import BlurPath
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class BlurIgParams:
    """Parameters of blur integrated gradients: target, blur, steps, colors."""

    target: AskedTarget = ""
    blur: Annotated[
        float,
        Essential(),
        Range(1, 100, log=True),
        Unit("px"),
        Help("Standard deviation of the blur where the path begins, on the input."),
    ] = 50.0
    steps: PathSteps = 50
    colors: AttributionColors = "sum"


@register(
    "blur_ig",
    title="Blur integrated gradients",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Xu et al. 2020", "arXiv:2004.03383"),
    needs=(Need.GRADIENTS,),
)
class BlurIg:
    """Gradients integrated along a path of decreasing blur."""

    Params: ClassVar[type] = BlurIgParams
    shows: ClassVar[str] = (
        "How much each pixel adds to the score while a blurred copy of the image "
        'becomes sharp. No color has to stand for "nothing".'
    )
    reading: ClassVar[str] = (
        "Red supports the target, blue counts against it, in the unit of the score: "
        "together the values make up the difference in score between the image and "
        "its blurred copy. The notes say how far off the sum is."
    )
    misleads: ClassVar[str] = (
        "Only what blurring changes can count: broad areas of one color get nothing. "
        "The blurred copy still holds large shapes, and what the network finds in them "
        "is left out."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 12},
        "slight blur": {"blur": 10.0},
        "exact": {"steps": 200},
    }

    def run(self, ctx: Context, params: BlurIgParams) -> Iterator[Report]:
        """Yield a report after each part of the path: "blur_ig"."""
        score = ctx.inference.target(params.target)
        path = BlurPath(ctx.pixels, params.blur, params.steps)
        parts = ctx.chunks.over_gradients(
            params.steps, lambda part: path.shares(score, part, ctx.check)
        )
        total = torch.zeros_like(ctx.pixels[0], dtype=torch.float64)
        for part, found in parts:
            total += found
            ctx.step(part.stop, params.steps, noun="step")
            unit = score.target.unit
            heat = attribution_map(total, params.colors, unit, ctx.placement)
            if part.stop < params.steps:
                notes = (score.target.caption, f"{part.stop} of {params.steps} steps")
                yield Report({"blur_ig": heat}, notes)
            else:
                yield _complete(heat, score, path, float(total.sum()))


def _complete(heat: Heatmap, score: Scorer, path: BlurPath, total: float) -> Report:
    """Return the final report, with the check of completeness."""
    with torch.no_grad():
        start = float(score(path.at(0)))
    completeness = Completeness(total, score.target.value - start)
    remedy = "increase the number of steps to reduce this error"
    notes = (
        score.target.caption,
        f"the blurred image scores {start:.4g}",
        *completeness_notes(completeness, remedy),
        *remarks(heat.values),
    )
    return Report({"blur_ig": heat}, notes, completeness)
