"""The network as a graph of layers and operations, with the cost of each layer."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.info import LayerInfo
from nnviz.base.parameters import Help, Lowest, Range
from nnviz.base.results import Report, Result, Table
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.shapes.graph import operation_graph
from nnviz.engine.nn.shapes.tracer import noise_input
from nnviz.engine.nn.timing import measure_layers

_BYTES_PER_VALUE = 4
_KIBIBYTE = 1024
_COLUMNS = ("layer", "kind", "output", "parameters", "MACs", "receptive field, px")
_MEASURED = ("output, KiB", "time, ms", "share of the time, %")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitectureParams:
    """Parameters: the number of timed passes."""

    passes: Annotated[
        int,
        Range(0, 50),
        Lowest("none"),
        Help(
            "Forward passes over which each layer's time is measured; 0 measures none."
        ),
    ] = 3


@register(
    "architecture",
    title="Architecture",
    group="Inspect",
    live=False,
    needs_image=False,
)
class Architecture:
    """The graph of operations of one forward pass, and a table of its layers."""

    Params: ClassVar[type] = ArchitectureParams
    shows: ClassVar[str] = (
        "The network as a graph: boxes are layers and operations, arrows carry feature "
        "maps with their shape (channels × height × width). The table gives what each "
        "layer costs."
    )
    reading: ClassVar[str] = (
        "Double-click a box to open or close it; click a layer, or its row in the "
        "table, to select it everywhere. Arrows that pass by a block are skip "
        "connections."
    )
    misleads: ClassVar[str] = (
        "The graph is that of one pass: a branch that this input did not take is "
        "missing. Times are those of this machine now; few multiply-accumulates (MACs) "
        "do not make a layer fast."
    )
    presets: ClassVar[Presets] = {"demo": {"passes": 0}}

    def run(self, ctx: Context, params: ArchitectureParams) -> Iterator[Report]:
        """Yield the graph and the table, then the table with times."""
        info = ctx.model.info
        channels, size = info.preprocess.channels, info.preprocess.input_size
        exact = info.smallest_input == size
        graph = operation_graph(ctx.model.net, channels, size, needs_numbers=exact)
        notes = (
            f"{len(graph.nodes)} operations in {len(graph.groups)} blocks",
            f"{info.parameters:,} parameters",
            f"{info.macs:,} multiply-accumulates for one image",
        )
        results: dict[str, Result] = {"graph": graph, "layers": _table(info.layers, {})}
        yield Report(results, notes)
        if params.passes:
            times = _times(ctx, params.passes)
            measured = f"{1000 * times['']:.1f} ms a pass on {info.device}"
            results = {**results, "layers": _table(info.layers, times)}
            yield Report(results, (*notes, measured))


def _times(ctx: Context, passes: int) -> Mapping[str, float]:
    """Measure the seconds of each layer in a pass, the whole network under ""."""
    net, preprocess = ctx.model.net, ctx.model.info.preprocess
    inputs = noise_input(net, preprocess.channels, preprocess.input_size)
    return measure_layers(net, inputs, passes, ctx.check)


def _table(layers: tuple[LayerInfo, ...], times: Mapping[str, float]) -> Table:
    """Return the table of executed leaf layers."""
    rows = [_row(layer, times) for layer in layers if layer.leaf and layer.calls]
    columns = _COLUMNS + (_MEASURED if times else ())
    return Table(columns=columns, rows=tuple(rows), of_layers=True)


def _row(layer: LayerInfo, times: Mapping[str, float]) -> tuple[str | float, ...]:
    shape = layer.shape or ()
    field = layer.receptive_field
    row: tuple[str | float, ...] = (
        layer.name,
        layer.kind,
        " × ".join(map(str, shape)),
        float(layer.parameters),
        float(layer.macs),
        float(max(field)) if field else "all",
    )
    if not times:
        return row
    seconds = times.get(layer.name, 0.0)
    size = math.prod(shape) * _BYTES_PER_VALUE / _KIBIBYTE
    return (*row, size, 1000 * seconds, 100 * seconds / times[""])
