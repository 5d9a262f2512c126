"""Effective receptive field: the influence of each pixel on a layer's position."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.frames import Frame
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import LayerInfo, Need, Reference, lesson
from nnviz.base.parameters import (
    Essential,
    Help,
    LayerKinds,
    LayerName,
    Range,
)
from nnviz.base.results import Boxes, Curves, Heatmap, Report, Result, Table
from nnviz.engine.lessons.convolution.receptive_fields import growing_layers
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
LEFT_OUT = 1 - 0.9545
"""Pixels below this fraction of the largest are outside: two standard deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveReceptiveFieldParams:
    """Parameters: the layer, the position, and the number of averaged passes."""

    layer: Annotated[
        LayerName,
        LayerKinds("spatial"),
        Essential(),
        Help("The layer to use. Empty: the deepest with maps."),
    ] = ""
    x: Annotated[ImageX, Essential()] = 0.5
    y: Annotated[ImageY, Essential()] = 0.5
    passes: Annotated[
        int,
        Range(1, 256, log=True),
        Essential(),
        Help(
            "Backward passes to average, each with different random signs of the "
            "channels."
        ),
    ] = 12


@register(
    "effective_receptive_field",
    title="Effective receptive field",
    group="Learn",
    live=False,
    needs=(Need.MAPS, Need.GRADIENTS),
    recorded=True,
    reference=Reference("Luo et al. 2016", "arXiv:1701.04128"),
    capabilities=lesson("Convolution", 13),
)
class EffectiveReceptiveField:
    """Lesson: the root mean square gradient of one position of a layer, by pixel."""

    Params: ClassVar[type] = EffectiveReceptiveFieldParams
    shows: ClassVar[str] = (
        "How much each pixel of the input affects the values at one position of a "
        "layer, compared with the whole rectangle that the position could see."
    )
    reading: ClassVar[str] = (
        "The center counts most and the edges hardly at all, roughly as a Gaussian. "
        "It grows with the square root of depth, so it fills less and less of the "
        "rectangle; training and strides widen it."
    )
    misleads: ClassVar[str] = (
        "It holds for this image only: where a ReLU is inactive, no gradient comes "
        "back. Its edge is drawn at two standard deviations by convention."
    )
    presets: ClassVar[Presets] = {"demo": {"passes": 3}}

    def run(
        self, ctx: Context, params: EffectiveReceptiveFieldParams
    ) -> Iterator[Report]:
        """Yield a report for each backward pass added to the average."""
        layer = _layer(ctx, params.layer)
        seed = draw_seed(ctx)
        reports = _reports(ctx, layer, params, seed)
        yield from stepped(ctx, reports, params.passes, "pass", seed=seed)


def _layer(ctx: Context, name: str) -> LayerInfo:
    """Return the named layer, else the deepest with feature maps."""
    info = ctx.model.info
    if name:
        return info.known_layer(name)
    growing = [each for each in growing_layers(info.layers) if each.spatial]
    if not growing:
        raise ModelError(info.title, "has no receptive fields to draw")
    return growing[-1]


def _reports(
    ctx: Context, layer: LayerInfo, params: EffectiveReceptiveFieldParams, seed: int
) -> Iterator[tuple[Mapping[str, float], Report]]:
    generator = torch.Generator().manual_seed(seed)
    center = _center(ctx, params)
    total: Numbers = np.zeros(ctx.placement.input_size)
    for count in range(1, params.passes + 1):
        total = total + squared_gradient(ctx, layer, center, generator)
        found = np.sqrt(total / count)
        size = effective_size(found)
        results: dict[str, Result] = {
            "effective": Heatmap(
                values=found.astype(np.float32),
                signed=False,
                unit="root mean square gradient",
                frame=Frame.INPUT,
                placement=ctx.placement,
            ),
            "profile": _profile(found, center),
            "fields": _boxes(ctx, layer, center, size),
            "figures": _figures(found, layer, size),
        }
        side = max(layer.receptive_field or (0, 0))
        notes = (
            f"layer {layer.name}: effective {size:.0f} px of {side} px",
            f"{count} passes averaged" if count > 1 else "one pass",
        )
        yield {"effective size": size}, Report(results, notes)


def _center(ctx: Context, params: EffectiveReceptiveFieldParams) -> tuple[float, float]:
    """Return the row and column of the position in the network's input, px."""
    height, width = ctx.image.size
    y, x = ctx.placement.to_input(params.y * height, params.x * width)
    rows, columns = ctx.placement.input_size
    return min(max(y, 0.0), rows - 1.0), min(max(x, 0.0), columns - 1.0)


def squared_gradient(
    ctx: Context,
    layer: LayerInfo,
    center: tuple[float, float],
    generator: torch.Generator,
) -> Numbers:
    """Return a position's squared gradient for random signs of its channels, (H, W).

    Summed over the colors.  The mean over random signs is the sum of all channels'
    squares, since the mixed products cancel (Hutchinson 1990).
    """

    def score(pixels: Tensor) -> Tensor:
        maps = ctx.inference.pixel_model.up_to(pixels, {layer.name: layer.calls})
        values = maps[layer.name]
        row, column = (
            min(int(at / size * count), count - 1)
            for at, size, count in zip(
                center, pixels.shape[2:], values.shape[2:], strict=True
            )
        )
        coins = torch.randint(2, values.shape[1:2], generator=generator)
        signs = (2 * coins - 1).to(values.device, values.dtype)
        return (values[:, :, row, column] * signs).sum(dim=1)

    _, gradient = ctx.inference.pixel_model.gradient(ctx.pixels, score)
    squared: Numbers = gradient[0].double().square().sum(dim=0).cpu().numpy()
    return squared


def effective_size(values: Numbers) -> float:
    """Return the side of a square of the effective area, px (Luo et al. 2016).

    Args:
        values: sensitivity of each pixel, (H, W).
    """
    peak = values.max()
    return float(np.sqrt((values > LEFT_OUT * peak).sum())) if peak > 0 else 0.0


def axis_deviation(values: Numbers) -> float:
    """Return the standard deviation along an axis, averaged over both axes, px."""
    total = values.sum()
    if not total:
        return 0.0
    variances = []
    for axis in (0, 1):
        shares = values.sum(axis=axis) / total
        places = np.arange(len(shares))
        middle = float(shares @ places)
        variances.append(float(shares @ (places - middle) ** 2))
    return float(np.sqrt(np.mean(variances)))


def _profile(values: Numbers, center: tuple[float, float]) -> Curves:
    """Return the mean sensitivity by distance, and a Gaussian of the same deviation."""
    rows, columns = np.indices(values.shape)
    distance = np.hypot(rows + 0.5 - center[0], columns + 0.5 - center[1])
    rings = distance.astype(np.int64)
    far = min(values.shape) // 2 + 1
    counts = np.bincount(rings.ravel())[:far]
    means = np.bincount(rings.ravel(), values.ravel())[:far] / np.maximum(counts, 1)
    peak = means.max() or 1.0
    spread = axis_deviation(values) or 1.0
    x = np.arange(far, dtype=np.float64)
    return Curves(
        x=x,
        series={
            "sensitivity": means / peak,
            "Gaussian": np.exp(-((x / spread) ** 2) / 2),
        },
        x_label="distance from the position, px",
        y_label="fraction of the maximum",
        limits=(0.0, 1.0),
    )


def _boxes(
    ctx: Context, layer: LayerInfo, center: tuple[float, float], size: float
) -> Boxes:
    """Return the effective and the theoretical field, clipped to the input."""
    rows, columns = ctx.placement.input_size
    down, across = layer.receptive_field or (rows, columns)
    y, x = center
    edges = [
        (
            max(0.0, x - wide / 2),
            max(0.0, y - high / 2),
            min(float(columns), x + wide / 2),
            min(float(rows), y + high / 2),
        )
        for high, wide in ((size, size), (float(down), float(across)))
    ]
    return Boxes(
        boxes=np.array(edges, np.float32),
        scores=np.ones(2, np.float32),
        classes=np.arange(2, dtype=np.int64),
        labels=("effective", "theoretical"),
        captions=(f"effective: {size:.0f} px", f"theoretical: {max(down, across)} px"),
        objects=False,
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def _figures(values: Numbers, layer: LayerInfo, size: float) -> Table:
    down, across = layer.receptive_field or values.shape
    share = 100 * size * size / (down * across)
    rows: tuple[tuple[str | float, ...], ...] = (
        ("theoretical field, px", f"{down} × {across}"),
        ("effective size, px", round(size, 1)),
        ("share of its area, %", round(share, 1)),
        ("standard deviation along an axis, px", round(axis_deviation(values), 2)),
    )
    return Table(columns=("figure", "value"), rows=rows)
