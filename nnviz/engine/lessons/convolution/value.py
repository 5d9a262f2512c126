"""One value of a feature map traced from its window to its activation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from torch import nn

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.frames import Frame
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import LayerInfo, Layout, lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import (
    ChannelIndex,
    Essential,
    Help,
    LayerKinds,
    LayerName,
    Lowest,
    Range,
    Title,
)
from nnviz.base.results import Boxes, Heatmap, Report, Result, Table
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.layer_capture import (
    LayerCapture,
    Stage,
    capture_layer,
)
from nnviz.engine.lessons.arithmetic.value_trace import (
    TRACEABLE,
    Floats,
    Place,
    ValueTrace,
    trace_value,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_maps import Maps, channel_maps, covers_input
from nnviz.engine.nn.hooks import find_module

_MOST_SUMS = 7
"""Input channels whose sums are listed; the others are summed in one line."""
_WIDEST = 16
"""Maximum rows and columns of a window that are shown as numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueParams:
    """Parameters: a value of a feature map, and the input channel to show."""

    layer: Annotated[
        LayerName,
        LayerKinds("any"),
        Essential(),
        Help("The layer. Empty, or a layer that computes no sums: a convolution."),
    ] = ""
    channel: Annotated[
        ChannelIndex,
        Essential(),
        Help("The map; -1 is the one with the largest value."),
    ] = -1
    x: Annotated[ImageX, Essential()] = 0.5
    y: Annotated[ImageY, Essential()] = 0.5
    input_channel: Annotated[
        int,
        Range(-1, 1 << 16),
        Lowest("auto"),
        Title("Input channel"),
        Help(
            "The input channel whose window is shown; -1 is the one that "
            "contributes most."
        ),
    ] = -1
    row: Annotated[
        int,
        Range(-1, 1 << 16),
        Lowest("auto"),
        Help("Row of the map; -1 takes the place of y."),
    ] = -1
    column: Annotated[
        int,
        Range(-1, 1 << 16),
        Lowest("auto"),
        Help("Column of the map; -1 takes the place of x."),
    ] = -1


@register(
    "value",
    title="One value of a feature map",
    group="Learn",
    live=False,
    capabilities=lesson("Convolution", 3),
)
class FeatureMapValue:
    """Lesson: a feature map's value, from window and kernel to norm and activation."""

    Params: ClassVar[type] = ValueParams
    shows: ClassVar[str] = (
        "How the network computed one number of a feature map: the window that it "
        "read, the kernel, their products and sum, bias, batch norm and activation."
    )
    reading: ClassVar[str] = (
        "Click the image beside it to choose a position, or click a map. The first "
        "three grids show one input channel; the list adds up all channels, the "
        "largest first."
    )
    misleads: ClassVar[str] = (
        "The input channels are feature maps of the layer before, not colors, in all "
        "layers but the first."
    )
    presets: ClassVar[Presets] = {"demo": {}}

    def run(self, ctx: Context, params: ValueParams) -> Iterator[Report]:
        """Yield one report: the sum, its stages, the map and the window on the image.

        Raises:
            UsageError: no such channel, row or column.
            ModelError: no layer that computes sums of products.
        """
        layer, note = traceable_layer(ctx, params.layer)
        captured = capture_layer(ctx, layer.name)
        at = _MapPlace.chosen(ctx, layer, captured, params)
        trace = trace_value(captured.module, captured.given, at.index)
        own = float(captured.result[(0, *at.index)])
        results: dict[str, Result] = {
            "computation": _matrix(trace, captured, at, params.input_channel),
            "stages": _stages(trace, captured, at),
            "map": at.heatmap(ctx, layer),
        }
        box = _window_box(trace, captured, layer, ctx)
        results |= {"window": box} if box is not None else {}
        words = f"layer {layer.name}, channel {at.channel}, {at.words}"
        gap = f"the network computed {amount(own, 6)}, the sum is {trace.total:.6g}"
        yield Report(results, tuple(each for each in (words, gap, note) if each))


def traceable_layer(ctx: Context, name: str) -> tuple[LayerInfo, str]:
    """Return a traceable layer, and a note if it is not the named one.

    Args:
        ctx: of a running method.
        name: dotted path; "" for the network's first convolution.

    Raises:
        UsageError: no such layer.
        ModelError: the network has none.
    """
    info, net = ctx.model.info, ctx.model.net
    known = [
        each
        for each in info.layers
        if each.calls and isinstance(find_module(net, each.name), TRACEABLE)
    ]
    if not known:
        raise ModelError(info.title, "has no layer that adds up products")
    if not name:
        return known[0], f"layer {known[0].name} was chosen: the first"
    asked = info.known_layer(name)
    if asked in known:
        return asked, ""
    inside = [each for each in known if each.name.startswith(f"{name}.")]
    wide = [each for each in inside if has_window(find_module(net, each.name))]
    inside = wide or inside
    order = [each.name for each in info.layers]
    before = [each for each in known if order.index(each.name) < order.index(name)]
    found = (inside or before or known)[-1]
    where = "the last inside" if inside else "the one before"
    return found, f"{name} adds up no products itself: {found.name} is {where}"


def has_window(module: nn.Module) -> bool:
    """Tell whether a layer's kernel covers more than one position."""
    if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        return False
    return max(module.kernel_size) > 1


@dataclass(frozen=True, slots=True, eq=False)
class _MapPlace:
    """A position of a feature map, with the map.

    Attributes:
        channel: the map.
        row: of the map.
        column: of the map.
        index: of the value in the layer's output, without the batch.
        values: the whole map.
    """

    channel: int
    row: int
    column: int
    index: Place
    values: Maps

    @classmethod
    def chosen(
        cls, ctx: Context, layer: LayerInfo, captured: LayerCapture, params: ValueParams
    ) -> "_MapPlace":
        """Return the position that the parameters select.

        Raises:
            UsageError: there is no such channel, row or column.
        """
        maps = _maps(captured, layer)
        count, rows, columns = maps.shape
        row, column = _on_map(ctx, (rows, columns), params)
        for option, value, size in (
            ("--channel", params.channel, count),
            ("--row", row, rows),
            ("--column", column, columns),
        ):
            if value >= size:
                raise UsageError(option, f"{value} is too large", f"0 to {size - 1}")
        channel = params.channel
        if channel < 0:
            channel = int(np.abs(maps[:, row, column]).argmax())
        index = _index(captured, layer, (channel, row, column))
        return cls(channel, row, column, index, maps[channel])

    @property
    def words(self) -> str:
        """Row and column of the position, as text."""
        if self.values.size == 1:
            return "which has no positions"
        return f"row {self.row}, column {self.column}"

    def heatmap(self, ctx: Context, layer: LayerInfo) -> Heatmap:
        """Return the whole map, placed over the image if the layer covers it."""
        covers = covers_input(layer)
        return Heatmap(
            values=self.values,
            signed=bool(self.values.min() < 0),
            unit="output of the layer",
            frame=Frame.INPUT if covers else None,
            placement=ctx.placement if covers else None,
        )


def _on_map(
    ctx: Context, size: tuple[int, int], params: ValueParams
) -> tuple[int, int]:
    """Return the named row and column, else those under the selected image position."""
    height, width = ctx.image.size
    placement = ctx.placement
    at = placement.to_input(params.y * height, params.x * width)
    shares = (at[0] / placement.input_size[0], at[1] / placement.input_size[1])
    row, column = (
        named if named >= 0 else min(max(int(share * side), 0), side - 1)
        for named, share, side in zip(
            (params.row, params.column), shares, size, strict=True
        )
    )
    return row, column


def _is_convolution(captured: LayerCapture) -> bool:
    return isinstance(captured.module, nn.Conv2d | nn.ConvTranspose2d)


def _maps(captured: LayerCapture, layer: LayerInfo) -> Maps:
    """Return a layer's maps, (C, h, w)."""
    if _is_convolution(captured):
        maps: Maps = captured.result[0].cpu().float().numpy()
        return maps
    return channel_maps(captured.result, layer)


def _index(
    captured: LayerCapture, layer: LayerInfo, place: tuple[int, int, int]
) -> Place:
    """Return a map value's index in the layer's output, without the batch."""
    channel, row, column = place
    if _is_convolution(captured):
        return place
    match layer.layout:
        case Layout.MAP_LAST:
            return row, column, channel
        case Layout.TOKENS:
            columns = layer.grid[1] if layer.grid else 1
            return layer.extra_tokens + row * columns + column, channel
        case _ if captured.result.ndim == 2:  # noqa: PLR2004  a vector
            return (channel,)
        case _:
            raise ModelError(layer.name, "has no maps", "pick another layer")


def _matrix(
    trace: ValueTrace, captured: LayerCapture, at: _MapPlace, asked: int
) -> Matrix:
    sums = trace.channel_sums
    last = trace.first + len(sums) - 1
    if asked >= 0 and not trace.first <= asked <= last:
        reason = f"{asked} is not read"
        raise UsageError("--input-channel", reason, f"{trace.first} to {last}")
    shown = asked - trace.first if asked >= 0 else int(np.abs(sums).argmax())
    grids = _window_grids(trace, captured, shown)
    grids += (_sum_grid(trace, captured, sums),)
    return Matrix(grids=grids, formula=_formula(trace, captured, at))


def _noun(captured: LayerCapture) -> str:
    return "head" if isinstance(captured.module, nn.MultiheadAttention) else "channel"


def _window_grids(
    trace: ValueTrace, captured: LayerCapture, shown: int
) -> tuple[Grid, ...]:
    """Return window, kernel and products of one input channel; () without a window."""
    rows, columns = trace.inputs.shape[1:]
    if rows * columns == 1 or max(rows, columns) > _WIDEST:
        return ()
    name = f"{_noun(captured)} {trace.first + shown}"
    return (
        Grid(values=trace.inputs[shown], title=f"window in {name}"),
        Grid(values=trace.weights[shown], title="kernel", operator="×"),
        Grid(
            values=trace.products[shown],
            title="products",
            operator="=",
            caption=f"sum {amount(trace.channel_sums[shown])}",
        ),
    )


def _sum_grid(trace: ValueTrace, captured: LayerCapture, sums: Floats) -> Grid:
    """Return the sums of input channels, largest first, with the rest and bias last."""
    order = np.argsort(-np.abs(sums), kind="stable")
    listed, rest = order[:_MOST_SUMS], order[_MOST_SUMS:]
    names = [f"{_noun(captured)} {trace.first + int(each)}" for each in listed]
    values = [float(sums[each]) for each in listed]
    if len(rest):
        names.append(f"{len(rest)} others")
        values.append(float(sums[rest].sum()))
    names.append("bias")
    values.append(trace.bias)
    several = trace.inputs[0].size > 1
    return Grid(
        values=np.array(values, np.float64)[:, None],
        rows=tuple(names),
        title="sums" if several else "products",
        operator="→" if several else "",
        caption=f"all {amount(trace.total, 5)}",
    )


def _formula(trace: ValueTrace, captured: LayerCapture, at: _MapPlace) -> str:
    """Return the formula of the value and of the elementwise layers after it."""
    total = amount(trace.products.sum())
    parts = [rf"\Sigma = {total}"]
    if trace.bias:
        parts = [rf"\Sigma + b = {total} + {term(trace.bias)} = {amount(trace.total)}"]
    for stage in captured.stages:
        after = amount(float(stage.output[(0, *at.index)]))
        parts.append(rf"\mathrm{{{_named(stage)}}} \rightarrow {after}")
    return "$" + r",\quad ".join(parts) + "$"


def _named(stage: Stage) -> str:
    return type(stage.module).__name__


def _stages(trace: ValueTrace, captured: LayerCapture, at: _MapPlace) -> Table:
    rows: list[tuple[str | float, ...]] = [
        (captured.name, _counted(trace), trace.total)
    ]
    before = trace.total
    for stage in captured.stages:
        after = float(stage.output[(0, *at.index)])
        rows.append((stage.name, _worked_out(stage, before, at.channel), after))
        before = after
    return Table(columns=("layer", "computation", "value"), rows=tuple(rows))


def _counted(trace: ValueTrace) -> str:
    channels, rows, columns = trace.inputs.shape
    terms = f"{channels} × {rows} × {columns} products"
    return f"{terms} + bias {amount(trace.bias)}"


def _worked_out(stage: Stage, before: float, channel: int) -> str:
    """Return the formula of an elementwise layer with its numbers."""
    module = stage.module
    if not isinstance(module, nn.BatchNorm2d):
        return f"{_named(stage)}({amount(before)})"
    parts = module.weight, module.bias, module.running_mean, module.running_var
    scale, shift, mean, variance = (
        1.0 if each is None else float(each[channel]) for each in parts
    )
    spread = variance + module.eps
    return (
        f"({amount(before)} − {term(mean)}) / √{amount(spread)}"
        f" · {term(scale)} + {term(shift)}"
    )


def _window_box(
    trace: ValueTrace, captured: LayerCapture, layer: LayerInfo, ctx: Context
) -> Boxes | None:
    """Return the window's box on the network's input, or None."""
    if trace.corner is None or layer.layout is not Layout.MAP:
        return None
    height, width = captured.given.shape[2:]
    sides = ctx.placement.input_size
    unit = sides[0] / height, sides[1] / width
    top, left = trace.corner
    _, rows, columns = trace.inputs.shape
    bottom = top + trace.rate[0] * (rows - 1) + 1
    right = left + trace.rate[1] * (columns - 1) + 1
    edges: Sequence[float] = (
        max(0.0, left * unit[1]),
        max(0.0, top * unit[0]),
        min(float(sides[1]), right * unit[1]),
        min(float(sides[0]), bottom * unit[0]),
    )
    return Boxes.marked_areas([edges], ["window"], Frame.INPUT, ctx.placement)
