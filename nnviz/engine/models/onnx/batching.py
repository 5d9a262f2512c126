"""Batching for ONNX networks that were exported with a batch of one.

Exports without dynamic axes have the batch size of one among the sizes of their
reshapes. Running one and two images side by side shows along which axis the images lie
there.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import prod

import torch
from torch import Tensor, nn

from nnviz.engine.compute import memory
from nnviz.engine.models.onnx.operators.shaping import Reshape
from nnviz.engine.models.onnx.tree import Block
from nnviz.engine.nn.shapes.calls import tensors_in

_PRECISION = 1e-3
"""Relative to the largest value: far more than rounding, less than a mixed-up image."""


def batch_rule(
    one: Sequence[int], two: Sequence[int], result: Sequence[int]
) -> tuple[int, int, Fraction] | None:
    """Return the rule by which a reshape keeps two images, or None.

    Args:
        one: shape of its input for one image.
        two: likewise for two.
        result: shape of its output for one.
    """
    changed = [axis for axis, size in enumerate(one) if two[axis] != size]
    if len(changed) != 1:
        return None
    (axis,) = changed
    place = _place_of(one, axis, result)
    if place is None or not one[axis]:
        return None
    return axis, place, Fraction(result[place], one[axis])


def _place_of(one: Sequence[int], axis: int, result: Sequence[int]) -> int | None:
    """Return the axis of a reshape's result that indexes images, or None.

    An axis of 1 among those that the images' axis became belongs to the images alone.
    Else they are merged: with the preceding axes where axes become fewer, as from
    (tokens, images, features) to (tokens images, features), else with the following
    ones.
    """
    before = prod(one[:axis])
    until = [prod(result[:place]) for place in range(len(result) + 1)]
    for place, size in enumerate(result):
        inside = before <= until[place] <= until[place + 1] <= before * one[axis]
        if inside and size == 1:
            return place
    if before not in until[:-1]:
        return None
    place = until.index(before)
    return place - 1 if place and len(result) < len(one) else place


@torch.no_grad()
def keep_apart(net: nn.Module, sample: Tensor) -> None:
    """Undo the batching rules if outputs of a batch mix its images.

    Where images lie along the first axis before and after each reshape, consecutively,
    they cannot be mixed, and no pass is spent on the check.

    Args:
        net: in eval mode.
        sample: an input for one image, (1, C, H, W).
    """
    reshapes = [each for each in _reshapes(net) if each.batch is not None]
    if all(each.batch[:2] == (0, 0) for each in reshapes if each.batch):
        return
    pair = torch.cat((sample, sample.flip(-1) * 0.5))
    found: list[list[Tensor]] = []
    why = memory.refusal(
        lambda: found.extend(
            list(tensors_in(net(each))) for each in (pair, pair[:1], pair[1:])
        )
    )
    if why is None and all(
        _equal(both, torch.cat((first, second)))
        for both, first, second in zip(*found, strict=True)
    ):
        return
    for reshape in reshapes:
        reshape.batch = None


def _equal(first: Tensor, second: Tensor) -> bool:
    if first.shape != second.shape:
        return False
    difference = (first - second).abs().max()
    return bool(difference <= _PRECISION * second.abs().max())


def _reshapes(net: nn.Module) -> Iterator[Reshape]:
    for module in net.modules():
        if isinstance(module, Block):
            for step in module.steps:
                if isinstance(step.function, Reshape):
                    yield step.function
