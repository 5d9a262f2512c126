"""Reductions, sorting and running sums."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from nnviz.engine.models.onnx.graph import HostValue, Node, whole_numbers
from nnviz.engine.models.onnx.operators.registry import Function, operator

_Reduction = Callable[[Tensor, list[int], bool], Tensor]


def _product(x: Tensor, axes: list[int], keep: bool) -> Tensor:  # noqa: FBT001 -- as torch's
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


_REDUCTIONS: dict[str, _Reduction] = {
    "ReduceMean": lambda x, axes, keep: x.mean(axes, keep),
    "ReduceSum": lambda x, axes, keep: x.sum(axes, keep),
    "ReduceMax": lambda x, axes, keep: x.amax(axes, keep),
    "ReduceMin": lambda x, axes, keep: x.amin(axes, keep),
    "ReduceProd": _product,
    "ReduceL1": lambda x, axes, keep: x.abs().sum(axes, keep),
    "ReduceL2": lambda x, axes, keep: x.square().sum(axes, keep).sqrt(),
    "ReduceSumSquare": lambda x, axes, keep: x.square().sum(axes, keep),
    "ReduceLogSum": lambda x, axes, keep: x.sum(axes, keep).log(),
    "ReduceLogSumExp": lambda x, axes, keep: x.logsumexp(axes, keep),
}


@operator(*_REDUCTIONS, host=(1,))
def _reduce(node: Node) -> Function:
    reduction = _REDUCTIONS[node.kind]
    own, keep = node.ints("axes"), bool(node.get("keepdims", 1))
    unchanged = bool(node.get("noop_with_empty_axes", 0))

    def reduce(x: Tensor, axes: Any = None) -> Tensor:
        chosen = own if axes is None else whole_numbers(axes)
        if not chosen and unchanged:
            return x
        return reduction(x, chosen or list(range(x.ndim)), keep)

    return reduce


@operator("ArgMax", "ArgMin")
def _arg(node: Node) -> Function:
    function = torch.argmax if node.kind == "ArgMax" else torch.argmin
    axis, keep = node.get("axis", 0), bool(node.get("keepdims", 1))
    if not node.get("select_last_index", 0):
        return lambda x: function(x, axis, keep)
    return lambda x: x.shape[axis] - 1 - function(x.flip(axis), axis, keep)


@operator("TopK", host=(1,))
def _top_k(node: Node) -> Function:
    axis, own = node.get("axis", -1), node.get("k", 0)
    largest = bool(node.get("largest", 1))

    def top(x: Tensor, k: HostValue | None = None) -> tuple[Tensor, Tensor]:
        count = own if k is None else int(k.item())
        # Ties keep their order, which torch.topk does not guarantee.
        found = torch.sort(x, dim=axis, descending=largest, stable=True)
        return (
            found.values.narrow(axis, 0, count),
            found.indices.narrow(axis, 0, count),
        )

    return top


@operator("CumSum", host=(1,))
def _running_sum(node: Node) -> Function:
    exclusive, backwards = node.get("exclusive", 0), node.get("reverse", 0)

    def running_sum(x: Tensor, axis: HostValue) -> Tensor:
        along = int(axis.item())
        x = x.flip(along) if backwards else x
        total = x.cumsum(along, dtype=x.dtype)
        total = total - x if exclusive else total
        return total.flip(along) if backwards else total

    return running_sum
