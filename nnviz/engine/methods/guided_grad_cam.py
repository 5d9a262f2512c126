"""Guided Grad-CAM: guided backpropagation within the region of Grad-CAM."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.info import ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Help, LayerKinds, LayerName
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import grad_cam, shown, upsampled
from nnviz.engine.attribution.heatmaps import changed_report
from nnviz.engine.attribution.parameters import AskedTarget, AttributionColors
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.gradients import gradient
from nnviz.engine.nn.map_layers import choose_layers
from nnviz.engine.nn.relu_backward import ReluRule, changed_relus


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedGradCamParams:
    """Parameters of guided Grad-CAM: target, layer, reduction of colors."""

    target: AskedTarget = ""
    layer: Annotated[
        LayerName,
        Essential(),
        LayerKinds("spatial"),
        Help("The layer for Grad-CAM. Empty: chosen automatically."),
    ] = ""
    colors: AttributionColors = "strongest"


@register(
    "guided_grad_cam",
    title="Guided Grad-CAM",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Selvaraju et al. 2017", "arXiv:1610.02391"),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class GuidedGradCam:
    """Guided backpropagation, multiplied by the upsampled Grad-CAM."""

    Params: ClassVar[type] = GuidedGradCamParams
    shows: ClassVar[str] = (
        "The fine lines of guided backpropagation within the region of Grad-CAM: the "
        "product of both, pixel by pixel."
    )
    reading: ClassVar[str] = (
        "The region shows where the class was found; the lines in it are what excites"
        " the network there. Look at the color image: gray is zero."
    )
    misleads: ClassVar[str] = (
        "The lines come from guided backpropagation, which hardly depends on the "
        "weights or the class: only the region is evidence, and Grad-CAM shows that "
        "on its own."
    )
    presets: ClassVar[Presets] = {"demo": {}, "with signs": {"colors": "sum"}}

    def run(self, ctx: Context, params: GuidedGradCamParams) -> Iterator[Report]:
        """Yield one report: "guided Grad-CAM" and "in color"."""
        layers = choose_layers(ctx.model.info, params.layer, target=params.target)
        found = ctx.inference.layer_gradients(layers.layers, params.target)
        small = shown(grad_cam(found.maps[0], found.gradients[0]), signed=False)
        region = upsampled(small, ctx.placement.input_size)
        score = ctx.inference.target(params.target)
        with changed_relus(ReluRule.GUIDED) as changed:
            _, guided = gradient(score, ctx.pixels, ctx.check)
        yield changed_report(
            "guided Grad-CAM",
            guided[0].cpu() * region.float(),
            params.colors,
            ctx.placement,
            (found.target.caption, *layers.notes, *changed.notes),
        )
