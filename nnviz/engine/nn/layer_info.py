"""Facts about the layers of a network: shapes, costs, receptive fields."""

from dataclasses import dataclass

import torch
from torch import nn

from nnviz.base.info import LayerInfo, Layout
from nnviz.engine.compute import memory
from nnviz.engine.nn.shapes.calls import tensors_in
from nnviz.engine.nn.shapes.meta import Shapes
from nnviz.engine.nn.shapes.tracer import (
    Visit,
    empty_input,
    meta_twin,
    noise_input,
    probe,
    sharing_twin,
)

_LAYOUTS = {"cyx": Layout.MAP, "yxc": Layout.MAP_LAST, "tc": Layout.TOKENS}
_BY_LENGTH = {1: Layout.VECTOR, 3: Layout.WINDOWS}


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts about a network's layers, from one pass without data (meta tensors).

    Attributes:
        layers: depth first, in the order of the module tree.
        parameters: number of weights.
        macs: multiply-accumulates for one image.
        output: shape of the network's output without the batch; None if no tensor.
        functional: torch's operations outside the leaves of the module tree.
        needs_numbers: a pass without data is not possible; these facts come from noise.
    """

    layers: tuple[LayerInfo, ...]
    parameters: int
    macs: int
    output: tuple[int, ...] | None
    functional: tuple[str, ...]
    needs_numbers: bool = False


def layer_facts(
    net: nn.Module,
    channels: int,
    size: tuple[int, int],
    *,
    needs_numbers: bool = False,
) -> Facts:
    """Return the facts for inputs of a size; leaves the network unchanged.

    Args:
        net: the network.
        channels: of the input.
        size: of the input, px.
        needs_numbers: run the network on noise, since it refuses a pass without data.
    """
    if needs_numbers:
        visits = probe(sharing_twin(net), noise_input(net, channels, size))
    else:
        visits = probe(meta_twin(net), empty_input(channels, size))
    whole = visits.pop("")
    layers = tuple(
        _layer(name, module, visits[name], size)
        for name, module in net.named_modules()
        if name
    )
    output = None if whole.shape is None else whole.shape[1:]
    branches = {layer.name for layer in layers if not layer.leaf}
    functional = whole.operations + [
        operation
        for name, visit in visits.items()
        if name in branches
        for operation in visit.operations
    ]
    return Facts(
        layers,
        count_parameters(net),
        whole.macs,
        output,
        tuple(functional),
        needs_numbers,
    )


def count_parameters(module: nn.Module) -> int:
    """Return the number of parameters of a module and its children."""
    return sum(parameter.numel() for parameter in module.parameters())


def has_filters(module: nn.Module) -> bool:
    """Tell whether a module has kernels over rows and columns."""
    return isinstance(module, nn.Conv2d | nn.ConvTranspose2d)


def _layer(
    name: str, module: nn.Module, visit: Visit, size: tuple[int, int]
) -> LayerInfo:
    shape = None if visit.shape is None else visit.shape[1:]
    layout = _layout(visit, size)
    fields = visit.trace.fields
    grid, extra = _grid(visit, layout)
    return LayerInfo(
        name=name,
        kind=type(module).__name__,
        depth=name.count("."),
        shape=shape,
        parameters=count_parameters(module),
        macs=visit.macs,
        receptive_field=(fields[0].size, fields[1].size) if fields else None,
        leaf=next(module.children(), None) is None,
        filters=has_filters(module),
        layout=layout,
        grid=grid,
        extra_tokens=extra,
        calls=visit.calls,
    )


def _layout(visit: Visit, size: tuple[int, int]) -> Layout:
    if visit.shape is None:
        return Layout.OTHER
    axes = visit.trace.axes[1:]
    known = _LAYOUTS.get(axes)
    if known is None and len(visit.shape) == len("nyxc") and visit.shape[0] == 1:
        if _divides(visit.shape[1:3], size):
            return Layout.MAP_LAST
        if _divides(visit.shape[2:], size):
            return Layout.MAP
    if len(axes) == 1 and visit.shape[0] != 1:
        return Layout.OTHER  # a table, such as one of positions
    return known or _BY_LENGTH.get(len(axes), Layout.OTHER)


def _divides(grid: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Tell whether a grid is the input size divided by one whole number.

    Swin in timm merges patches by reshapes, which leaves only this to recognize maps
    by; windows of tokens (1, G, T, D) do not keep the input's proportions.
    """
    steps = {side // cells for side, cells in zip(size, grid, strict=True)}
    whole = all(side % cells == 0 for side, cells in zip(size, grid, strict=True))
    return whole and len(steps) == 1 and steps != {1}


def _grid(visit: Visit, layout: Layout) -> tuple[tuple[int, int] | None, int]:
    """Return the rows and columns of the token grid, and the number of extra tokens."""
    shape, grid = visit.shape, visit.trace.grid
    if shape is None:
        return None, 0
    if layout is Layout.MAP_LAST:
        return (shape[1], shape[2]), 0
    if layout is not Layout.TOKENS or grid is None:
        return None, 0
    extra = shape[1] - grid[0] * grid[1]
    return (grid, extra) if extra >= 0 else (None, 0)


def smallest_input(
    net: nn.Module, channels: int, working: tuple[int, int]
) -> tuple[int, int]:
    """Return the smallest square input that a pass accepts, px.

    Found by bisection, assuming that all larger sizes work too.

    Args:
        net: the network, left untouched.
        channels: of the input.
        working: a size that works; returned where no smaller square does.
    """
    twin = meta_twin(net)
    low, high = 1, min(working)
    if refuses(twin, channels, (high, high)) is not None:
        return working
    if refuses(twin, channels, (1, 1)) is None:
        return 1, 1
    while high - low > 1:
        middle = (low + high) // 2
        if refuses(twin, channels, (middle, middle)) is None:
            high = middle
        else:
            low = middle
    return high, high


@torch.inference_mode()
def refuses(twin: nn.Module, channels: int, size: tuple[int, int]) -> str | None:
    """Return the reason why a meta twin refuses an input size; None if it accepts."""
    with Shapes():  # type: ignore[no-untyped-call]
        return memory.refusal(lambda: twin(empty_input(channels, size)))


@torch.inference_mode()
def takes_several(net: nn.Module, channels: int, size: tuple[int, int]) -> bool:
    """Tell whether a network accepts batches and treats their images independently.

    Not where a batch size of one is hard-coded in the network, and not where batch
    norms keep no statistics, so that they depend on the whole batch.
    """
    if any(
        isinstance(module, nn.modules.batchnorm._NormBase)  # noqa: SLF001
        and module.running_mean is None
        and not isinstance(module, nn.modules.instancenorm._InstanceNorm)  # noqa: SLF001
        for module in net.modules()
    ):
        return False
    rows: list[int] = []

    def trial() -> None:
        pair = empty_input(channels, size).expand(2, -1, -1, -1)
        rows.extend(len(each) for each in tensors_in(meta_twin(net)(pair)))

    with Shapes():  # type: ignore[no-untyped-call]
        refused = memory.refusal(trial)
    return refused is None and set(rows) == {2}


@torch.inference_mode()
def refuses_numbers(net: nn.Module, channels: int, size: tuple[int, int]) -> str | None:
    """Return the reason why a pass on noise of a size fails; None if it succeeds."""
    twin, noise = sharing_twin(net), noise_input(net, channels, size)
    return memory.refusal(lambda: twin(noise))
