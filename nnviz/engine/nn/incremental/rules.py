"""Rules of operations: those that treat places independently, and sliding windows.

An operation without a rule is computed on whole maps.  So is one whose arguments its
rule does not cover: a wrong guess would give wrong results, a missed one costs only
time.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from nnviz.engine.nn.incremental.regions import Sliding
from nnviz.engine.nn.incremental.trace import ForwardTrace, Ref, Step, Value
from nnviz.engine.nn.shapes.calls import tensors_in

_PLACES = "nyx"


@dataclass(frozen=True, slots=True, eq=False)
class SlidingRule:
    """An operation that slides a window over maps (N, C, H, W).

    Attributes:
        rows: the window along y.
        columns: the window along x.
        apply: runs it on maps that are already padded.
        fill: value of the padding: 0, or minus infinity for a maximum.
        cost: of one position, multiply-accumulates.
        weight: number of weights in the kernels.
        resizes: the map grows although each window is a single position: padding.
    """

    rows: Sliding
    columns: Sliding
    apply: Callable[[Tensor], Tensor]
    fill: float
    cost: float
    weight: int
    resizes: bool = False

    @property
    def pointwise(self) -> bool:
        """Whether each window covers one place of a map of the same size."""
        return not self.resizes and self.rows == self.columns == Sliding(1, 1, 0, 1)


def sliding_rule(step: Step, trace: ForwardTrace) -> SlidingRule | None:
    """Return an operation's sliding-window rule; None for other operations."""
    make = _SLIDING.get(step.name)
    if make is None or len(step.inputs) != 1 or len(step.outputs) != 1:
        return None
    before, after = trace.values[step.inputs[0]], trace.values[step.outputs[0]]
    if before.axes != "ncyx" or after.axes != "ncyx":
        return None
    return make(step, before, after)


def keeps_places(step: Step, trace: ForwardTrace) -> bool:
    """Tell whether each output place of an operation depends on that place alone.

    It can then run on a part of the maps just as on the whole.
    """
    values = [trace.values[index] for index in (*step.inputs, *step.outputs)]
    sizes = {_map_size(value) if value.spatial else None for value in values}
    if len(sizes) != 1 or None in sizes:
        return False
    if step.pointwise:
        return _constants_spread(step, values[-1])
    if step.name in _UNCHANGED:
        return True
    rule = _KEEPING.get(step.name)
    return rule is not None and rule(step, values[0], values[-1])


def reshapes(step: Step) -> bool:
    """Tell whether an operation's arguments are the sizes of its output."""
    return step.name in _RESHAPING


def _map_size(value: Value) -> tuple[int, int]:
    height, width = (value.base.shape[value.axes.index(axis)] for axis in "yx")
    return height, width


def _constants_spread(step: Step, output: Value) -> bool:
    """Tell whether an operation's constants are the same at every place."""
    constants = [
        each
        for name, value in step.args.items()
        for each in tensors_in(value)
        if name not in _NOT_SPREAD
    ]
    axes = output.axes
    return all(
        constant.shape[at - len(axes)] == 1
        for constant in constants
        for at in map(axes.index, _PLACES)
        if len(axes) - at <= constant.ndim
    )


_NOT_SPREAD = frozenset({"running_mean", "running_var"})
_UNCHANGED = frozenset(
    {"contiguous", "clone", "alias", "detach", "to", "_to_copy"}
    | {"hardswish", "hardtanh", "relu6"}
)


def _off_places(step: Step, source: Value, _output: Value) -> bool:
    """Tell whether an operation works along an axis other than rows and columns."""
    return source.axes[step.args["dim"]] not in _PLACES


def _inserted(step: Step, source: Value, output: Value) -> bool:
    return source.axes == "".join(
        axis
        for at, axis in enumerate(output.axes)
        if at != step.args["dim"] % len(output.axes)
    )


def _untrained(step: Step, source: Value, _output: Value) -> bool:
    return not step.args.get("training", step.args.get("train")) and "c" in source.axes


def _dropped_nothing(step: Step, _source: Value, _output: Value) -> bool:
    return not step.args["train"]


def _last_axes(step: Step, source: Value, _output: Value) -> bool:
    count = len(step.args["normalized_shape"])
    return not set(source.axes[-count:]) & set(_PLACES)


def _last_axis(_step: Step, source: Value, _output: Value) -> bool:
    return source.axes[-1] not in _PLACES


def _always(_step: Step, _source: Value, _output: Value) -> bool:
    return True


def _regrouped(_step: Step, source: Value, output: Value) -> bool:
    """Tell whether a reshape keeps rows and columns and only regroups other axes.

    A channel shuffle does so: (n, c, y, x) as (n, groups, c / groups, y, x).
    """
    return all(
        _numbers(source, source.axes.index(axis))
        == _numbers(output, output.axes.index(axis))
        for axis in _PLACES
    )


def _numbers(value: Value, at: int) -> tuple[int, int]:
    """Return the number of elements before and behind an axis."""
    shape = value.base.shape
    return math.prod(shape[:at]), math.prod(shape[at + 1 :])


_KEEPING: dict[str, Callable[[Step, Value, Value], bool]] = {
    "batch_norm": _untrained,
    "dropout": _dropped_nothing,
    "feature_dropout": _dropped_nothing,
    "layer_norm": _last_axes,
    "linear": _last_axis,
    "permute": _always,
    "transpose": _always,
    "swapaxes": _always,
    "select": _off_places,
    "chunk": _off_places,
    "split": _off_places,
    "slice": _off_places,
    "narrow": _off_places,
    "softmax": _off_places,
    "unsqueeze": _inserted,
    "cat": _off_places,
    "view": _regrouped,
    "reshape": _regrouped,
    "_unsafe_view": _regrouped,
    "flatten": _regrouped,
    "unflatten": _regrouped,
}
_RESHAPING = frozenset({"view", "reshape", "_unsafe_view", "flatten", "unflatten"})


def _convolution(step: Step, _before: Value, _after: Value) -> SlidingRule | None:
    args = step.args
    weight, bias, groups = args["weight"], args["bias"], args["groups"]
    if isinstance(weight, Ref) or isinstance(bias, Ref):
        return None
    stride, dilation = _pair(args["stride"]), _pair(args["dilation"])
    padding = _padding(args["padding"], weight.shape[2:], dilation)
    if padding is None:
        return None

    def apply(x: Tensor) -> Tensor:
        return torch.conv2d(x, weight, bias, stride, 0, dilation, groups)

    windows = _windows(weight.shape[2:], stride, padding, dilation)
    cost = weight.numel()
    return SlidingRule(*windows, apply, 0.0, cost, cost)


def _padding(
    asked: Any, kernel: Sequence[int], dilation: tuple[int, int]
) -> tuple[int, int] | None:
    """Return the symmetric padding (rows, columns); None if it is asymmetric."""
    if asked == "valid":
        return 0, 0
    if asked != "same":
        return _pair(asked)
    reach = [step * (side - 1) for step, side in zip(dilation, kernel, strict=True)]
    return None if any(each % 2 for each in reach) else (reach[0] // 2, reach[1] // 2)


def _max_pool(step: Step, before: Value, _after: Value) -> SlidingRule:
    args = step.args
    kernel = _pair(args["kernel_size"])
    stride = _pair(args["stride"]) if args["stride"] else kernel
    dilation = _pair(args["dilation"])

    def apply(x: Tensor) -> Tensor:
        return torch.max_pool2d(x, kernel, stride, 0, dilation)

    windows = _windows(kernel, stride, _pair(args["padding"]), dilation)
    return SlidingRule(*windows, apply, -math.inf, _pool_cost(before, kernel), 0)


def _average_pool(step: Step, before: Value, after: Value) -> SlidingRule | None:
    """Return the rule of average pooling; None if windows differ in element count."""
    args = step.args
    kernel, padding = _pair(args["kernel_size"]), _pair(args["padding"])
    stride = _pair(args["stride"]) if args["stride"] else kernel
    windows = _windows(kernel, stride, padding, (1, 1))
    sizes = zip(_map_size(before), _map_size(after), windows, strict=True)
    hangs_over = any(
        (new - 1) * each.stride + each.kernel > old + 2 * each.padding
        for old, new, each in sizes
    )
    uneven = any(padding) and not args["count_include_pad"]
    if hangs_over or uneven or args["divisor_override"]:
        return None

    def apply(x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(x, kernel, stride)

    return SlidingRule(*windows, apply, 0.0, _pool_cost(before, kernel), 0)


def _pool_cost(before: Value, kernel: Sequence[int]) -> int:
    return before.base.shape[1] * math.prod(kernel)


def _zero_padding(step: Step, before: Value, _after: Value) -> SlidingRule | None:
    """Return the rule of zero padding, in which the two sides may differ."""
    args = step.args
    pad = args["pad"]
    plain = args.get("mode", "constant") == "constant" and not args.get("value")
    if not plain or len(pad) != len("yyxx") or min(pad) < 0:
        return None
    left, _, top, _ = pad
    rows, columns = Sliding(1, 1, top, 1), Sliding(1, 1, left, 1)
    cost = before.base.shape[1]
    return SlidingRule(rows, columns, lambda x: x, 0.0, cost, 0, resizes=True)


def _windows(
    kernel: Sequence[int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> tuple[Sliding, Sliding]:
    rows, columns = zip(kernel, stride, padding, dilation, strict=True)
    return Sliding(*rows), Sliding(*columns)


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    values = [value] if isinstance(value, int) else list(value)
    return values[0], values[-1]


_SLIDING: dict[str, Callable[[Step, Value, Value], SlidingRule | None]] = {
    "conv2d": _convolution,
    "max_pool2d": _max_pool,
    "avg_pool2d": _average_pool,
    "pad": _zero_padding,
    "constant_pad_nd": _zero_padding,
}
