"""Input times gradient."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.heatmaps import attribution_map, remarks
from nnviz.engine.attribution.parameters import AttributionColors, GradientParams
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class InputXGradientParams(GradientParams):
    """Parameters: target, and the reduction of color channels to one number."""

    colors: AttributionColors = "sum"


@register(
    "input_x_gradient",
    title="Input × gradient",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Shrikumar et al. 2016", "arXiv:1605.01713"),
    needs=(Need.GRADIENTS,),
)
class InputXGradient:
    """Each pixel's value times its gradient: a first-order attribution."""

    Params: ClassVar[type] = InputXGradientParams
    shows: ClassVar[str] = (
        "Each pixel's value times the gradient of the score: what the pixel would "
        "add, compared with a black one, if the network were linear."
    )
    reading: ClassVar[str] = (
        "Red supports the target, blue counts against it, in the unit of the score. "
        "The notes say what the values add up to."
    )
    misleads: ClassVar[str] = (
        "Black pixels always get zero, however much they matter. The network is not "
        "linear, so the map seldom adds up to the score; integrated gradients fixes "
        "that."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: InputXGradientParams) -> Iterator[Report]:
        """Yield one report: "input x gradient"."""
        found = ctx.inference.gradient(params.target)
        attribution = ctx.pixels[0] * found.gradient
        result = attribution_map(
            attribution, params.colors, found.target.unit, ctx.placement
        )
        total = float(attribution.double().sum())
        notes = (
            found.target.caption,
            f"the attributions add up to {total:.4g}",
            *remarks(result.values),
        )
        yield Report({"input x gradient": result}, notes)
