"""Deconvnet: the gradient with ReLUs applied to it during backpropagation."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.heatmaps import changed_report
from nnviz.engine.attribution.parameters import GradientParams
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.relu_backward import ReluRule


@register(
    "deconvnet",
    title="Deconvnet",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Zeiler & Fergus 2013", "arXiv:1311.2901"),
    needs=(Need.GRADIENTS,),
)
class Deconvnet:
    """Each ReLU passes back positive gradients, whether its unit was active or not.

    Equal to a deconvolution with the transposed kernels and ReLUs of its own
    (Simonyan et al. 2013, section 4).
    """

    Params: ClassVar[type] = GradientParams
    shows: ClassVar[str] = (
        "The gradient of the score, except that every ReLU passes only positive "
        "values back, whether the unit was active or not: the network run in reverse."
    )
    reading: ClassVar[str] = (
        "Look at the structure in the color image: gray is zero. The notes say how "
        "many ReLUs were changed; with none it is the plain gradient."
    )
    misleads: ClassVar[str] = (
        "It ignores which units were active, so without max pooling the result hardly"
        " depends on the image; with max pooling, the pooling pattern shows. It is "
        "almost the same for every class (Mahendran & Vedaldi 2016)."
    )
    presets: ClassVar[Presets] = {"demo": {}, "with signs": {"colors": "sum"}}

    def run(self, ctx: Context, params: GradientParams) -> Iterator[Report]:
        """Yield one report: "deconvnet" and "in color"."""
        found = ctx.inference.gradient(params.target, ReluRule.DECONVNET)
        yield changed_report(
            "deconvnet",
            found.gradient,
            params.colors,
            ctx.placement,
            found.notes,
        )
