"""Caricature: an image optimized to exaggerate a layer's features of another."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

from nnviz.base.info import OPTIMIZATION, Need, Reference
from nnviz.base.parameters import Help, Range, Steerable
from nnviz.base.results import Report
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.map_layers import middle
from nnviz.engine.optvis.matching import ComparisonParams, compared
from nnviz.engine.optvis.objectives import likeness
from nnviz.engine.optvis.optimize import Ascent
from nnviz.engine.optvis.parametrizations import Spectrum
from nnviz.engine.optvis.report import ascent_report


@dataclass(frozen=True, slots=True, kw_only=True)
class CaricatureParams(ComparisonParams):
    """Parameters of the caricature: layer, optimization."""

    cosine_power: Annotated[
        float,
        Range(0, 10),
        Steerable(),
        Help("0 exaggerates freely; higher values stay closer to the image."),
    ] = 1.0


@register(
    "caricature",
    title="Caricature",
    group="Imagine",
    capabilities=OPTIMIZATION,
    live=False,
    recorded=True,
    reference=Reference("Olah et al. 2018", "doi:10.23915/distill.00010"),
    needs=(Need.GRADIENTS,),
)
class Caricature:
    """An image optimized to exaggerate the features that a layer finds in the image."""

    Params: ClassVar[type] = CaricatureParams
    shows: ClassVar[str] = (
        "An image optimized from noise so that a layer finds in it what it finds in "
        "your image, at the same positions but as strongly as possible."
    )
    reading: ClassVar[str] = (
        "Whatever stands out is what the layer makes of the image: fur becomes more "
        "furry, an eye more eye-like. What the layer does not see is missing."
    )
    misleads: ClassVar[str] = (
        "Strong features crowd out weak ones, so the image shows what is strongest "
        "rather than everything that is there. Colors often come from the network, "
        "not from your image."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 3},
        "free": {"cosine_power": 0.0},
    }

    def run(self, ctx: Context, params: CaricatureParams) -> Iterator[Report]:
        """Yield "image", as it was scored, and "objective" after each step."""
        info = ctx.model.info
        layer = params.layer or middle(info).name
        look = ctx.model.feature_extractor((layer,), ctx.check, params.precision)
        make = partial(Spectrum, ctx.pixels.shape, device=ctx.model.device)
        mean = ctx.model.mean_color
        climb = Ascent(make, "adam", look, mean, ctx.generator, ctx.begun)
        while climb.steps < params.steps:
            now: CaricatureParams = ctx.params
            alike = partial(likeness, cosine_power=now.cosine_power)
            aim = compared(look, ctx.pixels, layer, alike)
            climbed = climb.step(aim, now.rules(info))
            ctx.step(climb.steps, params.steps, noun="step")
            ctx.keep({"objective": climb.scores[-1]}, climb.state)
            words = f"what is found in the image at {layer}"
            yield ascent_report(climb, climbed, words, ctx.placement)
