"""Norm layers of the network: histograms of their input and output."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.base.info import LayerInfo, lesson
from nnviz.base.parameters import ChannelIndex, Essential, Help, LayerKinds, LayerName
from nnviz.base.results import Curves, Report, Result, Table
from nnviz.engine.lessons.arithmetic.layer_capture import capture_layer
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.hooks import find_module

NORMS = (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm)
_BINS = 48
_CLIP = 99.5


@dataclass(frozen=True, slots=True, kw_only=True)
class NormLayersParams:
    """Parameters: the norm layer."""

    layer: Annotated[
        LayerName,
        LayerKinds("any"),
        Essential(),
        Help("A normalization layer. Empty, or another kind of layer: the first one."),
    ] = ""
    statistics: Annotated[
        Literal["fixed", "of this image"],
        Essential(),
        Help(
            "Statistics remembered from training, or those of this image, as in "
            "training."
        ),
    ] = "fixed"
    channel: Annotated[
        ChannelIndex, Essential(), Help("One channel; -1 takes all channels together.")
    ] = -1


@register(
    "norm_layers",
    title="Normalization in the network",
    group="Learn",
    live=False,
    capabilities=lesson("Normalization", 3),
)
class NormLayers:
    """Lesson: values before and after a batch, layer, group or local response norm."""

    Params: ClassVar[type] = NormLayersParams
    shows: ClassVar[str] = (
        "Histograms of the numbers that a norm layer of the open network reads and "
        "gives for this image, and their mean and spread."
    )
    reading: ClassVar[str] = (
        "After the layer all channels lie in one range. With the image's own "
        "statistics, as in training, mean and spread of each channel are exactly "
        "those given by γ and β."
    )
    misleads: ClassVar[str] = (
        "With fixed statistics an unusual image need not come out normalized: this "
        "reveals wrong preprocessing."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: NormLayersParams) -> Iterator[Report]:
        """Yield one report: both histograms and the figures.

        Raises:
            ModelError: the network has no norm layer.
        """
        layer, note = norm_layer(ctx, params.layer)
        captured = capture_layer(ctx, layer.name)
        module = captured.module
        after = captured.result
        if params.statistics == "of this image" and isinstance(module, nn.BatchNorm2d):
            after = batch_normalized(module, captured.given)
        before = _chosen(captured.given, params.channel)
        found = _chosen(after, params.channel)
        results: dict[str, Result] = {
            "histograms": _histograms(before, found),
            "figures": _figures(before, found),
        }
        kind = type(module).__name__
        where = "all channels" if params.channel < 0 else f"channel {params.channel}"
        words = f"{kind} {layer.name}, {where}, statistics {params.statistics}"
        yield Report(results, tuple(each for each in (words, note) if each))


def norm_layer(ctx: Context, name: str) -> tuple[LayerInfo, str]:
    """Return a norm layer, and a note if it is not the named one.

    Raises:
        UsageError: no such layer.
        ModelError: the network has none.
    """
    info, net = ctx.model.info, ctx.model.net
    known = [
        each
        for each in info.layers
        if each.calls and isinstance(find_module(net, each.name), NORMS)
    ]
    if not known:
        raise ModelError(
            info.title, "has no normalization layer", "open another network"
        )
    if not name:
        return known[0], f"layer {known[0].name} was chosen: the first"
    asked = info.known_layer(name)
    if asked in known:
        return asked, ""
    order = [each.name for each in info.layers]
    later = [each for each in known if order.index(each.name) > order.index(name)]
    found = (later or known)[0]
    return found, f"{name} normalizes nothing: {found.name} is shown"


def batch_normalized(module: nn.BatchNorm2d, given: Tensor) -> Tensor:
    """Return a batch norm's training-mode output, by the image's statistics."""
    with torch.no_grad():
        return nn.functional.batch_norm(
            given, None, None, module.weight, module.bias, training=True, eps=module.eps
        )


def _chosen(values: Tensor, channel: int) -> NDArray[np.float64]:
    """Return the values of one channel, or of all, flattened."""
    if 0 <= channel < values.shape[1]:
        values = values[:, channel]
    numbers: NDArray[np.float64] = values.detach().double().cpu().numpy().ravel()
    return numbers


def _histograms(before: NDArray[np.float64], after: NDArray[np.float64]) -> Curves:
    """Return both histograms over a common axis, outliers clipped."""
    both = np.concatenate([before, after])
    low, high = np.percentile(both, [100 - _CLIP, _CLIP])
    if not high > low:
        low, high = float(low) - 1, float(low) + 1
    edges = np.linspace(low, high, _BINS + 1)
    return Curves(
        x=edges,
        series={
            name: 100 * np.histogram(values, edges)[0] / values.size
            for name, values in (("before", before), ("after", after))
        },
        x_label="value",
        y_label="share of the values, %",
        style="bars",
    )


def _figures(before: NDArray[np.float64], after: NDArray[np.float64]) -> Table:
    rows = tuple(
        (
            name,
            float(each.mean()),
            float(each.std()),
            float(each.min()),
            float(each.max()),
        )
        for name, each in (("before", before), ("after", after))
    )
    columns = ("", "mean", "standard deviation", "lowest", "highest")
    return Table(columns=columns, rows=rows)
