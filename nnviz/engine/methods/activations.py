"""Activations: the feature maps of a layer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.frames import Frame
from nnviz.base.info import INSPECTION, LayerInfo
from nnviz.base.parameters import ChannelIndex, FormerChoices, Help, LayerName, Title
from nnviz.base.results import Curves, Heatmap, Mosaic, Report, Result, Table
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import (
    ChannelFigures,
    Maps,
    channel_figures,
    channel_maps,
    covers_input,
    histogram,
)

_ALL = -1
_BINS = 60
_UNIT = "activation"
_FINEST = 4
"""The layer chosen by default has maps of at least 1/4 of the input's side: fine enough
to recognize the image in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationsParams:
    """Parameters of activations: layer, channel, order, scale."""

    layer: Annotated[
        LayerName, Help("The layer to show. Empty: chosen automatically.")
    ] = ""
    channel: Annotated[
        ChannelIndex, Help("A channel to enlarge; -1 shows all side by side.")
    ] = -1
    order: Annotated[
        Literal["strongest", "sparsest", "network"],
        Help("Largest absolute value first, most zeros first, or the network's order."),
    ] = "strongest"
    scale: Annotated[
        Literal["shared", "separate"],
        FormerChoices({"common": "shared", "own": "separate"}),
        Title("Color scale"),
        Help("One scale shared by all channels, or one per channel."),
    ] = "shared"


@register(
    "activations",
    title="Activations",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
)
class Activations:
    """The output of a layer for the image: a map for each channel."""

    Params: ClassVar[type] = ActivationsParams
    shows: ClassVar[str] = (
        "The feature maps of a layer for this image: one map per channel, bright "
        "where the channel responds."
    )
    reading: ClassVar[str] = (
        "Early layers respond to edges and colors at precise positions, deep layers "
        "to parts of objects at a few coarse ones. Choose a channel to overlay it on "
        "the image."
    )
    misleads: ClassVar[str] = (
        "A strong channel need not matter for the decision, and one that is silent "
        "here may respond to another image. With its own scale, a weak channel looks "
        "as strong as any other."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "separate scales": {"scale": "separate"},
        # In front of a camera, tiles that change their order cannot be followed.
        "live": {"order": "network"},
    }

    def run(self, ctx: Context, params: ActivationsParams) -> Iterator[Report]:
        """Yield one report: the mosaic, an overlay, a histogram and figures.

        The overlay shows the chosen channel, in which case it comes first, or the
        strongest one.
        """
        layer, notes = _choose_layer(ctx, params.layer)
        maps = channel_maps(ctx.activations(layer.name), layer)
        channel = _checked_channel(params.channel, layer, len(maps))
        figures = channel_figures(maps)
        mosaic = _mosaic(ctx, layer, maps, figures, params)
        results: dict[str, Result] = {"channels": mosaic}
        if channel is None:
            strongest = int(_height(figures).argmax())
            results["strongest"] = _overlay(ctx, layer, maps[strongest])
            notes = (*notes, f"the strongest is channel {strongest}")
        else:
            results = {"channel": _overlay(ctx, layer, maps[channel]), **results}
        results["histogram"] = _spread(maps, figures, channel)
        results["statistics"] = _table(figures, mosaic.order)
        yield Report(results, (*notes, *_remarks(layer, figures)))


def _choose_layer(ctx: Context, name: str) -> tuple[LayerInfo, tuple[str, ...]]:
    """Return the layer, and a note if it was chosen automatically."""
    info = ctx.model.info
    if name:
        return ctx.model.info.known_layer(name), ()
    finest = max(info.preprocess.input_size) / _FINEST
    spatial = [layer for layer in info.layers if layer.spatial]
    fine = [layer for layer in spatial if max(_grid(layer)) >= finest]
    reached = [layer for layer in info.layers if layer.shape is not None]
    candidates = fine or spatial or reached[:-1] or reached
    if not candidates:
        raise ModelError(
            info.title,
            "has no layer that can be looked at",
            "use a method that needs none, such as occlusion",
        )
    top = min(layer.depth for layer in candidates)
    chosen = [layer for layer in candidates if layer.depth == top][-1]
    reason = "the deepest with maps" if spatial else "the last before the output"
    if fine:
        reason += f" of at least 1/{_FINEST} of the input's side"
    return chosen, (f"layer {chosen.name} was chosen: {reason}",)


def _grid(layer: LayerInfo) -> tuple[int, ...]:
    return layer.grid or (layer.shape or ())[1:]


def _checked_channel(channel: int, layer: LayerInfo, count: int) -> int | None:
    """Validate the channel; None for all.

    Raises:
        UsageError: the layer has no such channel.
    """
    if channel == _ALL:
        return None
    if not 0 <= channel < count:
        raise UsageError(
            "--channel",
            f"layer {layer.name} has no channel {channel}",
            f"it has {count}: 0 to {count - 1}, or -1 for all",
        )
    return channel


def _height(figures: ChannelFigures) -> NDArray[np.float64]:
    """Return each channel's largest absolute value.

    Not its mean or root mean square: they would favor channels that are nearly
    constant, which are uninformative about the image.
    """
    return np.maximum(np.abs(figures.lowest), np.abs(figures.highest))


def _ordered(figures: ChannelFigures, order: str) -> NDArray[np.int64]:
    """Return the channels in display order; ties stay in the network's order."""
    match order:
        case "strongest":
            return np.argsort(-_height(figures), kind="stable")
        case "sparsest":
            # Silent channels carry no information, so they come last.
            return np.lexsort((-figures.zeros, figures.silent))
        case _:
            return np.arange(len(figures.strength))


def _mosaic(
    ctx: Context,
    layer: LayerInfo,
    maps: Maps,
    figures: ChannelFigures,
    params: ActivationsParams,
) -> Mosaic:
    covers = covers_input(layer)
    return Mosaic(
        tiles=maps,
        order=_ordered(figures, params.order),
        signed=bool(figures.lowest.min() < 0),
        shared_scale=params.scale == "shared",
        unit=_UNIT,
        noun="channel",
        layer=layer.name,
        frame=Frame.INPUT if covers else None,
        placement=ctx.placement if covers else None,
    )


def _overlay(ctx: Context, layer: LayerInfo, values: Maps) -> Heatmap:
    covers = covers_input(layer)
    return Heatmap(
        values=values,
        signed=bool(values.min() < 0),
        unit=_UNIT,
        frame=Frame.INPUT if covers else None,
        placement=ctx.placement if covers else None,
    )


def _spread(maps: Maps, figures: ChannelFigures, channel: int | None) -> Curves:
    shown = slice(None) if channel is None else slice(channel, channel + 1)
    limits = float(figures.lowest[shown].min()), float(figures.highest[shown].max())
    edges, shares, sampled = histogram(maps[shown], limits, _BINS)
    name = "all channels" if channel is None else f"channel {channel}"
    return Curves(
        x=edges,
        series={name: 100 * shares},
        x_label=f"{_UNIT} (zeros left out)",
        y_label="share of a sample, %" if sampled else "share of all values, %",
        style="bars",
    )


_COLUMNS = (
    "channel",
    "mean",
    "root mean square",
    "lowest",
    "highest",
    "zeros, %",
    "peak at row, column",
)


def _table(figures: ChannelFigures, order: NDArray[np.int64]) -> Table:
    columns = (figures.mean, figures.strength, figures.lowest, figures.highest,
               100 * figures.zeros)  # fmt: skip
    values = np.stack(columns, axis=1)[order].tolist()
    peaks = figures.peak[order].tolist()
    return Table(
        columns=_COLUMNS,
        rows=tuple(
            (index, *numbers, f"{row}, {column}")
            for index, numbers, (row, column) in zip(
                order.tolist(), values, peaks, strict=True
            )
        ),
    )


def _remarks(layer: LayerInfo, figures: ChannelFigures) -> tuple[str, ...]:
    count, silent = len(figures.zeros), int(figures.silent.sum())
    remarks = [f"{100 * figures.zeros.mean():.1f} % of the values are zero"]
    if silent:
        remarks.append(f"{silent} of {count} channels are inactive on this image")
    if not np.isfinite(figures.strength).all():
        remarks.append("some values are infinite or not numbers")
    if layer.calls > 1:
        remarks.append(f"the network runs this layer {layer.calls} times; this is last")
    if layer.extra_tokens and layer.grid is not None:
        tokens = "token" if layer.extra_tokens == 1 else "tokens"
        remarks.append(
            f"{layer.extra_tokens} {tokens} before the grid left out of the maps"
        )
    return tuple(remarks)
