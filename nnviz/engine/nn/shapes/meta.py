"""Shapes of results on the meta device, by own formulas for common operations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


class Shapes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Computes shapes on the meta device, by own formulas for common operations.

    torch's functions for these are written in Python: they are slow and first import
    its compiler, which takes 2 s.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Tell torch not to wrap this mode, which would import its compiler."""
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return an operation's result as a tensor of its shape, without data."""
        return shape_only(func, args, kwargs or {})


_CONV_DEFAULTS: list[Any] = [(1,), (0,), (1,), 1]
"""Stride, padding, dilation and groups, as in torch's schema."""
_TRANSPOSED_DEFAULTS: list[Any] = [(1,), (0,), (0,), 1, (1,)]
"""Stride, padding, output padding, groups and dilation."""


def shape_only(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run an operation; on meta tensors by its formula, if there is one."""
    formula = _FORMULAS.get(func)
    first = args[0] if args else None
    if isinstance(first, Sequence) and first:
        first = first[0]
    if not (isinstance(first, Tensor) and first.is_meta):
        formula = None
    result = formula(*args, **kwargs) if formula else None
    return func(*args, **kwargs) if result is None else result


def _conv2d_shape(
    x: Tensor, weight: Tensor, _bias: Tensor | None = None, *settings: Any
) -> Tensor | None:
    """Infer a convolution's shape (arXiv:1603.07285, rel. 15); None to ask torch."""
    given = list(settings)
    stride, padding, dilation, groups = given + _CONV_DEFAULTS[len(given) :]
    if x.ndim != len("ncyx") or x.shape[1] != weight.shape[1] * groups:
        return None
    sizes = _slid(x, weight.shape[2:], stride, padding, dilation)
    return x.new_empty((x.shape[0], weight.shape[0], *sizes))


def _conv_transpose2d_shape(
    x: Tensor, weight: Tensor, _bias: Tensor | None = None, *settings: Any
) -> Tensor | None:
    """Infer a transposed convolution's shape (rel. 14); None to ask torch."""
    given = list(settings)
    stride, padding, extra, groups, dilation = (
        given + _TRANSPOSED_DEFAULTS[len(given) :]
    )
    if x.ndim != len("ncyx") or x.shape[1] != weight.shape[0]:
        return None
    sizes = []
    for axis in (-2, -1):
        s, p, e, d = (
            each[max(axis, -len(each))] for each in (stride, padding, extra, dilation)
        )
        reach = d * (weight.shape[axis] - 1)
        sizes.append((x.shape[axis] - 1) * s - 2 * p + reach + e + 1)
    if min(sizes) < 1:
        return None
    return x.new_empty((x.shape[0], weight.shape[1] * groups, *sizes))


def _max_pool2d_shape(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    ceil: bool = False,  # noqa: FBT001, FBT002 -- torch's signature
) -> Tensor | None:
    if x.ndim != len("ncyx"):
        return None
    sizes = _slid(x, kernel, stride or kernel, padding, dilation, ceil=ceil)
    return x.new_empty((*x.shape[:2], *sizes))


def _max_pool2d_with_indices_shape(
    x: Tensor, *settings: Any
) -> tuple[Tensor, Tensor] | None:
    values = _max_pool2d_shape(x, *settings)
    if values is None:
        return None
    return values, values.new_empty(values.shape, dtype=torch.int64)


def _adaptive_pool2d_shape(x: Tensor, size: Sequence[int]) -> Tensor:
    return x.new_empty((*x.shape[:-2], *size))


def _max_unpool2d_shape(x: Tensor, _places: Tensor, size: Sequence[int]) -> Tensor:
    return x.new_empty((*x.shape[:-2], *size))


def _slid(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    *,
    ceil: bool = False,
) -> list[int]:
    """Return the rows and columns of a sliding window's output.

    Settings are one number or two, as in torch.  With ``ceil`` a last window may extend
    past the end if it begins before it.

    Raises:
        RuntimeError: the window does not fit; torch's own refusal would import sympy.
    """
    sizes = []
    for axis in (-2, -1):
        # If there is one number, its last is also its first.
        k, s, p, d = (
            each[max(axis, -len(each))] for each in (kernel, stride, padding, dilation)
        )
        room = x.shape[axis] + 2 * p - d * (k - 1) - 1
        steps = -(-room // s) if ceil else room // s
        if steps < 0:
            extent, side = d * (k - 1) + 1, x.shape[axis] + 2 * p
            raise RuntimeError(f"a window of {extent} px does not fit into {side} px")
        hangs_outside = ceil and steps * s >= x.shape[axis] + p
        sizes.append(steps + 1 - hangs_outside)
    return sizes


def _same_shape(x: Tensor, *_args: object, **_kwargs: object) -> Tensor:
    return x.new_empty(x.shape)


def _itself(x: Tensor, *_args: object, **_kwargs: object) -> Tensor:
    return x


def _linear_shape(x: Tensor, weight: Tensor, *_bias: object) -> Tensor:
    if x.shape[-1] != weight.shape[-1]:
        raise RuntimeError(
            f"{x.shape[-1]} values cannot be multiplied with {weight.shape[-1]} weights"
        )
    return x.new_empty((*x.shape[:-1], *weight.shape[:-1]))


def _broadcast(x: Tensor, y: object, **_kwargs: object) -> Tensor:
    other = y.shape if isinstance(y, Tensor) else ()
    return x.new_empty(np.broadcast_shapes(x.shape, other))


def _reduced(x: Tensor, dim: Sequence[int] = (), keepdim: bool = False) -> Tensor:  # noqa: FBT001, FBT002 -- torch's own signature
    axes = {axis % x.ndim for axis in dim or range(x.ndim)}
    kept = [1 if axis in axes else size for axis, size in enumerate(x.shape)]
    if not keepdim:
        kept = [size for axis, size in enumerate(x.shape) if axis not in axes]
    return x.new_empty(kept)


def _quotient(x: Tensor, y: object) -> Tensor | None:
    # Division of integers returns floats: let torch decide the type.
    return _broadcast(x, y) if x.is_floating_point() else None


def _cat_shape(tensors: Sequence[Tensor], dim: int = 0) -> Tensor | None:
    first = tensors[0]
    sizes = list(first.shape)
    sizes[dim] = sum(each.shape[dim] for each in tensors)
    fits = all(
        each.shape[:dim] == first.shape[:dim]
        and each.shape[dim:][1:] == first.shape[dim:][1:]
        for each in tensors
    )
    return first.new_empty(sizes) if fits else None


def _upsample_shape(
    x: Tensor, size: Sequence[int] | None, *settings: Any
) -> Tensor | None:
    scales = settings[-1]
    if not size and not scales:
        return None
    sides = size or [
        int(side * scale) for side, scale in zip(x.shape[2:], scales, strict=True)
    ]
    return x.new_empty((*x.shape[:2], *sides))


def _padded_shape(
    x: Tensor, padding: Sequence[int], mode: str = "constant", *_value: object
) -> Tensor | None:
    """Return a padded map's shape, constant or reflected; None to ask torch.

    Raises:
        RuntimeError: the map is too small to reflect.
    """
    if mode not in ("constant", "reflect") or len(padding) != len("lrtb"):
        return None
    left, right, top, bottom = padding
    rows, columns = x.shape[-2:]
    if mode == "constant":
        if min(padding) < 0:
            return None
    elif max(left, right) >= columns or max(top, bottom) >= rows:
        raise RuntimeError(f"{rows} x {columns} px are too few to reflect {padding} px")
    sides = (rows + top + bottom, columns + left + right)
    return x.new_empty((*x.shape[:-2], *sides))


_FORMULAS: dict[Any, Callable[..., Tensor | tuple[Tensor, Tensor] | None]] = {
    torch.ops.aten.conv2d.default: _conv2d_shape,
    torch.ops.aten.conv_transpose2d.input: _conv_transpose2d_shape,
    torch.ops.aten.linear.default: _linear_shape,
    torch.ops.aten.max_pool2d.default: _max_pool2d_shape,
    torch.ops.aten.max_pool2d_with_indices.default: _max_pool2d_with_indices_shape,
    torch.ops.aten.max_unpool2d.default: _max_unpool2d_shape,
    torch.ops.aten.adaptive_avg_pool2d.default: _adaptive_pool2d_shape,
    torch.ops.aten.cat.default: _cat_shape,
    torch.ops.aten.upsample_bilinear2d.vec: _upsample_shape,
    torch.ops.aten.upsample_nearest2d.vec: _upsample_shape,
    torch.ops.aten.pad.default: _padded_shape,
    torch.ops.aten.batch_norm.default: _same_shape,
    torch.ops.aten.instance_norm.default: _same_shape,
    torch.ops.aten.layer_norm.default: _same_shape,
    torch.ops.aten.relu.default: _same_shape,
    torch.ops.aten.tanh.default: _same_shape,
    torch.ops.aten.hardtanh.default: _same_shape,
    torch.ops.aten.relu6.default: _same_shape,
    torch.ops.aten.sigmoid.default: _same_shape,
    torch.ops.aten.hardswish.default: _same_shape,
    torch.ops.aten.hardsigmoid.default: _same_shape,
    torch.ops.aten.leaky_relu.default: _same_shape,
    torch.ops.aten.gelu.default: _same_shape,
    torch.ops.aten.silu.default: _same_shape,
    torch.ops.aten.dropout.default: _itself,
    torch.ops.aten.relu_.default: _itself,
    torch.ops.aten.hardtanh_.default: _itself,
    torch.ops.aten.relu6_.default: _itself,
    torch.ops.aten.hardswish_.default: _itself,
    torch.ops.aten.add_.Tensor: _itself,
    torch.ops.aten.add.Tensor: _broadcast,
    torch.ops.aten.mul.Tensor: _broadcast,
    torch.ops.aten.div.Tensor: _quotient,
    torch.ops.aten.amax.default: _reduced,
}
