"""The rescale rule of DeepLIFT: Shrikumar et al. 2017, arXiv:1704.02685, section 3.5.1.

A multiplier takes the place of each derivative on the way back: the change of an
activation function's output divided by that of its input, from a reference to the
image (Ancona et al. 2018, arXiv:1711.06104, equation 6).  Activation functions are met
at the level of torch's functions, so modules and functional calls are the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from nnviz.engine.nn.gradients import Check, Score, gradient

_ROUNDING = 16
"""Changes below this many units in the last place are taken for none."""


@dataclass(frozen=True, slots=True, eq=False)
class Multipliers:
    """The multipliers of pixels.

    Attributes:
        values: (C, H, W); times image minus reference they are contributions.
        start: the reference's score.
        count: of the activation functions and max poolings that were rescaled.
    """

    values: Tensor
    start: float
    count: int


def multipliers(
    score: Score, pixels: Tensor, reference: Tensor, check: Check
) -> Multipliers:
    """Return the multipliers of an image against a reference, by the rescale rule.

    Args:
        score: whose passes call the same functions in the same order.
        pixels: (1, C, H, W).
        reference: likewise.
        check: called in all passes; raises to stop.

    Raises:
        ModelError: no gradient comes back.
    """
    recording = _Recording()
    with torch.no_grad(), recording:
        start = float(score(reference))
    rescaling = _Rescaling(recording.calls)
    with rescaling:
        _, found = gradient(score, pixels, check)
    return Multipliers(found[0], start, rescaling.count)


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """A call of a nonlinear function, whose input is kept from later writing."""

    function: Callable[..., Any]
    given: Tensor
    rest: tuple[Any, ...]
    options: Mapping[str, Any]

    def apply(self, given: Tensor) -> Tensor:
        """Return the function's output for another input, which stays as it is."""
        output: Tensor = self.function(given.clone(), *self.rest, **self.options)
        return output


class _Mode(TorchFunctionMode):
    """Sees calls of the nonlinear functions, inside the block, on this thread only."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func not in _RESCALED or not args:
            return func(*args, **kwargs)
        output = self.answer(_Call(func, args[0], args[1:], kwargs))
        if kwargs.get("inplace") or func.__name__.endswith("_"):
            return args[0].copy_(output)
        return output

    def answer(self, call: _Call) -> Tensor:
        """Return a call's output."""
        raise NotImplementedError


class _Recording(_Mode):
    """Keeps the calls of the reference's pass."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[_Call] = []

    def answer(self, call: _Call) -> Tensor:
        self.calls.append(replace(call, given=call.given.detach().clone()))
        return call.apply(call.given)


class _Rescaling(_Mode):
    """Gives each call a multiplier against the reference's, for its gradient."""

    def __init__(self, calls: list[_Call]) -> None:
        super().__init__()
        self.count = 0
        self._calls = iter(calls)

    def answer(self, call: _Call) -> Tensor:
        known = next(self._calls, None)
        comparable = (
            known is not None
            and known.function is call.function
            and known.given.shape == call.given.shape
        )
        if known is None or not comparable or not call.given.requires_grad:
            return call.apply(call.given)
        self.count += 1
        if call.function in _MAX_POOLINGS:
            return _pooled(call, known.given)
        return _activated(call, known.given)


def _activated(call: _Call, reference: Tensor) -> Tensor:
    """Return an activation function's output, its derivative the multiplier."""
    with torch.enable_grad():
        leaf = call.given.detach().requires_grad_()
        output = call.apply(leaf)
        (slope,) = torch.autograd.grad(output.sum(), leaf)
    with torch.no_grad():
        output = output.detach()
        rise = output - call.apply(reference)
        values = _ratio(rise, leaf.detach(), reference, slope)
    return output + values * _changes(call.given)


def _pooled(call: _Call, reference: Tensor) -> Tensor:
    """Return a max pooling's output, whose rise one place of each window accounts for.

    Where the image's maximum is the larger it is the place of that maximum, else that
    of the reference's: there the input changes by at least as much.
    """
    given = call.given
    with torch.no_grad():
        output, places = _with_places(call, given)
        before, places_before = _with_places(call, reference)
        places = torch.where(output >= before, places, places_before)
        at, at_before = _taken(given, places), _taken(reference, places)
        values = _ratio(output - before, at, at_before, torch.ones_like(output))
    return output + values * _changes(_taken(given, places))


def _with_places(call: _Call, given: Tensor) -> tuple[Tensor, Tensor]:
    """Return a max pooling's output, and where in each channel it was taken."""
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    options = {
        **dict(zip(names, call.rest, strict=False)),
        **{name: call.options[name] for name in names if name in call.options},
    }
    output, places = functional.max_pool2d(given, **options, return_indices=True)
    return output, places


def _taken(given: Tensor, places: Tensor) -> Tensor:
    """Return the values (N, C, h, w) at places of each channel of (N, C, H, W)."""
    found = given.flatten(2).gather(2, places.flatten(2))
    return found.view(places.shape)


def _changes(given: Tensor) -> Tensor:
    """Return zeros whose derivative with respect to what was given is one."""
    return given - given.detach()


def _ratio(rise: Tensor, at: Tensor, before: Tensor, otherwise: Tensor) -> Tensor:
    """Return rise / (at - before), or another value where the input hardly changes."""
    step = at - before
    least = _ROUNDING * torch.finfo(at.dtype).eps * (at.abs() + before.abs())
    changed = step.abs() > least
    return torch.where(changed, rise / step.where(changed, 1), otherwise)


_ACTIVATIONS = frozenset(
    {
        functional.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_,
        functional.relu6, functional.hardtanh, functional.leaky_relu, functional.elu,
        functional.selu, functional.celu, functional.gelu, functional.silu,
        functional.mish, functional.softplus, functional.hardswish,
        functional.hardsigmoid, functional.logsigmoid, functional.sigmoid,
        torch.sigmoid, torch.sigmoid_, Tensor.sigmoid, Tensor.sigmoid_,
        functional.tanh, torch.tanh, torch.tanh_, Tensor.tanh, Tensor.tanh_,
    }
)  # fmt: skip
"""Functions of each number by itself, in every spelling."""
_MAX_POOLINGS = frozenset({torch.max_pool2d, functional.max_pool2d})
_RESCALED = _ACTIVATIONS | _MAX_POOLINGS
