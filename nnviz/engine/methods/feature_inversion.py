"""Feature inversion: an image optimized to reproduce a layer's activations."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar, Literal

from nnviz.base.info import OPTIMIZATION, Need, Reference
from nnviz.base.parameters import Essential, FormerChoices, Help, Range, Steerable, When
from nnviz.base.results import Report
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.map_layers import middle
from nnviz.engine.optvis.matching import Compare, ComparisonParams, compared
from nnviz.engine.optvis.objectives import closeness, likeness
from nnviz.engine.optvis.optimize import Ascent
from nnviz.engine.optvis.parametrizations import Spectrum
from nnviz.engine.optvis.report import ascent_report


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureInversionParams(ComparisonParams):
    """Parameters of feature inversion: layer, distance, optimization."""

    compare: Annotated[
        Literal["distance", "similarity"],
        FormerChoices({"likeness": "similarity"}),
        Essential(),
        Steerable(),
        Help(
            "Squared distance between activations, or dot product times cosine as in "
            "Lucid."
        ),
    ] = "distance"
    cosine_power: Annotated[
        float,
        Range(0, 10),
        Steerable(),
        When("compare", ("similarity",)),
        Help("Exponent on the cosine: higher values stay closer to the image."),
    ] = 2.0
    total_variation: Annotated[
        float,
        Range(0, 100),
        Steerable(),
        Help("Weight of the total variation penalty."),
    ] = 0.1


@register(
    "feature_inversion",
    title="Feature inversion",
    group="Imagine",
    capabilities=OPTIMIZATION,
    live=False,
    recorded=True,
    reference=Reference("Mahendran & Vedaldi 2015", "arXiv:1412.0035"),
    needs=(Need.GRADIENTS,),
)
class FeatureInversion:
    """An image optimized from noise to match the image's activations in a layer."""

    Params: ClassVar[type] = FeatureInversionParams
    shows: ClassVar[str] = (
        "An image optimized from noise until a layer gives the same activations as "
        "for your image: what the layer still knows."
    )
    reading: ClassVar[str] = (
        "What is sharp has been kept by the layer; what is gone or displaced has been"
        " discarded. Early layers reproduce the image, late ones only its parts."
    )
    misleads: ClassVar[str] = (
        "It is one of many images that the layer cannot tell from yours. Where the "
        "layer does not care, colors and smoothness come from the parametrization."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 3},
        "lucid": {"compare": "similarity", "total_variation": 0.0},
    }

    def run(self, ctx: Context, params: FeatureInversionParams) -> Iterator[Report]:
        """Yield "image", as it was scored, and "objective" after each step."""
        info = ctx.model.info
        layer = params.layer or middle(info).name
        look = ctx.model.feature_extractor((layer,), ctx.check, params.precision)
        make = partial(Spectrum, ctx.pixels.shape, device=ctx.model.device)
        mean = ctx.model.mean_color
        climb = Ascent(make, "adam", look, mean, ctx.generator, ctx.begun)
        while climb.steps < params.steps:
            now: FeatureInversionParams = ctx.params
            aim = compared(look, ctx.pixels, layer, _compare(now))
            climbed = climb.step(aim, now.rules(info))
            ctx.step(climb.steps, params.steps, noun="step")
            ctx.keep({"objective": climb.scores[-1]}, climb.state)
            yield ascent_report(
                climb, climbed, f"what the image gives at {layer}", ctx.placement
            )


def _compare(params: FeatureInversionParams) -> Compare:
    if params.compare == "distance":
        return closeness
    return partial(likeness, cosine_power=params.cosine_power)
