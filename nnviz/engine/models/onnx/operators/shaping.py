"""Operators that move values: reshape, slice, gather, scatter, pad, and sizes."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.models.onnx.graph import HostValue, Node, whole_numbers
from nnviz.engine.models.onnx.operators.registry import Function, operator
from nnviz.engine.models.onnx.reading import torch_kind

_AXES_AS_INPUT = 13
"""Version since which Squeeze, Unsqueeze and Split take axes and sizes as inputs."""


class Reshape:
    """ONNX's Reshape.

    Attributes:
        batch: how several images pass through sizes written for one: the size of the
            first axis, times a fraction, is that of the second; None to use the file's
            sizes unchanged.
    """

    def __init__(self, *, literal: bool) -> None:
        self.literal = literal
        self.batch: tuple[int, int, Fraction] | None = None

    def __call__(self, x: Tensor, target: Any) -> Tensor:
        """Return a reshaped tensor; a size of 0 copies the old size, -1 is inferred."""
        sizes = whole_numbers(target)
        if not self.literal:
            sizes = [size or x.shape[axis] for axis, size in enumerate(sizes)]
        if self.batch is not None:
            source, axis, ratio = self.batch
            sizes[axis] = int(x.shape[source] * ratio)
        return x.reshape(sizes)


@operator("Reshape", host=(1,))
def _reshape(node: Node) -> Function:
    return Reshape(literal=bool(node.get("allowzero", 0)))


@operator("Transpose")
def _transpose(node: Node) -> Function:
    order = node.ints("perm")
    return lambda x: x.permute(order or tuple(range(x.ndim))[::-1])


@operator("Flatten")
def _flatten(node: Node) -> Function:
    axis = node.get("axis", 1)

    def flatten(x: Tensor) -> Tensor:
        split = axis % x.ndim if axis < 0 else axis
        if split == 1:
            return x.flatten(1) if x.ndim > 1 else x.reshape(len(x), 1)
        return x.reshape(math.prod(x.shape[:split]), -1)

    return flatten


@operator("Squeeze", host=(1,))
def _squeeze(node: Node) -> Function:
    own = node.ints("axes")

    def squeeze(x: Tensor, axes: Any = None) -> Tensor:
        chosen = own if axes is None else whole_numbers(axes)
        if not chosen:
            chosen = [axis for axis, size in enumerate(x.shape) if size == 1]
        for axis in sorted((axis % x.ndim for axis in chosen), reverse=True):
            if x.shape[axis] != 1:
                raise ValueError(f"axis {axis} of {tuple(x.shape)} is not 1")
            x = x.squeeze(axis)
        return x

    return squeeze


@operator("Unsqueeze", host=(1,))
def _unsqueeze(node: Node) -> Function:
    own = node.ints("axes")

    def unsqueeze(x: Tensor, axes: Any = None) -> Tensor:
        chosen = own if axes is None else whole_numbers(axes)
        rank = x.ndim + len(chosen)
        for axis in sorted(axis % rank for axis in chosen):
            x = x.unsqueeze(axis)
        return x

    return unsqueeze


@operator("Concat")
def _concat(node: Node) -> Function:
    axis = node.get("axis", 0)

    def concat(*parts: Tensor) -> Tensor:
        return torch.cat(_as_many(parts, axis), axis)

    return concat


def _as_many(parts: tuple[Tensor, ...], axis: int) -> tuple[Tensor, ...]:
    """Expand tensors of batch size 1, such as class tokens, to the others' batch."""
    count = max(len(part) if part.ndim else 1 for part in parts)
    if axis % max(1, parts[0].ndim) == 0 or count == 1:
        return parts
    return tuple(
        part.expand(count, *part.shape[1:]) if len(part) == 1 else part
        for part in parts
    )


@operator("Split", host=(1,))
def _split(node: Node) -> Function:
    axis, own, count = node.get("axis", 0), node.ints("split"), len(node.outputs)

    def split(x: Tensor, sizes: Any = None) -> tuple[Tensor, ...]:
        chosen = own if sizes is None else whole_numbers(sizes)
        if not chosen:
            part = -(-x.shape[axis] // count)
            chosen = [part] * (count - 1)
            chosen.append(x.shape[axis] - sum(chosen))
        return torch.split(x, chosen, axis)

    return split


@operator("Slice", host=(1, 2, 3, 4))
def _slice(node: Node) -> Function:
    own = [node.ints(name) for name in ("starts", "ends", "axes")]

    def sliced(x: Tensor, *given: Any) -> Tensor:
        parts = [None if each is None else whole_numbers(each) for each in given]
        starts, ends, axes, steps = [*(parts or own), None, None][:4]
        if starts is None or ends is None:
            raise ValueError("a slice without a start or an end")
        axes = axes or list(range(len(starts)))
        for start, end, axis, step in zip(
            starts, ends, axes, steps or [1] * len(starts), strict=True
        ):
            x = _sliced(x, slice(start, end, step), axis)
        return x

    return sliced


def _sliced(x: Tensor, part: slice, axis: int) -> Tensor:
    first, last, step = part.indices(x.shape[axis])
    if step > 0:
        index = [slice(None)] * (axis % x.ndim)
        return x[(*index, slice(first, max(first, last), step))]
    places = torch.arange(first, last, step, device=x.device)
    return x.index_select(axis, places)


@operator("Gather", scalars=True)
def _gather(node: Node) -> Function:
    axis = node.get("axis", 0)

    def gather(x: Tensor, places: Any) -> Tensor:
        along = axis % x.ndim
        if isinstance(places, int):
            return x.select(along, places)
        found = x.index_select(along, _counted(places, x.shape[along]).flatten())
        return found.reshape((*x.shape[:along], *places.shape, *x.shape[along + 1 :]))

    return gather


def _counted(places: Tensor, size: int) -> Tensor:
    """Return indices with negative ones resolved to positions from the start."""
    return torch.where(places < 0, places + size, places).long()


@operator("GatherElements")
def _gather_elements(node: Node) -> Function:
    axis = node.get("axis", 0)
    return lambda x, places: torch.gather(x, axis, _counted(places, x.shape[axis]))


@operator("GatherND")
def _gather_nd(node: Node) -> Function:
    if node.get("batch_dims", 0):
        raise node.refusal("gathers by batch (batch_dims)")
    return lambda x, places: x[tuple(places.long().unbind(-1))]


@operator("ScatterND")
def _scatter_nd(node: Node) -> Function:
    how = node.get("reduction", "none")
    if how not in {"none", "add"}:
        raise node.refusal(f"scatters with {how}")

    def scatter(x: Tensor, places: Tensor, updates: Tensor) -> Tensor:
        index = tuple(places.long().unbind(-1))
        return x.index_put(index, updates.to(x.dtype), accumulate=how == "add")

    return scatter


@operator("ScatterElements")
def _scatter_elements(node: Node) -> Function:
    axis, how = node.get("axis", 0), node.get("reduction", "none")
    names = {"add": "sum", "mul": "prod", "min": "amin", "max": "amax"}

    def scatter(x: Tensor, places: Tensor, updates: Tensor) -> Tensor:
        index = _counted(places, x.shape[axis])
        if how == "none":
            return x.scatter(axis, index, updates)
        return x.scatter_reduce(axis, index, updates, names[how])

    return scatter


@operator("Expand", host=(1,), grows=True)
def _expand(_node: Node) -> Function:
    def expand(x: Tensor, target: Any) -> Tensor:
        sizes = np.broadcast_shapes(tuple(x.shape), tuple(whole_numbers(target)))
        return x.expand(sizes)

    return expand


@operator("Tile", host=(1,), grows=True)
def _tile(_node: Node) -> Function:
    return lambda x, times: x.repeat(whole_numbers(times))


@operator("Pad", host=(1, 2, 3), grows=True)
def _pad(node: Node) -> Function:
    mode, own = node.get("mode", "constant"), node.ints("pads")
    filler = node.get("value", 0.0)

    def pad(
        x: Tensor, widths: Any = None, value: Any = None, axes: Any = None
    ) -> Tensor:
        given = own if widths is None else whole_numbers(widths)
        chosen = range(x.ndim) if axes is None else whole_numbers(axes)
        fill = filler if value is None or not value.size else value.item()
        return padded(x, _by_axis(given, chosen, x.ndim), mode, fill)

    return pad


def _by_axis(
    widths: Sequence[int], axes: Sequence[int], rank: int
) -> list[tuple[int, int]]:
    """Return the padding before and after on each axis of a tensor."""
    pairs = [(0, 0)] * rank
    half = len(widths) // 2
    for axis, before, after in zip(axes, widths[:half], widths[half:], strict=True):
        pairs[axis % rank] = (before, after)
    return pairs


_MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}


def padded(
    x: Tensor, pairs: Sequence[tuple[int, int]], mode: str, value: float
) -> Tensor:
    """Return a tensor padded on each axis, or cropped where the padding is negative.

    Args:
        x: any tensor.
        pairs: amounts before and after, one pair for each axis.
        mode: "constant", "reflect", "edge" or "wrap".
        value: of a constant.
    """
    first = next((axis for axis, pair in enumerate(pairs) if any(pair)), x.ndim)
    widths = [width for pair in reversed(pairs[first:]) for width in pair]
    if not widths:
        return x
    if mode == "constant":
        return functional.pad(x, widths, value=value)
    for axis, pair in enumerate(pairs):
        if any(pair):
            x = _extended(x, axis, pair, mode)
    return x


def _extended(x: Tensor, axis: int, pair: tuple[int, int], mode: str) -> Tensor:
    """Return a tensor padded on an axis by wrapping, repeating or mirroring."""
    size = x.shape[axis]
    places = torch.arange(-pair[0], size + pair[1], device=x.device)
    if mode == "wrap":
        places = places % size
    elif mode == "edge":
        places = places.clamp(0, size - 1)
    else:
        period = max(1, 2 * (size - 1))
        places = (places % period - (size - 1)).abs()
        places = size - 1 - places
    return x.index_select(axis, places)


@operator("Shape")
def _shape(node: Node) -> Function:
    start, end = node.get("start", 0), node.attributes.get("end")

    def shape(x: Tensor) -> HostValue:
        return np.asarray(x.shape[start:end], np.int64)

    return shape


@operator("Size")
def _size(_node: Node) -> Function:
    return lambda x: np.asarray(x.numel(), np.int64)


@operator("ConstantOfShape", host=(0,), grows=True)
def _constant_of_shape(node: Node) -> Function:
    value = node.attributes.get("value", torch.zeros(1))
    number, kind = value.reshape(-1)[0].item(), value.dtype
    return lambda sizes: torch.full(whole_numbers(sizes), number, dtype=kind)


@operator("Range", host=(0, 1, 2), grows=True)
def _range(_node: Node) -> Function:
    def numbers(start: HostValue, limit: HostValue, delta: HostValue) -> Tensor:
        kind = torch.from_numpy(np.atleast_1d(start)).dtype
        return torch.arange(start.item(), limit.item(), delta.item(), dtype=kind)

    return numbers


@operator("DepthToSpace")
def _depth_to_space(node: Node) -> Function:
    side, mode = node.get("blocksize", 1), node.get("mode", "DCR")

    def depth_to_space(x: Tensor) -> Tensor:
        if mode == "CRD":
            return functional.pixel_shuffle(x, side)
        count, channels, rows, columns = x.shape
        parts = x.reshape(count, side, side, channels // side**2, rows, columns)
        return parts.permute(0, 3, 4, 1, 5, 2).reshape(
            count, -1, rows * side, columns * side
        )

    return depth_to_space


@operator("SpaceToDepth")
def _space_to_depth(node: Node) -> Function:
    side, mode = node.get("blocksize", 1), node.get("mode", "DCR")

    def space_to_depth(x: Tensor) -> Tensor:
        if mode == "CRD":
            return functional.pixel_unshuffle(x, side)
        count, channels, rows, columns = x.shape
        parts = x.reshape(count, channels, rows // side, side, columns // side, side)
        return parts.permute(0, 3, 5, 1, 2, 4).reshape(
            count, -1, rows // side, columns // side
        )

    return space_to_depth


@operator("NonZero")
def _non_zero(_node: Node) -> Function:
    return lambda x: torch.nonzero(x).T


@operator("OneHot", host=(1,), grows=True)
def _one_hot(node: Node) -> Function:
    axis = node.get("axis", -1)

    def one_hot(places: Tensor, depth: HostValue, values: Tensor) -> Tensor:
        count = int(depth.item())
        found = functional.one_hot(_counted(places.long(), count), count).bool()
        along = axis % found.ndim
        return torch.where(found.movedim(-1, along), values[1], values[0])

    return one_hot


@operator("Trilu", host=(1,))
def _triangle(node: Node) -> Function:
    function = torch.triu if node.get("upper", 1) else torch.tril
    return lambda x, k=None: function(x, 0 if k is None else int(k.item()))


@operator("EyeLike")
def _eye_like(node: Node) -> Function:
    k, kind = node.get("k", 0), torch_kind(node.get("dtype", 0))

    def eye(x: Tensor) -> Tensor:
        square = torch.ones(x.shape, dtype=kind or x.dtype, device=x.device)
        return square.triu(k).tril(k)

    return eye
