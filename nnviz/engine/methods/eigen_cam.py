"""Eigen-CAM: a layer's activations projected onto their first principal component."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch

from nnviz.base.info import CLASS_ATTRIBUTION, Need, Reference
from nnviz.base.parameters import Essential, Formerly, Help, Title
from nnviz.base.results import Report
from nnviz.engine.attribution.cam import (
    LayersParams,
    cam_report,
    cam_results,
    eigen_cam,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import channel_maps
from nnviz.engine.nn.map_layers import choose_layers


@dataclass(frozen=True, slots=True, kw_only=True)
class EigenCamParams(LayersParams):
    """Parameters of Eigen-CAM: layers, and whether the mean is subtracted."""

    centered: Annotated[
        bool,
        Formerly("centred"),
        Title("Subtract the mean"),
        Help("Subtract each channel's mean first, as in PCA."),
    ] = False
    signed: Annotated[
        bool,
        Essential(),
        Title("Show both signs"),
        Help("Keep negative values: positions unlike the rest."),
    ] = False


@register(
    "eigen_cam",
    title="Eigen-CAM",
    group="Explain",
    capabilities=CLASS_ATTRIBUTION,
    live=True,
    reference=Reference("Muhammad & Yeasin 2020", "arXiv:2008.00299"),
    needs=(Need.MAPS,),
)
class EigenCam:
    """A layer's maps, projected onto their first principal direction."""

    Params: ClassVar[type] = EigenCamParams
    shows: ClassVar[str] = (
        "What a layer's channels have in common: each position projected on the first"
        " principal direction of the layer's activations."
    )
    reading: ClassVar[str] = (
        "Bright regions are those the layer responds to most, usually the main "
        "object. It needs no gradient and only part of a forward pass."
    )
    misleads: ClassVar[str] = (
        "It ignores the class: what stands out in the layer need not be the reason "
        "for the prediction. The direction has no sign of its own; the sign of the "
        "largest value is taken as positive."
    )
    presets: ClassVar[Presets] = {"demo": {}, "centered": {"centered": True}}

    def run(self, ctx: Context, params: EigenCamParams) -> Iterator[Report]:
        """Yield one report: "eigen_cam" and "map", or a map of each layer."""
        layers = choose_layers(ctx.model.info, params.layer, params.layers)
        cams = []
        for layer in layers.layers:
            maps = channel_maps(ctx.activations(layer.name), layer)
            activation = torch.from_numpy(maps).double()
            cams.append(eigen_cam(activation, centered=params.centered))
        results = cam_results(
            "eigen_cam",
            cams,
            layers,
            ctx.placement,
            signed=params.signed,
            unit="activation",
        )
        yield cam_report(results, layers, ("this map does not depend on the class",))
