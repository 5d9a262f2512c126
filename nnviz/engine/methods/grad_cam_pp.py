"""Grad-CAM++: weights that handle several objects of a class."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, grad_cam_pp, gradient_cam
from nnviz.engine.method import Context, Presets, register


@register(
    "grad_cam_pp",
    title="Grad-CAM++",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Chattopadhay et al. 2018", "arXiv:1710.11063"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class GradCamPlusPlus:
    """A layer's channels, weighted by positive gradients and higher derivatives."""

    Params: ClassVar[type] = CamParams
    shows: ClassVar[str] = (
        "Which regions raise the score, as in Grad-CAM, with weights from positive "
        "gradients and higher derivatives: several objects of one class should all "
        "light up."
    )
    reading: ClassVar[str] = (
        "As in Grad-CAM, bright regions support the target, in blobs as coarse as the"
        " layer."
    )
    misleads: ClassVar[str] = (
        "Only positive gradients contribute, so maps of different classes look more "
        "alike than with Grad-CAM, and the derivation assumes a score that is the "
        "exponential of a ReLU network. For layers with negative values the weights "
        "can be large and wrong."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "every stage": {"layers": "stages"},
    }

    def run(self, ctx: Context, params: CamParams) -> Iterator[Report]:
        """Yield one report: "grad_cam_pp" and "map", or a map of each layer."""
        yield gradient_cam("grad_cam_pp", grad_cam_pp, ctx, params)
