"""Feature PCA: the three principal components of all positions' features as RGB."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nnviz.base.frames import Frame
from nnviz.base.info import INSPECTION, LayerInfo, Need, Reference
from nnviz.base.parameters import Help, ImageFolder, LayerKinds, LayerName, Range, Title
from nnviz.base.results import ColorImage, Mosaic, Report, Result
from nnviz.engine.attribution.patches import (
    as_colors,
    choose_features,
    principal_components,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import maps_of

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureComponentsParams:
    """Parameters of feature PCA: the layer, and further images."""

    layer: Annotated[
        LayerName,
        LayerKinds("spatial"),
        Help("The layer whose features are used. Empty: the deepest with a fine map."),
    ] = ""
    image_folder: Annotated[
        ImageFolder,
        Title("Other images"),
        Help("A folder of images that share the components; empty for this one alone."),
    ] = ""
    image_count: Annotated[
        int,
        Range(2, 64),
        Title("Image count"),
        Help("Maximum number of images from the folder."),
    ] = 8


@register(
    "feature_components",
    title="Feature PCA",
    group="Inspect",
    capabilities=INSPECTION,
    live=False,
    reference=Reference("Oquab et al. 2023", "arXiv:2304.07193"),
    needs=(Need.MAPS,),
)
class FeatureComponents:
    """The three principal components of the features of all positions, as RGB."""

    Params: ClassVar[type] = FeatureComponentsParams
    shows: ClassVar[str] = (
        "What a layer distinguishes in the image: the three directions in which the "
        "features of its positions differ most, shown as red, green and blue. Class "
        "and register tokens are left out."
    )
    reading: ClassVar[str] = (
        "Positions of one color have similar features. With a folder, the "
        "components are computed over all images together: a color then means the "
        "same in each of them."
    )
    misleads: ClassVar[str] = (
        "Three components of many: what they leave out is not seen. Which one is red "
        "is only a matter of order, and a single image stretches small differences "
        "over all colors."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: FeatureComponentsParams) -> Iterator[Report]:
        """Yield one report: "components" over the image, "maps", and "others"."""
        layer = choose_features(ctx.model.info, params.layer)
        maps = maps_of(ctx.activations(layer.name), layer).cpu()
        others = _others(ctx, layer, params)
        everything = torch.cat([maps, *others]) if others else maps
        found, shares = principal_components(everything, _SHOWN)
        colors = as_colors(found)
        results: dict[str, Result] = {
            "components": _over_input(ctx, colors[:1]),
            "maps": _mosaic(found[0].float().numpy(), "component", layer),
        }
        if others:
            tiles = colors[1:].permute(0, 2, 3, 1).float().numpy()
            results["others"] = _mosaic(tiles, "image", layer)
        yield Report(results, (_words(layer, shares),))


def _others(
    ctx: Context, layer: LayerInfo, params: FeatureComponentsParams
) -> list[Tensor]:
    """Return the feature maps of a folder's images, each (1, C, h, w)."""
    if not params.image_folder:
        return []
    size = (ctx.pixels.shape[2], ctx.pixels.shape[3])
    learned, rest = ctx.files.folder(params.image_folder, params.image_count, size)
    model, found = ctx.inference.pixel_model, []
    for pixels in torch.cat([learned, rest]):
        with torch.no_grad():
            one = pixels[None].to(ctx.pixels.device)
            given = model.up_to(one, {layer.name: layer.calls})
        found.append(maps_of(given[layer.name], layer).cpu())
    return found


def _over_input(ctx: Context, colors: Tensor) -> ColorImage:
    large = functional.interpolate(colors, ctx.placement.input_size)[0]
    return ColorImage(
        pixels=np.ascontiguousarray(large.permute(1, 2, 0).float().numpy()),
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _mosaic(tiles: NDArray[np.float32], noun: str, layer: LayerInfo) -> Mosaic:
    return Mosaic(
        tiles=np.ascontiguousarray(tiles),
        order=np.arange(len(tiles)),
        captions=tuple(f"{noun} {index + 1}" for index in range(len(tiles))),
        signed=tiles.ndim == _SHOWN,
        shared_scale=True,
        unit=f"principal components of {layer.name}",
        noun=noun,
        layer="",
    )


def _words(layer: LayerInfo, shares: Tensor) -> str:
    listed = ", ".join(f"{100 * float(share):.0f} %" for share in shares)
    return (
        f"layer {layer.name}: red, green and blue account for {listed} of the variance"
    )
