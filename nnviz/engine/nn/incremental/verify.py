"""Verification of an incremental pass against full passes, before it is used."""

from collections.abc import Callable
from itertools import product
from typing import Any

import torch
from torch import Tensor

from nnviz.engine.nn.incremental.forward import Check, IncrementalForward
from nnviz.engine.nn.incremental.trace import UnfollowableError, record_trace
from nnviz.engine.nn.shapes.calls import tensors_in

_TOLERANCE = 128
"""Rounding errors, in units in the last place of the output's largest number."""
_WORTHWHILE = 0.85
"""Fraction of the full passes' work above which full passes are as fast."""
_FAILURES = (RuntimeError, TypeError, ValueError, LookupError, AssertionError)
"""Raised by operations that treat a part of their maps, or a batch, differently."""


def verified_forward(
    run: Callable[[Tensor], Any],
    x: Tensor,
    size: tuple[int, int],
    check: Check,
) -> IncrementalForward:
    """Return an image's incremental forward pass, verified against full passes.

    The incremental pass must reproduce the image's own output where a rectangle is
    replaced by itself, at all corners and in the middle, and a full pass's output where
    the middle is replaced by another patch.

    Args:
        run: the network's forward pass, or part of it.
        x: the image, normalized, (1, C, H, W), in the network's order in memory.
        size: height and width of the rectangles that will be replaced.
        check: called before every operation; raises to abandon the pass.

    Raises:
        UnfollowableError: the pass cannot be traced, its result differs, or it is no
            less work than full passes.
    """
    trace = record_trace(run, x)
    forward = IncrementalForward(trace, check)
    _, _, height, width = x.shape
    middle = (height - size[0]) // 2, (width - size[1]) // 2
    corners = product((0, height - size[0]), (0, width - size[1]))
    tops, lefts = zip(*corners, middle, strict=True)
    if forward.work(size, tops, lefts) > _WORTHWHILE:
        raise UnfollowableError("nearly every layer sees the whole image")
    same = torch.cat(
        [_part(x, *place, size) for place in zip(tops, lefts, strict=True)]
    )
    try:
        expected = trace.base_output()
        _compare(forward(same, tops, lefts), expected)
        other = x.clone()
        patch = 0.5 - _part(x, *middle, size)
        _part(other, *middle, size).copy_(patch)
        with torch.inference_mode():
            expected = run(other)
        _compare(forward(patch, middle[:1], middle[1:]), expected)
    except _FAILURES as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise UnfollowableError(f"an operation needs the whole ({error})") from error
    return forward


def _part(x: Tensor, top: int, left: int, size: tuple[int, int]) -> Tensor:
    return x[:, :, top : top + size[0], left : left + size[1]]


def _compare(found: Any, expected: Any) -> None:
    """Refuse outputs that differ by more than rounding, for any image of a batch."""
    pairs = zip(tensors_in(found), tensors_in(expected), strict=True)
    for mine, right in pairs:
        limit = _TOLERANCE * torch.finfo(right.dtype).eps * right.abs().max()
        # A comparison with NaN is false: NaN equals nothing.
        if mine.shape[1:] != right.shape[1:] or not bool(
            (mine - right).abs().max() <= limit
        ):
            raise UnfollowableError("it gives something else than the network")
