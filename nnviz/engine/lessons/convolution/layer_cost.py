"""Weights and operations of layers: plain, grouped, factorized and dense."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help, Range, Title, Unit
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.sliding_window import dilated_extent, output_size
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCostParams:
    """Parameters: a convolution layer."""

    size: Annotated[
        int, Range(1, 4096), Unit("px"), Essential(), Help("Side of the input maps.")
    ] = 56
    inputs: Annotated[
        int,
        Range(1, 4096),
        Essential(),
        Title("Input channels"),
        Help("Number of maps that the layer reads."),
    ] = 64
    outputs: Annotated[
        int,
        Range(1, 4096),
        Essential(),
        Title("Output channels"),
        Help("Number of maps that the layer computes."),
    ] = 256
    kernel: Annotated[int, Range(1, 31), Essential(), Help("Side of the kernel.")] = 9
    padding: Annotated[int, Range(0, 15), Help("Zeros around the input.")] = 0
    stride: Annotated[int, Range(1, 8), Help("Step of the window.")] = 1
    rate: Annotated[
        int, Range(1, 8), Title("Atrous rate"), Help("1 leaves no holes.")
    ] = 1
    groups: Annotated[
        int,
        Range(1, 64),
        Help("Each group reads only its own part of the input channels."),
    ] = 2


@register(
    "layer_cost",
    title="Counting weights and operations",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Convolution", 7),
)
class LayerCost:
    """Lesson: output size, weights and MACs of a convolution and its alternatives."""

    Params: ClassVar[type] = LayerCostParams
    shows: ClassVar[str] = (
        "How large a layer's output is, how many weights it has and how many "
        "multiply-accumulates (MACs) one image costs; beside it, cheaper and more "
        "expensive layers that do the same job."
    )
    reading: ClassVar[str] = (
        "Weights are (k² · inputs + 1) · outputs: they do not depend on the image's "
        "size. MACs do. Sharing weights over all positions is what makes layers small."
    )
    misleads: ClassVar[str] = (
        "Fewer operations are not always faster: depthwise layers wait for memory."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "first layer": {"inputs": 1, "outputs": 64},
        "thousand by thousand": {"size": 1000, "inputs": 1, "outputs": 1, "kernel": 10},
    }

    def run(self, ctx: Context, params: LayerCostParams) -> Iterator[Report]:
        """Yield one report: a row for each kind of layer."""
        ctx.check()
        side = output_side(params)
        rows = tuple(
            (name, float(weights), float(operations))
            for name, (weights, operations) in layer_kinds(params).items()
        )
        columns = ("layer", "weights and biases", "MACs")
        extent = dilated_extent(params.kernel, params.rate)
        formula = (
            f"output {side} × {side}: ({params.size} + 2 · {params.padding} − {extent})"
            f" / {params.stride} + 1"
        )
        counted = conv_weights(params.kernel, params.inputs, params.outputs)
        weights = (
            f"({params.kernel}² · {params.inputs} + 1) · {params.outputs} = {counted:,}"
        )
        yield Report({"cost": Table(columns=columns, rows=rows)}, (formula, weights))


def output_side(params: LayerCostParams) -> int:
    """Return the side of the output maps, at least 0."""
    extent = dilated_extent(params.kernel, params.rate)
    return max(0, output_size(params.size, extent, params.padding, params.stride))


def conv_weights(kernel: int, inputs: int, outputs: int, groups: int = 1) -> int:
    """Return (k² n_i / g + 1) n_o, the number of a convolution's weights and biases."""
    return (kernel**2 * (inputs // groups) + 1) * outputs


def layer_kinds(params: LayerCostParams) -> dict[str, tuple[int, int]]:
    """Return the weights and MACs of equivalent layers, by name."""
    k, n_in, n_out = params.kernel, params.inputs, params.outputs
    places = output_side(params) ** 2
    groups = params.groups if not (n_in % params.groups or n_out % params.groups) else 1
    plain = k**2 * n_in * n_out * places
    stacked = max(1, (k - 1) // 2)
    small = conv_weights(3, n_in, n_out) + (stacked - 1) * conv_weights(3, n_out, n_out)
    threes = 9 * (n_in + (stacked - 1) * n_out) * n_out * places
    depthwise = conv_weights(k, n_in, n_in, n_in) + conv_weights(1, n_in, n_out)
    row = (k * n_in + 1) * n_out + (k * n_out + 1) * n_out
    all_in, all_out = params.size**2 * n_in, places * n_out
    return {
        f"convolution {k} × {k}": (conv_weights(k, n_in, n_out), plain),
        f"in {groups} groups": (conv_weights(k, n_in, n_out, groups), plain // groups),
        f"depthwise {k} × {k}, then 1 × 1": (
            depthwise,
            (k**2 + n_out) * n_in * places,
        ),
        f"{k} × 1, then 1 × {k}": (row, k * (n_in + n_out) * n_out * places),
        f"{stacked} of 3 × 3": (small, threes),
        "1 × 1": (conv_weights(1, n_in, n_out), n_in * n_out * places),
        "local, weights not shared": (
            (k**2 * n_in + 1) * all_out,
            k**2 * n_in * all_out,
        ),
        "fully connected": ((all_in + 1) * all_out, all_in * all_out),
    }
