"""Gradients summed up on the way from an empty picture to the photograph."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.info import ATTRIBUTION, Reference
from nnviz.base.parameters import (
    Essential,
    Formerly,
    Help,
    ImageFile,
    Range,
    TargetText,
    Title,
    Unit,
    When,
)
from nnviz.base.results import Report
from nnviz.engine.attribution.baselines import baseline
from nnviz.engine.attribution.heatmaps import Colours, attribution_map, remarks
from nnviz.engine.attribution.path_integral import Line, line_between
from nnviz.engine.attribution.quadrature import Quadrature
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.gradients import gradient_sizer
from nnviz.engine.targets.resolve import Scorer

_LARGE_ERROR = 0.05
"""Share of the difference above which more steps are advised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratedGradientsParams:
    """What is asked about, where the way begins and how finely it is walked."""

    target: Annotated[
        TargetText,
        Essential(),
        Help("What to explain; left empty, the predicted class."),
    ] = ""
    baseline: Annotated[
        Literal["black", "white", "mean", "blur", "random", "own"],
        Essential(),
        Help("The picture that stands for nothing: where the way begins."),
    ] = "black"
    blur: Annotated[
        float,
        Range(0.5, 100, log=True),
        Unit("px"),
        When("baseline", ("blur",)),
        Help("Standard deviation of the blur, on the network's input."),
    ] = 20.0
    file: Annotated[
        ImageFile,
        Title("Picture"),
        When("baseline", ("own",)),
        Help("File of the picture to begin with."),
    ] = ""
    steps: Annotated[
        int,
        Essential(),
        Range(2, 1000, log=True),
        Help("Points on the way; more add up better."),
    ] = 50
    rule: Annotated[
        Quadrature, Title("Integration"), Help("How the points lie on the way.")
    ] = "gausslegendre"
    colors: Annotated[
        Colours,
        Essential(),
        Formerly("colours"),
        Help("The strongest colour without its sign, or the colours' signed sum."),
    ] = "sum"


@register(
    "integrated_gradients",
    title="Integrated gradients",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Sundararajan et al. 2017", "arXiv:1703.01365"),
)
class IntegratedGradients:
    """(x - baseline) times the mean gradient on the straight line between them."""

    Params: ClassVar[type] = IntegratedGradientsParams
    shows: ClassVar[str] = (
        "How much each pixel adds to the score on the way from a baseline, which "
        "stands for nothing, to the photograph."
    )
    reading: ClassVar[str] = (
        "Red places speak for the target, blue ones against it, in the score's own "
        "unit: together they make up the score's difference between photograph and "
        "baseline. The note says by how much they miss it."
    )
    misleads: ClassVar[str] = (
        "The baseline decides: pixels that equal it get zero, so with a black baseline "
        "black things never count. Try several. The pictures on the way are none that "
        "the network was trained on."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 16},
        "white baseline": {"baseline": "white"},
        "blurred baseline": {"baseline": "blur"},
        "exact": {"steps": 200},
    }

    def run(self, ctx: Context, params: IntegratedGradientsParams) -> Iterator[Report]:
        """Yield a report after each part of the way: "integrated gradients"."""
        score = ctx.inference.target(params.target)
        line = line_between(
            _baseline(ctx, params), ctx.pixels, params.rule, params.steps
        )
        parts = ctx.chunks.over(
            params.steps,
            gradient_sizer(ctx.model.info, ctx.model.device),
            lambda part: line.weighted_gradients(score, part, ctx.check),
        )
        total = torch.zeros_like(line.difference)
        for part, found in parts:
            total += found
            ctx.step(part.stop, params.steps, "points on the way")
            # What is there so far stands for the rest as well.
            shares = line.difference * total / line.weights[: part.stop].sum()
            heat = attribution_map(
                shares, params.colors, score.target.unit, ctx.placement
            )
            if part.stop < params.steps:
                notes: tuple[str, ...] = (f"{part.stop} of {params.steps} points",)
            else:
                said = _completeness(score, line, float(shares.sum()), params.baseline)
                notes = (*said, *remarks(heat.values))
            caption = score.target.caption
            yield Report({"integrated gradients": heat}, (caption, *notes))


def _baseline(ctx: Context, params: IntegratedGradientsParams) -> Tensor:
    """Return the picture where the way begins, (1, C, H, W).

    Raises:
        UsageError: the user's own does not fit the photograph's input.
    """
    if params.baseline != "own":
        return baseline(
            params.baseline,
            ctx.pixels,
            ctx.model.mean_colour,
            sigma=params.blur,
            generator=ctx.generator,
        )
    if not params.file:
        raise UsageError("--file", "no picture to begin with", "name its file")
    own = ctx.files.pixels(params.file)
    if own.shape != ctx.pixels.shape:
        raise UsageError(
            "--file",
            f"is {own.shape[2]} x {own.shape[3]} px to the network, the photograph "
            f"{ctx.pixels.shape[2]} x {ctx.pixels.shape[3]}",
            "take a picture of the same shape",
        )
    return own


def _completeness(
    score: Scorer, line: Line, total: float, kind: str
) -> tuple[str, ...]:
    """Say what the shares add up to and what they should (completeness, section 3)."""
    with torch.no_grad():
        start = float(score(line.baseline))
    due = score.target.value - start
    error = abs(total - due)
    share = error / abs(due) if due else 0.0
    said = (
        f"the {kind} baseline alone scores {start:.4g}",
        f"the shares add up to {total:.4g} of {due:.4g}: error {100 * share:.2g} %",
    )
    if share > _LARGE_ERROR:
        return (*said, "such an error asks for more points")
    return said
