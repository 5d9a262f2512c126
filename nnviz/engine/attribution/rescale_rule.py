"""The rescale rule of DeepLIFT: Shrikumar et al. 2017, arXiv:1704.02685, section 3.5.1.

Each derivative in the backward pass is replaced by a multiplier: the change of an
activation function's output divided by that of its input, from a reference to the image
(Ancona et al. 2018, arXiv:1711.06104, equation 6).
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.attribution.nonlinear_calls import (
    MAX_POOLINGS,
    NonlinearCall,
    NonlinearMode,
)
from nnviz.engine.nn.gradients import Check, Score, gradient

_ROUNDING = 16
"""Changes below this many units in the last place count as zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Multipliers:
    """DeepLIFT multipliers of an image's pixels.

    Attributes:
        values: (C, H, W); times image minus reference, they are contributions.
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
        ModelError: no gradient reaches the pixels.
    """
    recording = _Recording()
    with torch.no_grad(), recording:
        start = float(score(reference))
    rescaling = _Rescaling(recording.calls)
    with rescaling:
        _, found = gradient(score, pixels, check)
    return Multipliers(found[0], start, rescaling.count)


class _Recording(NonlinearMode):
    """Records the nonlinear calls of the reference's pass."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[NonlinearCall] = []

    def answer(self, call: NonlinearCall) -> Tensor:
        self.calls.append(replace(call, given=call.given.detach().clone()))
        return call.apply(call.given)


class _Rescaling(NonlinearMode):
    """Replaces each nonlinear call's gradient by the rescale rule's multiplier."""

    def __init__(self, calls: list[NonlinearCall]) -> None:
        super().__init__()
        self.count = 0
        self._calls = iter(calls)

    def answer(self, call: NonlinearCall) -> Tensor:
        known = next(self._calls, None)
        comparable = (
            known is not None
            and known.function is call.function
            and known.given.shape == call.given.shape
        )
        if known is None or not comparable or not call.given.requires_grad:
            return call.apply(call.given)
        self.count += 1
        if call.function in MAX_POOLINGS:
            return _pooled(call, known.given)
        return _activated(call, known.given)


def _activated(call: NonlinearCall, reference: Tensor) -> Tensor:
    """Return an activation's output with the multiplier as its derivative."""
    output, slope = call.with_slope()
    with torch.no_grad():
        rise = output - call.apply(reference)
        values = _ratio(rise, call.given, reference, slope)
    return output + values * _changes(call.given)


def _pooled(call: NonlinearCall, reference: Tensor) -> Tensor:
    """Return a max pooling's output; one position per window takes its whole change.

    That position is the image's maximum where it is the larger one, else the
    reference's: there the input changes by at least as much.
    """
    given = call.given
    with torch.no_grad():
        output, places = _with_places(call, given)
        before, places_before = _with_places(call, reference)
        places = torch.where(output >= before, places, places_before)
        at, at_before = _taken(given, places), _taken(reference, places)
        values = _ratio(output - before, at, at_before, torch.ones_like(output))
    return output + values * _changes(_taken(given, places))


def _with_places(call: NonlinearCall, given: Tensor) -> tuple[Tensor, Tensor]:
    """Return a max pooling's output, and the flat index of each maximum."""
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    options = {
        **dict(zip(names, call.rest, strict=False)),
        **{name: call.options[name] for name in names if name in call.options},
    }
    output, places = functional.max_pool2d(given, **options, return_indices=True)
    return output, places


def _taken(given: Tensor, places: Tensor) -> Tensor:
    """Gather values (N, C, h, w) at flat positions of each channel of (N, C, H, W)."""
    found = given.flatten(2).gather(2, places.flatten(2))
    return found.view(places.shape)


def _changes(given: Tensor) -> Tensor:
    """Return zeros with derivative one with respect to the input."""
    return given - given.detach()


def _ratio(rise: Tensor, at: Tensor, before: Tensor, otherwise: Tensor) -> Tensor:
    """Return rise / (at - before), or the fallback if the input hardly changes."""
    step = at - before
    least = _ROUNDING * torch.finfo(at.dtype).eps * (at.abs() + before.abs())
    changed = step.abs() > least
    return torch.where(changed, rise / step.where(changed, 1), otherwise)
