"""Grad-CAM: a layer's channels weighed with their mean gradient."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, grad_cam, gradient_cam
from nnviz.engine.method import Context, Presets, register


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
    """A layer's channels, added up with their mean gradients."""

    Params: ClassVar[type] = CamParams
    shows: ClassVar[str] = (
        "Which region raises the score: the channels of a deep layer, added up with "
        "the mean gradient of the score in each as its weight."
    )
    reading: ClassVar[str] = (
        "Bright regions speak for what was asked about. The map has one value for "
        "each place of the layer and is interpolated between them: the blobs are no "
        "outlines. Show what speaks against to see blue regions that lower the score."
    )
    misleads: ClassVar[str] = (
        "Averaging the gradient lets a channel light up at places where it does not "
        "raise the score. The map is as coarse as the layer, and a part of the "
        "picture outside a blob may count too: each place sees far around itself."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "every stage": {"layers": "stages"},
    }

    def run(self, ctx: Context, params: CamParams) -> Iterator[Report]:
        """Yield one report: "grad_cam" and "map", or a map of each layer."""
        yield gradient_cam("grad_cam", grad_cam, ctx, params)
