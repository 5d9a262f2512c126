"""HiResCAM: activation times gradient at each position."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, gradient_cam, hires_cam
from nnviz.engine.method import Context, Presets, register


@register(
    "hires_cam",
    title="HiResCAM",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Draelos & Carin 2020", "arXiv:2011.08891"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class HiResCam:
    """Activation times gradient, added up over a layer's channels."""

    Params: ClassVar[type] = CamParams
    shows: ClassVar[str] = (
        "How much each position of a layer adds to the score: activation times "
        "gradient, summed over the channels."
    )
    reading: ClassVar[str] = (
        "Bright positions support the target. Where only pooling and a linear layer "
        "follow, the values add up to the score (without its bias), and the map "
        "equals Grad-CAM's up to a factor. For a box, it stays with the object in "
        "the box, where Grad-CAM also shows similar objects: it is therefore the "
        "default of Explain for detectors."
    )
    misleads: ClassVar[str] = (
        "In layers further from the output the product is only a first-order "
        "approximation and the map becomes patchy. The map is as coarse as the layer:"
        " the blobs are not outlines."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "every stage": {"layers": "stages"},
    }

    def run(self, ctx: Context, params: CamParams) -> Iterator[Report]:
        """Yield one report: "hires_cam" and "map", or a map of each layer."""
        yield gradient_cam("hires_cam", hires_cam, ctx, params)
