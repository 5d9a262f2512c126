"""Blur integrated gradients: gradients summed up while a blurred image sharpens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help, Range, TargetText, Unit
from nnviz.base.results import Report
from nnviz.engine.attribution.blur_path import BlurPath
from nnviz.engine.attribution.completeness import Completeness
from nnviz.engine.attribution.heatmaps import Colours, attribution_map, remarks
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class BlurIgParams:
    """Parameters of blur integrated gradients: target, blur, steps, colors."""

    target: Annotated[
        TargetText,
        Essential(),
        Help("What to explain. Empty: the predicted class."),
    ] = ""
    blur: Annotated[
        float,
        Essential(),
        Range(1, 100, log=True),
        Unit("px"),
        Help("Standard deviation of the blur where the path begins, on the input."),
    ] = 50.0
    steps: Annotated[
        int,
        Essential(),
        Range(2, 1000, log=True),
        Help("Steps along the path; more steps add up better."),
    ] = 50
    colors: Annotated[
        Colours,
        Essential(),
        Help("The maximum over colors without sign, or the signed sum over colors."),
    ] = "sum"


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
    """Gradients times what becomes sharp, along ever less blur."""

    Params: ClassVar[type] = BlurIgParams
    shows: ClassVar[str] = (
        "How much each pixel adds to the score while a blurred copy of the image "
        "becomes sharp. No color has to stand for nothing."
    )
    reading: ClassVar[str] = (
        "Red supports the target, blue counts against it, in the unit of the score: "
        "together the values make up the difference in score between the image and its "
        "blurred copy. The note tells how far off the sum is."
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
            ctx.step(part.stop, params.steps, "steps")
            heat = attribution_map(
                total, params.colors, score.target.unit, ctx.placement
            )
            if part.stop < params.steps:
                notes: tuple[str, ...] = (f"{part.stop} of {params.steps} steps",)
            else:
                said = _completeness(score, path, float(total.sum()))
                notes = (*said, *remarks(heat.values))
            yield Report({"blur_ig": heat}, (score.target.caption, *notes))


def _completeness(score: Scorer, path: BlurPath, total: float) -> tuple[str, ...]:
    with torch.no_grad():
        start = float(score(path.at(0)))
    return (
        f"the blurred image scores {start:.4g}",
        *Completeness(total, score.target.value - start).notes(
            "increase the number of steps to reduce this error"
        ),
    )
