"""Integrated gradients from a baseline to the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from nnviz.base.completeness import Completeness
from nnviz.base.errors import UsageError
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import (
    Essential,
    Help,
    ImageFile,
    Title,
    When,
)
from nnviz.base.results import Heatmap, Report
from nnviz.engine.attribution.baselines import baseline_of
from nnviz.engine.attribution.completeness import completeness_notes
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import (
    AskedTarget,
    AttributionColors,
    PathBlur,
    PathSteps,
)
from nnviz.engine.attribution.paths.path_integral import Line, line_between
from nnviz.engine.attribution.paths.quadrature import Quadrature
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratedGradientsParams:
    """Parameters of integrated gradients: target, baseline, steps, quadrature."""

    target: AskedTarget = ""
    baseline: Annotated[
        Literal["black", "white", "mean", "blur", "random", "own"],
        Essential(),
        Help('The image that stands for "nothing", where the path begins.'),
    ] = "black"
    blur: PathBlur = 20.0
    file: Annotated[
        ImageFile,
        Title("Image"),
        When("baseline", ("own",)),
        Help("The baseline image."),
    ] = ""
    steps: PathSteps = 50
    rule: Annotated[
        Quadrature,
        Title("Integration"),
        Help("Quadrature rule: how the steps are spaced."),
    ] = "gausslegendre"
    colors: AttributionColors = "sum"


@register(
    "integrated_gradients",
    title="Integrated gradients",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Sundararajan et al. 2017", "arXiv:1703.01365"),
    needs=(Need.GRADIENTS,),
)
class IntegratedGradients:
    """(x - baseline) times the mean gradient along the straight path between them."""

    Params: ClassVar[type] = IntegratedGradientsParams
    shows: ClassVar[str] = (
        "How much each pixel adds to the score along the path from a baseline, which "
        'stands for "nothing", to the image.'
    )
    reading: ClassVar[str] = (
        "Red supports the target, blue counts against it, in the unit of the score: "
        "together the values make up the difference in score between image and "
        "baseline. The notes say how far off the sum is."
    )
    misleads: ClassVar[str] = (
        "The choice of baseline matters: pixels equal to it get zero, so with a black"
        " baseline black objects never count. Try several. The images along the path "
        "are unlike anything the network was trained on."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 16},
        "white baseline": {"baseline": "white"},
        "blurred baseline": {"baseline": "blur"},
        "exact": {"steps": 200},
    }

    def run(self, ctx: Context, params: IntegratedGradientsParams) -> Iterator[Report]:
        """Yield "integrated gradients" after each part of the path."""
        score = ctx.inference.target(params.target)
        start = _baseline(ctx, params)
        line = line_between(start, ctx.pixels, params.rule, params.steps)
        parts = ctx.chunks.over_gradients(
            params.steps, lambda part: line.weighted_gradients(score, part, ctx.check)
        )
        total = torch.zeros_like(line.difference)
        for part, found in parts:
            total += found
            ctx.step(part.stop, params.steps, noun="step")
            # The sum so far is extrapolated to the whole path.
            shares = line.difference * total / line.weights[: part.stop].sum()
            unit = score.target.unit
            heat = attribution_map(shares, params.colors, unit, ctx.placement)
            if part.stop < params.steps:
                notes = (score.target.caption, f"{part.stop} of {params.steps} points")
                yield Report({"integrated gradients": heat}, notes)
                continue
            yield _complete(heat, score, line, float(shares.sum()), params.baseline)


def _baseline(ctx: Context, params: IntegratedGradientsParams) -> Tensor:
    """Return the baseline image, (1, C, H, W).

    Raises:
        UsageError: the user's own baseline does not fit the network's input.
    """
    if params.baseline != "own":
        return baseline_of(ctx, params.baseline, params.blur)
    if not params.file:
        raise UsageError("--file", "no baseline image", "name its file")
    own = ctx.files.pixels(params.file)
    if own.shape != ctx.pixels.shape:
        sizes = [f"{each.shape[2]} x {each.shape[3]}" for each in (own, ctx.pixels)]
        reason = f"is {sizes[0]} px to the network, the image {sizes[1]}"
        raise UsageError("--file", reason, "use an image of the same shape")
    return own


def _complete(
    heat: Heatmap, score: Scorer, line: Line, total: float, kind: str
) -> Report:
    """Return the final report, with the check of completeness (section 3)."""
    with torch.no_grad():
        start = float(score(line.baseline))
    completeness = Completeness(total, score.target.value - start)
    remedy = "increase the number of steps to reduce this error"
    notes = (
        score.target.caption,
        f"the {kind} baseline alone scores {start:.4g}",
        *completeness_notes(completeness, remedy),
        *remarks(heat.values),
    )
    return Report({"integrated gradients": heat}, notes, completeness)
