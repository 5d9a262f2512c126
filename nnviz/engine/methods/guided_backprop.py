"""Guided backpropagation: gradients with negative values stopped at each ReLU."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.heatmaps import changed_report
from nnviz.engine.attribution.parameters import GradientParams
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.relu_backward import ReluRule


@register(
    "guided_backprop",
    title="Guided backpropagation",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Springenberg et al. 2014", "arXiv:1412.6806"),
    needs=(Need.GRADIENTS,),
)
class GuidedBackprop:
    """Each ReLU passes back only positive gradients of active units."""

    Params: ClassVar[type] = GradientParams
    shows: ClassVar[str] = (
        "The gradient of the score, except that every ReLU passes back only positive "
        "values that came from active units: fine lines that excite the network."
    )
    reading: ClassVar[str] = (
        "Look at the lines in the color image: gray is zero. The notes say how many "
        "ReLUs were changed; with none it is the plain gradient."
    )
    misleads: ClassVar[str] = (
        "It fails the sanity check of Adebayo et al. 2018: with random weights, or "
        "for another class, the result hardly changes. It shows edges of the image "
        "rather than reasons of the network."
    )
    presets: ClassVar[Presets] = {"demo": {}, "with signs": {"colors": "sum"}}

    def run(self, ctx: Context, params: GradientParams) -> Iterator[Report]:
        """Yield one report: "guided backpropagation" and "in color"."""
        found = ctx.inference.gradient(params.target, ReluRule.GUIDED)
        yield changed_report(
            "guided backpropagation",
            found.gradient,
            params.colors,
            ctx.placement,
            found.notes,
        )
