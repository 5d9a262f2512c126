"""LayerCAM: positive gradients by position, for early, finer layers too."""

from collections.abc import Iterator
from typing import ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, gradient_cam, layer_cam
from nnviz.engine.method import Context, Presets, register


@register(
    "layer_cam",
    title="LayerCAM",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=True,
    reference=Reference("Jiang et al. 2021", "doi:10.1109/TIP.2021.3089943"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class LayerCam:
    """Activation times positive gradient, summed over a layer's channels."""

    Params: ClassVar[type] = CamParams
    shows: ClassVar[str] = (
        "Which positions of a layer raise the score: activations weighted position by"
        " position with the positive part of the gradient."
    )
    reading: ClassVar[str] = (
        "Also works on early layers: choose one with a larger map, or every stage, "
        "for finer detail than Grad-CAM."
    )
    misleads: ClassVar[str] = (
        "Negative gradients are dropped, so evidence against the class is not "
        "weighed. Early layers light up on edges of all kinds."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "every stage": {"layers": "stages"},
    }

    def run(self, ctx: Context, params: CamParams) -> Iterator[Report]:
        """Yield one report: "layer_cam" and "map", or a map of each layer."""
        yield gradient_cam("layer_cam", layer_cam, ctx, params)
