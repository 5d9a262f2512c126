"""SmoothGrad: gradients averaged over noisy copies of the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import (
    Essential,
    Formerly,
    Help,
    Range,
    Title,
    Unit,
    When,
)
from nnviz.base.results import Heatmap, Report
from nnviz.engine.attribution.gradient_rules import RuleName, rule_of
from nnviz.engine.attribution.heatmaps import (
    Colors,
    attribution_map,
    gradient_unit,
    input_map,
    remarks,
)
from nnviz.engine.attribution.parameters import AskedTarget
from nnviz.engine.attribution.smoothing import NoisyCopies, Statistic
from nnviz.engine.method import Context, Presets, register

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothGradParams:
    """Parameters of SmoothGrad: target, rule, samples, noise."""

    target: AskedTarget = ""
    rule: Annotated[
        RuleName, Title("Smoothed"), Help("The map computed for each noisy copy.")
    ] = "gradient"
    statistic: Annotated[
        Statistic,
        Help(
            "Mean (SmoothGrad), mean of squares (SmoothGrad-Squared) or variance "
            "(VarGrad)."
        ),
    ] = "mean"
    samples: Annotated[
        int,
        Essential(),
        Title("Copies"),
        Range(2, 500, log=True),
        Help("Number of noisy copies."),
    ] = 25
    noise: Annotated[
        float,
        Essential(),
        Range(0.1, 100, log=True),
        Unit("%"),
        Help("Standard deviation, as a fraction of the image's value range."),
    ] = 15.0
    steps: Annotated[
        int,
        Range(2, 200, log=True),
        When("rule", ("integrated",)),
        Help("Steps of the path from black, for each copy."),
    ] = 20
    colors: Annotated[
        Colors,
        Essential(),
        Formerly("colours"),
        When("statistic", ("mean",)),
        Help("The maximum over colors without sign, or the signed sum over colors."),
    ] = "strongest"


@register(
    "smooth_grad",
    title="SmoothGrad",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Smilkov et al. 2017", "arXiv:1706.03825"),
    needs=(Need.GRADIENTS,),
)
class SmoothGrad:
    """A statistic of the attributions of noisy copies."""

    Params: ClassVar[type] = SmoothGradParams
    shows: ClassVar[str] = (
        "A gradient map averaged over noisy copies of the image, which removes its "
        "own noise; or how much it varies between them."
    )
    reading: ClassVar[str] = (
        "Bright positions keep their influence under noise. Squares show strong "
        "positions whatever their sign; the variance shows where the noise decides."
    )
    misleads: ClassVar[str] = (
        "It explains the network on noisy images, not on this one: more noise makes "
        "the map smoother and less faithful. Squares and variance do not tell "
        "evidence for the target from evidence against it."
    )
    presets: ClassVar[Presets] = {
        "demo": {"samples": 8},
        "SmoothGrad-squared": {"statistic": "squares"},
        "VarGrad": {"statistic": "variance"},
        "smooth guided backpropagation": {"rule": "guided"},
    }

    def run(self, ctx: Context, params: SmoothGradParams) -> Iterator[Report]:
        """Yield a report after each part of the copies: "smoothed"."""
        score = ctx.inference.target(params.target)
        low, high = ctx.pixels.aminmax()
        spread = float(high - low)
        deviation = params.noise / _PERCENT * spread
        copies = NoisyCopies(ctx.pixels, deviation, ctx.generator)
        rule = rule_of(params.rule, score, ctx.check, params.steps)
        parts = ctx.chunks.over_gradients(
            params.samples, lambda part: copies.look(rule, part)
        )
        caption = f"noise {params.noise:g} % of the image's range of {spread:.3g}"
        for part, found in parts:
            copies.add(found)
            ctx.step(part.stop, params.samples, noun="noisy copy")
            heat = _map(ctx, copies, params, score.target.unit)
            notes = [score.target.caption, caption]
            if part.stop < params.samples:
                notes.append(f"{part.stop} of {params.samples} copies")
            else:
                notes += remarks(heat.values)
            yield Report({"smoothed": heat}, tuple(notes))


def _map(
    ctx: Context, copies: NoisyCopies, params: SmoothGradParams, unit: str
) -> Heatmap:
    if params.rule == "gradient":
        unit = gradient_unit(unit)
    elif params.rule == "guided":
        unit = "changed gradient"
    found = copies.statistic(params.statistic)
    if params.statistic == "mean":
        return attribution_map(found, params.colors, unit, ctx.placement)
    return input_map(found.amax(0), f"({unit})²", ctx.placement, signed=False)
