"""Grad-CAM: a layer's channels weighted by their mean gradient."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, grad_cam, gradient_cam
from nnviz.engine.method import Context, Presets, register

_ALIKE_OBJECTS = (
    "the gradient of a box's score lies around the box; its mean says nothing of "
    "where, so similar objects light up too: HiResCAM stays with the object"
)


@register(
    "grad_cam",
    title="Grad-CAM",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Selvaraju et al. 2017", "arXiv:1610.02391"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class GradCam:
    """The sum of a layer's channels, weighted by their mean gradients."""

    Params: ClassVar[type] = CamParams
    shows: ClassVar[str] = (
        "Which regions raise the score: the channels of a deep layer, each weighted "
        "by the mean of the score's gradient in it."
    )
    reading: ClassVar[str] = (
        "Bright regions support the target. The map has one value per position of the"
        " layer and is interpolated in between, so the blobs are not outlines. Show "
        "negative evidence to see in blue what lowers the score."
    )
    misleads: ClassVar[str] = (
        "Averaging the gradient lets a channel light up where it does not raise the "
        "score; for a box, it also lights up similar objects (HiResCAM and LayerCAM "
        "do not). The map is as coarse as the layer, and parts outside a blob may "
        "count too: each position sees far around itself."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "every stage": {"layers": "stages"},
    }

    def run(self, ctx: Context, params: CamParams) -> Iterator[Report]:
        """Yield one report: "grad_cam" and "map", or a map of each layer."""
        yield gradient_cam("grad_cam", grad_cam, ctx, params, of_box=_ALIKE_OBJECTS)
