"""GradientSHAP: gradients at random points between the image and random baselines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.completeness import Completeness
from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help, Range, Unit, When
from nnviz.base.results import Heatmap, Report
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import (
    AskedTarget,
    AttributionColors,
    BaselineBlur,
)
from nnviz.engine.attribution.paths.expected_gradients import (
    Baselines,
    ExpectedGradients,
    SampleSums,
    draw_seeds,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import Scorer

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientShapParams:
    """Parameters of GradientSHAP: target, baselines, samples, noise."""

    target: AskedTarget = ""
    baselines: Annotated[
        Baselines,
        Essential(),
        Help('Source of the images that stand for "nothing".'),
    ] = "solid colors"
    samples: Annotated[
        int,
        Essential(),
        Range(2, 2000, log=True),
        Help("Number of random baselines, each with one random point."),
    ] = 50
    colors: AttributionColors = "sum"
    noise: Annotated[
        float,
        Range(0, 100),
        Unit("%"),
        Help("Standard deviation of noise on the image, as a fraction of its range."),
    ] = 0.0
    blur: Annotated[BaselineBlur, When("baselines", ("blur",))] = 20.0


@register(
    "gradient_shap",
    title="GradientSHAP",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Erion et al. 2021", "arXiv:1906.10670"),
    needs=(Need.GRADIENTS,),
)
class GradientShap:
    """(x - baseline) times the gradient, averaged over random baselines and points."""

    Params: ClassVar[type] = GradientShapParams
    shows: ClassVar[str] = (
        "How much each pixel adds to the score compared with many baselines instead of"
        " one: integrated gradients averaged over random baselines, with one random "
        "point of the path for each."
    )
    reading: ClassVar[str] = (
        "Red supports the target, blue counts against it, in the unit of the score. "
        "With many samples the values add up to the image's score minus the mean score"
        " of the baselines. The notes give the sum and the standard error."
    )
    misleads: ClassVar[str] = (
        "With few samples much of the map is noise: compare its range with the "
        "standard error. The baselines still decide what counts as nothing, and the "
        "points between are unlike anything the network was trained on."
    )
    presets: ClassVar[Presets] = {
        "demo": {"samples": 16},
        "random noise": {"baselines": "random"},
        "fine": {"samples": 500},
    }

    def run(self, ctx: Context, params: GradientShapParams) -> Iterator[Report]:
        """Yield "gradient_shap", the map over the input, for growing sample counts."""
        score = ctx.inference.target(params.target)
        low, high = ctx.pixels.aminmax()
        expected = ExpectedGradients(
            pixels=ctx.pixels,
            mean=ctx.model.mean_color,
            kind=params.baselines,
            blur=params.blur,
            noise=params.noise / _PERCENT * float(high - low),
            seeds=draw_seeds(params.samples, ctx.generator),
        )
        parts = ctx.chunks.over_gradients(
            params.samples, lambda part: expected.samples(score, part, ctx.check)
        )
        sums: SampleSums | None = None
        for part, found in parts:
            sums = found if sums is None else sums + found
            ctx.step(part.stop, params.samples, noun="sample")
            yield _report(ctx, score, sums, params)


def _report(
    ctx: Context, score: Scorer, sums: SampleSums, params: GradientShapParams
) -> Report:
    heat = attribution_map(sums.mean, params.colors, score.target.unit, ctx.placement)
    completeness = Completeness(float(sums.found.mean()), float(sums.due.mean()))
    count = len(sums.found)
    words = (
        f"the attributions add up to {completeness.total:.4g}; the difference in "
        f"score is {completeness.due:.4g}"
    )
    notes = [score.target.caption, words]
    if count > 1:
        notes.append(_spread(sums, heat))
    if count < params.samples:
        notes.append(f"{count} of {params.samples} samples so far")
    notes += remarks(heat.values)
    return Report({"gradient_shap": heat}, tuple(notes), completeness)


def _spread(sums: SampleSums, heat: Heatmap) -> str:
    """Describe the standard errors of the mean over samples."""
    span = heat.values.max() - heat.values.min()
    error = float(sums.found.std()) / len(sums.found) ** 0.5
    return (
        f"standard error {sums.standard_error():.2g} for a pixel, {error:.2g} for "
        f"the sum; the map spans {span:.2g}"
    )
