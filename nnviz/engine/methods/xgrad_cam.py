"""XGrad-CAM: channels weighted by their activation-weighted mean gradient."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, gradient_cam, xgrad_cam
from nnviz.engine.method import Context, Presets, register


@register(
    "xgrad_cam",
    title="XGrad-CAM",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Fu et al. 2020", "arXiv:2008.02312"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class XGradCam:
    """A layer's channels, weighted by their activation-weighted mean gradient."""

    Params: ClassVar[type] = CamParams
    shows: ClassVar[str] = (
        "Which regions raise the score: a layer's channels, each weighted by the mean"
        " of the gradient over the positions where it is active."
    )
    reading: ClassVar[str] = (
        "As in Grad-CAM, bright regions support the target. In ReLU networks the "
        "values of the map add up to nearly the score."
    )
    misleads: ClassVar[str] = (
        "A channel whose values nearly cancel gets an excessive weight: trust it for "
        "layers after a ReLU, not for those of transformers. The map is as coarse as "
        "the layer."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "every stage": {"layers": "stages"},
    }

    def run(self, ctx: Context, params: CamParams) -> Iterator[Report]:
        """Yield one report: "xgrad_cam" and "map", or a map of each layer."""
        yield gradient_cam("xgrad_cam", xgrad_cam, ctx, params)
