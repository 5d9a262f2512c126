"""Guided integrated gradients: a path that moves values with small gradients first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from nnviz.base.completeness import Completeness
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help, Range, Unit
from nnviz.base.results import Heatmap, Report
from nnviz.engine.attribution.baselines import baseline_of
from nnviz.engine.attribution.completeness import completeness_notes
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import AttributionColors, BaselineParams
from nnviz.engine.attribution.paths.guided_path import GuidedPath
from nnviz.engine.compute.memory import in_words
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.gradients import gradient
from nnviz.engine.targets.resolve import Scorer

_PERCENT = 100
_SHOWN = 10
"""Steps between reports."""
_REMEDY = (
    "more steps reduce this error, slowly: each follows the gradients that are "
    "smallest where it begins"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedIgParams(BaselineParams):
    """Parameters of guided integrated gradients: target, baseline, path."""

    steps: Annotated[
        int,
        Essential(),
        Range(2, 1000, log=True),
        Help(
            "Steps along the path, one after another; with more steps, the values "
            "add up better."
        ),
    ] = 200
    fraction: Annotated[
        float,
        Range(1, 100),
        Unit("%"),
        Help(
            "Fraction of the values that move first: those with the smallest gradients."
        ),
    ] = 25.0
    distance: Annotated[
        float,
        Range(0, 100),
        Unit("%"),
        Help("Allowed deviation from the straight line; 0 is the line itself."),
    ] = 2.0
    colors: AttributionColors = "sum"


@register(
    "guided_ig",
    title="Guided integrated gradients",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Kapishnikov et al. 2021", "arXiv:2106.09788"),
    needs=(Need.GRADIENTS,),
)
class GuidedIg:
    """Gradients times steps, along a path that moves small gradients first."""

    Params: ClassVar[type] = GuidedIgParams
    shows: ClassVar[str] = (
        "How much each pixel adds to the score along a path from a baseline to the "
        "image on which the values that matter least move first. Such a path crosses "
        "fewer places where gradients are large by accident."
    )
    reading: ClassVar[str] = (
        "As integrated gradients, with less noise: red supports the target, blue "
        "counts against it, and the values add up to the difference in score "
        "between image and baseline. The notes say how far off the sum is."
    )
    misleads: ClassVar[str] = (
        "The path depends on the network, so maps of two networks are not sums along "
        "the same path. The sum falls short of the difference in score far more than on"
        " the straight line. Pixels equal to the baseline get zero."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 8, "distance": 20.0},
        "white baseline": {"baseline": "white"},
        "fine": {"steps": 600},
    }

    def run(self, ctx: Context, params: GuidedIgParams) -> Iterator[Report]:
        """Yield a report after every few steps: "guided_ig"."""
        score = ctx.inference.target(params.target)
        start = baseline_of(ctx, params.baseline, params.blur)
        shares = params.fraction / _PERCENT, params.distance / _PERCENT
        ends = start[0].cpu(), ctx.pixels[0].cpu()
        path = GuidedPath(*ends, params.steps, *shares)
        total = torch.zeros_like(path.place)
        for number in range(params.steps):
            total += path.step(number, _slope(ctx, score, path.place))
            done = number + 1
            if done % _SHOWN and done < params.steps:
                continue
            ctx.step(done, params.steps, noun="step")
            unit = score.target.unit
            heat = attribution_map(total, params.colors, unit, ctx.placement)
            if done < params.steps:
                notes = (score.target.caption, f"{done} of {params.steps} steps")
                yield Report({"guided_ig": heat}, notes)
            else:
                yield _complete(heat, score, start, float(total.sum()), params.baseline)


def _slope(ctx: Context, score: Scorer, place: Tensor) -> Tensor:
    """Return the gradient at a point of the path, float64 (C, H, W), in main memory."""
    with in_words(ctx.model.info.title):
        _, found = gradient(score, place[None].to(ctx.pixels), ctx.check)
    return found[0].cpu().double()


def _complete(
    heat: Heatmap, score: Scorer, start: Tensor, total: float, kind: str
) -> Report:
    """Return the final report, with the check of completeness."""
    with torch.no_grad():
        of_start = float(score(start))
    completeness = Completeness(total, score.target.value - of_start)
    notes = (
        score.target.caption,
        f"the {kind} baseline alone scores {of_start:.4g}",
        *completeness_notes(completeness, _REMEDY),
        *remarks(heat.values),
    )
    return Report({"guided_ig": heat}, notes, completeness)
