"""Shapley-CAM: channels weighted by second-order Shapley value estimates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from nnviz.base.info import CLASS_ATTRIBUTION, Need, Reference, Task
from nnviz.base.parameters import Help
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import CamParams, cam_report, cam_results, shapley_cam
from nnviz.engine.attribution.class_comparison import rest_utility
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.map_layers import choose_layers


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapleyCamParams(CamParams):
    """Parameters of Shapley-CAM: those of a class activation map, and the utility."""

    utility: Annotated[
        Literal["ReST", "target"],
        Help("The class's logit plus its log-probability (ReST), or the target alone."),
    ] = "ReST"


@register(
    "shapley_cam",
    title="Shapley-CAM",
    group="Explain",
    capabilities=CLASS_ATTRIBUTION,
    live=False,
    reference=Reference("Cai 2025", "arXiv:2501.06261"),
    tasks=(Task.CLASSIFY,),
    needs=(
        Need.MAPS,
        Need.GRADIENTS,
    ),
)
class ShapleyCam:
    """A layer's channels, weighted by gradient and Hessian."""

    Params: ClassVar[type] = ShapleyCamParams
    shows: ClassVar[str] = (
        "Which regions raise the score, each channel weighted by an estimate of its "
        "Shapley value: its mean gradient, corrected for how the gradient changes when "
        "channels act together."
    )
    reading: ClassVar[str] = (
        "As Grad-CAM: bright regions support the target. The notes say how far the "
        "correction moves the weights; at 0 the map is that of Grad-CAM."
    )
    misleads: ClassVar[str] = (
        "It is a second-order approximation around this image, not the Shapley values "
        "themselves. A network of ReLUs has no curvature of its own: there all "
        "correction comes from the log-probability. The map is as coarse as the layer."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "for and against": {"signed": True},
        "of the target alone": {"utility": "target"},
    }

    def run(self, ctx: Context, params: ShapleyCamParams) -> Iterator[Report]:
        """Yield one report: "shapley_cam" and "map", or a map of each layer."""
        layers = choose_layers(
            ctx.model.info, params.layer, params.layers, params.target
        )
        change = rest_utility if params.utility == "ReST" else None
        found = ctx.inference.layer_gradients(
            layers.layers, params.target, change, curvature=True
        )
        each = list(zip(found.maps, found.gradients, found.products, strict=True))
        results = cam_results(
            "shapley_cam",
            [shapley_cam(a, g, product) for a, g, product in each],
            layers,
            ctx.placement,
            signed=params.signed,
            unit=found.target.unit,
        )
        _, gradients, products = each[-1]
        moved = products.mean((1, 2)).norm() / 2
        share = float(moved / (gradients.mean((1, 2)).norm() or 1))
        notes = (
            found.target.caption,
            f"curvature moves the channels' weights by {100 * share:.2g} %",
        )
        yield cam_report(results, layers, notes)
