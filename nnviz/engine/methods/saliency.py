"""Saliency: the plain gradient of the score with respect to the pixels."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.heatmaps import (
    attribution_map,
    gradient_unit,
    remarks,
)
from nnviz.engine.attribution.parameters import GradientParams
from nnviz.engine.method import Context, Presets, register


@register(
    "saliency",
    title="Saliency",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Simonyan et al. 2013", "arXiv:1312.6034"),
    needs=(Need.GRADIENTS,),
)
class Saliency:
    """The gradient of the score with respect to each pixel."""

    Params: ClassVar[type] = GradientParams
    shows: ClassVar[str] = (
        "How strongly the score reacts to a small change of each pixel: the gradient "
        "of the score with respect to the pixels."
    )
    reading: ClassVar[str] = (
        "Bright pixels are those to which the score is most sensitive. With signs, red "
        "raises the score when the pixel becomes brighter and blue lowers it."
    )
    misleads: ClassVar[str] = (
        "Sensitive is not the same as important: a pixel on which the score already "
        "depends fully can have zero gradient (saturation). Single pixels are noise; "
        "look at where they cluster."
    )
    presets: ClassVar[Presets] = {"demo": {}, "with signs": {"colors": "sum"}}

    def run(self, ctx: Context, params: GradientParams) -> Iterator[Report]:
        """Yield one report: "saliency"."""
        found = ctx.inference.gradient(params.target)
        result = attribution_map(
            found.gradient,
            params.colors,
            gradient_unit(found.target.unit),
            ctx.placement,
        )
        notes = (found.target.caption, *remarks(result.values))
        yield Report({"saliency": result}, notes)
