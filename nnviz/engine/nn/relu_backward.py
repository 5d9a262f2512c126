"""Modified backward passes of ReLUs: guided backpropagation, deconvnet, redirection.

ReLUs are intercepted as torch functions, so modules, functional calls, in-place ones
and modules that run several times are all treated alike.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class ReluRule(StrEnum):
    """Rule for a gradient g at a ReLU with input a: guided, deconvnet, redirected."""

    GUIDED = "guided"
    """g [a > 0] [g > 0]: Springenberg et al. 2014, arXiv:1412.6806."""
    DECONVNET = "deconvnet"
    """g [g > 0]: Zeiler & Fergus 2013, arXiv:1311.2901."""
    REDIRECTED = "redirected"
    """g [a > 0]; for an image whose gradient would be zero everywhere, g where descent
    along it brings a closer to the range that the ReLU passes.  As in Lucid's
    ``redirected_relu_grad.py``: g is the gradient of a loss to be minimized."""


class ChangedRelus:
    """Counter of modified ReLU calls over all passes inside the block."""

    def __init__(self, rule: ReluRule) -> None:
        self.rule = rule
        self.count = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the modified ReLUs, after one pass."""
        if self.count:
            return f"{self.count} ReLUs changed", _WARNINGS[self.rule]
        return (_NONE,)


_NONE = (
    "no ReLU was changed, since none can be reached in this network: this is the "
    "plain gradient"
)
_WARNINGS = {
    ReluRule.GUIDED: (
        "guided maps fail the sanity check: they hardly change when the weights are "
        "randomized (Adebayo et al. 2018)"
    ),
    ReluRule.DECONVNET: (
        "such maps show the image's edges and hardly depend on the class (Nie et al. "
        "2018)"
    ),
    ReluRule.REDIRECTED: "where no gradient passed a ReLU, it was let through",
}


@contextmanager
def changed_relus(rule: ReluRule) -> Iterator[ChangedRelus]:
    """Make the backward pass of every ReLU run inside the block follow a rule.

    For ReLU6 the mask is 0 < a < 6.  Other activations (GELU, SiLU, leaky ReLU) keep
    their gradient.  Outputs are unchanged, bit for bit.
    """
    counted = ChangedRelus(rule)
    with _ReluMode(counted):
        yield counted


class _ReluMode(TorchFunctionMode):
    """Intercepts torch's functions, inside the block and on this thread only."""

    def __init__(self, counted: ChangedRelus) -> None:
        super().__init__()
        self.counted = counted

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        read = _RELUS.get(func)
        found = read(*args, **kwargs) if read else None
        if found is None:
            return func(*args, **kwargs)
        self.counted.count += 1
        return _Rectify.apply(*found, self.counted.rule)


_Relu = tuple[Tensor, float, bool]
"""The input, the largest output and whether it is written in place."""
_UNBOUNDED = float("inf")
_SIX = 6.0


def _relu(input: Tensor, inplace: bool = False) -> _Relu:  # noqa: A002, FBT001, FBT002 - torch's
    return input, _UNBOUNDED, inplace


def _relu_in_place(input: Tensor) -> _Relu:  # noqa: A002 - torch's
    return input, _UNBOUNDED, True


def _relu6(input: Tensor, inplace: bool = False) -> _Relu:  # noqa: A002, FBT001, FBT002 - torch's
    return input, _SIX, inplace


def _hardtanh(
    input: Tensor,  # noqa: A002 - torch's
    min_val: float = -1.0,
    max_val: float = 1.0,
    inplace: bool = False,  # noqa: FBT001, FBT002 - torch's
) -> _Relu | None:
    return (input, max_val, inplace) if min_val == 0 else None


def _threshold(
    input: Tensor,  # noqa: A002 - torch's
    threshold: float,
    value: float,
    inplace: bool = False,  # noqa: FBT001, FBT002 - torch's
) -> _Relu | None:
    return (input, _UNBOUNDED, inplace) if threshold == value == 0 else None


def _threshold_in_place(
    input: Tensor,  # noqa: A002 - torch's
    threshold: float,
    value: float,
) -> _Relu | None:
    return _threshold(input, threshold, value, True)


_RELUS: dict[Any, Callable[..., _Relu | None]] = {
    functional.relu: _relu,
    torch.relu: _relu,
    Tensor.relu: _relu,
    torch.relu_: _relu_in_place,
    Tensor.relu_: _relu_in_place,
    functional.relu6: _relu6,
    functional.hardtanh: _hardtanh,
    functional.threshold: _threshold,
    torch.threshold: _threshold,
    torch.threshold_: _threshold_in_place,
}
"""Every torch function that computes a ReLU, with a reader of its arguments."""


class _Rectify(torch.autograd.Function):
    """clamp(a, 0, largest) with a backward pass that follows a rule."""

    @staticmethod
    def forward(
        ctx: Any,
        a: Tensor,
        largest: float,
        inplace: bool,  # noqa: FBT001 - apply takes no names
        rule: ReluRule,
    ) -> Tensor:
        ctx.rule, ctx.largest = rule, largest
        if inplace:
            ctx.mark_dirty(a)
        out = a.relu_() if inplace else a.relu()
        if largest != _UNBOUNDED:
            out.clamp_(max=largest)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = gradients
        if ctx.rule is ReluRule.DECONVNET:
            return gradient.clamp(min=0), None, None, None
        (out,) = ctx.saved_tensors
        # In one kernel: g [0 < out] [out < largest].
        active = torch.ops.aten.hardtanh_backward(gradient, out, 0.0, ctx.largest)
        if ctx.rule is ReluRule.REDIRECTED:
            return _redirected(gradient, active, out, ctx.largest), None, None, None
        return active.clamp_(min=0), None, None, None


def _redirected(
    gradient: Tensor, active: Tensor, out: Tensor, largest: float
) -> Tensor:
    """Return the active mask, redirected for images whose mask is zero everywhere."""
    blocked = ~active.flatten(1).any(1)
    if not blocked.any():
        return active
    helpful = torch.where(out <= 0, gradient.clamp(max=0), gradient)
    helpful = torch.where(out >= largest, gradient.clamp(min=0), helpful)
    chosen = blocked.view(-1, *[1] * (out.ndim - 1))
    return torch.where(chosen, helpful, active)
