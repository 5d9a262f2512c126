"""Equivariance: a shift of the image shifts its feature maps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor

from nnviz.base.frames import Frame
from nnviz.base.info import LayerInfo, Layout, Need, lesson
from nnviz.base.parameters import (
    ChannelIndex,
    Essential,
    Help,
    LayerKinds,
    LayerName,
    Range,
    Title,
    Unit,
)
from nnviz.base.results import ColorImage, Heatmap, Report, Result, Table
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class EquivarianceParams:
    """Parameters: the shift of the image, and the layer's map."""

    layer: Annotated[
        LayerName,
        LayerKinds("spatial"),
        Essential(),
        Help("The layer whose map is shown. Empty: an early one."),
    ] = ""
    channel: Annotated[ChannelIndex, Help("The map; -1 is the strongest.")] = -1
    right: Annotated[
        int,
        Range(-64, 64),
        Unit("px"),
        Essential(),
        Title("Shift right"),
        Help("Shift to the right."),
    ] = 16
    down: Annotated[
        int,
        Range(-64, 64),
        Unit("px"),
        Essential(),
        Title("Shift down"),
        Help("Shift downward."),
    ] = 0


@register(
    "equivariance",
    title="Equivariance: shift the image",
    group="Learn",
    live=False,
    needs=(Need.MAPS,),
    capabilities=lesson("Convolution", 11),
)
class Equivariance:
    """Lesson: a feature map of the shifted image against the shifted feature map."""

    Params: ClassVar[type] = EquivarianceParams
    shows: ClassVar[str] = (
        "A feature map of the shifted image, and how much it differs from the "
        "equally shifted map of the original image."
    )
    reading: ClassVar[str] = (
        "Where the shift is a multiple of the layer's stride the two agree away from "
        "the edges; other shifts fall between the positions of the map."
    )
    misleads: ClassVar[str] = (
        "Strided layers and padding break equivariance a little: a network can change "
        "its mind when the image moves by one pixel."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: EquivarianceParams) -> Iterator[Report]:
        """Yield one report: the map of the shifted image, and the difference."""
        layer = _layer(ctx, params.layer)
        shift = params.down, params.right
        moved = shifted(ctx.pixels, shift)
        own = ctx.activations(layer.name)
        found = _maps_of(ctx, moved, layer)
        channel = _channel(own, params.channel)
        stride = ctx.pixels.shape[2] / own.shape[2], ctx.pixels.shape[3] / own.shape[3]
        places = tuple(round(s / u) for s, u in zip(shift, stride, strict=True))
        expected = shifted(own, (places[0], places[1]))
        results: dict[str, Result] = {
            "map_of_shifted_image": _map(ctx, found[0, channel], "activation"),
            "map_as_it_was": _map(ctx, own[0, channel], "activation"),
            "difference": _map(ctx, (found - expected)[0, channel], "difference"),
            "shifted_image": _picture(ctx, moved),
            "figures": _figures(own, found, expected, stride, shift),
        }
        words = f"layer {layer.name}, channel {channel}, stride {stride[0]:g} px"
        gap = _relative(found, expected, places)
        yield Report(results, (words, f"difference inside {100 * gap:.2g} %"))


def shifted(values: Tensor, shift: tuple[int, int]) -> Tensor:
    """Shift images (N, C, H, W) down and right, edges replicated."""
    rows = torch.arange(values.shape[2]) - shift[0]
    columns = torch.arange(values.shape[3]) - shift[1]
    rows = rows.clamp(0, values.shape[2] - 1).to(values.device)
    columns = columns.clamp(0, values.shape[3] - 1).to(values.device)
    return values[:, :, rows][:, :, :, columns]


def _layer(ctx: Context, name: str) -> LayerInfo:
    """Return the named layer, else an early one with feature maps."""
    info = ctx.model.info
    if name:
        return info.known_layer(name)
    maps = [each for each in info.layers if each.spatial and each.layout is Layout.MAP]
    leaves = [each for each in maps if each.leaf and each.calls] or maps
    return leaves[min(2, len(leaves) - 1)]


def _maps_of(ctx: Context, pixels: Tensor, layer: LayerInfo) -> Tensor:
    with torch.no_grad():
        calls = {layer.name: layer.calls}
        return ctx.inference.pixel_model.up_to(pixels, calls)[layer.name]


def _channel(maps: Tensor, asked: int) -> int:
    if 0 <= asked < maps.shape[1]:
        return asked
    return int(maps[0].abs().amax((1, 2)).argmax())


def _inner(values: Tensor, places: tuple[int, ...]) -> Tensor:
    """Return the part of maps unaffected by edges and the shift."""
    rows, columns = values.shape[2:]
    margins = rows // 8 + abs(places[0]), columns // 8 + abs(places[1])
    kept = values[
        :, :, margins[0] : rows - margins[0], margins[1] : columns - margins[1]
    ]
    return kept if kept.numel() else values


def _relative(found: Tensor, expected: Tensor, places: tuple[int, ...]) -> float:
    """Return the relative norm of the difference of two maps, away from the edges."""
    gap = _inner(found - expected, places).norm()
    whole = _inner(expected, places).norm()
    return float(gap / whole) if whole else 0.0


def _map(ctx: Context, values: Tensor, unit: str) -> Heatmap:
    numbers = values.detach().float().cpu().numpy()
    return Heatmap(
        values=np.ascontiguousarray(numbers),
        signed=bool(numbers.min() < 0),
        unit=unit,
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _picture(ctx: Context, pixels: Tensor) -> ColorImage:
    shown = pixels[0].permute(1, 2, 0).float().cpu().numpy().clip(0, 1)
    return ColorImage(
        pixels=np.ascontiguousarray(shown, np.float32),
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _figures(
    own: Tensor,
    found: Tensor,
    expected: Tensor,
    stride: tuple[float, float],
    shift: tuple[int, int],
) -> Table:
    places = tuple(round(s / u) for s, u in zip(shift, stride, strict=True))
    rows: tuple[tuple[str | float, ...], ...] = (
        ("shift of the image, px", f"{shift[0]} down, {shift[1]} right"),
        ("shift of the map, positions", f"{places[0]} down, {places[1]} right"),
        ("without shifting the map, %", 100 * _relative(found, own, places)),
        ("with the map shifted, %", 100 * _relative(found, expected, places)),
    )
    return Table(columns=("difference inside", "value"), rows=rows)
