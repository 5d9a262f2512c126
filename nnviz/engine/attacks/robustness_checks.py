"""Survival checks of an attack: after rounding to a file, copies and cameras."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.images import Colors
from nnviz.base.info import ModelInfo
from nnviz.base.results import Array, Table
from nnviz.engine.attacks.goals import AttackedModel, Chosen, Goal
from nnviz.engine.attacks.params import LEVELS
from nnviz.engine.targets.resolve import label
from nnviz.media.distortions import DISTORTIONS

_FEWEST = 0.002
_GROWTH = 1.5
"""Fraction of the values that a repair's first step moves, and the growth per step."""
_STEPS = 20
_TINY = 1e-3
"""Of a level: rounding error of single precision in a number of levels."""


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """Conversions from an attacked input to a saved image and back.

    Attributes:
        photo: from the input (1, C, H, W) to the photo around it, float (h, w, C).
        read: from a file's pixels, uint8 (h, w, C), to the input (1, C, H, W).
    """

    photo: Callable[[Tensor], Array]
    read: Callable[[Colors], Tensor]

    def written(self, pixels: Tensor) -> Colors:
        """Return the image as saved, uint8 (h, w, C)."""
        return (self.photo(pixels) * LEVELS).round().astype(np.uint8)


def rounded(pixels: Tensor) -> Tensor:
    """Round pixels in [0, 1] to the levels of an 8-bit file."""
    return (pixels * LEVELS).round() / LEVELS


def repaired(
    attacked_model: AttackedModel, goal: Goal, pixels: Tensor, clean: Tensor
) -> Tensor:
    """Return 8-bit pixels that reach the goal, repaired after rounding if possible.

    Rounding removes small noise.  The values that matter most are moved by one level
    each, more of them at every step, until the goal is reached again: steps on the
    lattice as proposed by Carlini & Wagner 2017 (arXiv:1608.04644), section V-E.

    Args:
        attacked_model: the network.
        goal: for this one image.
        pixels: attacked, (1, C, H, W) in [0, 1].
        clean: the image's pixels; no value moves further from them than the attack's
            largest change, rounded up to a whole level.

    Returns:
        The rounded pixels where no repair is needed or the network gives no gradients.
    """
    found = rounded(pixels)
    if bool(goal.reached(attacked_model.logits(found))):
        return found
    with suppress(ModelError):
        return _moved(attacked_model, goal, found, pixels, clean)
    return found


def _moved(
    attacked_model: AttackedModel,
    goal: Goal,
    found: Tensor,
    pixels: Tensor,
    clean: Tensor,
) -> Tensor:
    """Move rounded pixels level by level until the goal is reached."""
    levels = LEVELS * float((pixels - clean).abs().max())
    room = (math.ceil(levels - _TINY) + _TINY) / LEVELS
    share = _FEWEST
    for _ in range(_STEPS):
        logits, gradient = attacked_model.gradient(found, goal.margin)
        if goal.reached(logits):
            return found
        number = max(1, int(share * gradient.numel()))
        least = gradient.abs().flatten().topk(min(number, gradient.numel())).values[-1]
        move = gradient.sign() * (gradient.abs() >= least) / LEVELS
        moved = (found + move).clamp(0, 1)
        found = torch.where((moved - clean).abs() <= room, moved, found)
        share *= _GROWTH
    return found


def survival(
    files: Files,
    attacked_model: AttackedModel,
    chosen: Chosen,
    info: ModelInfo,
    found: Colors,
    *,
    seed: int,
) -> Table:
    """Return the table of the network's answers after each of ``DISTORTIONS``.

    Args:
        files: reads the file back.
        attacked_model: the network.
        chosen: goal of the attack.
        info: of the network.
        found: the file's pixels, uint8 (h, w, C).
        seed: of the distortions' random numbers.
    """
    random = np.random.default_rng(seed)
    rows: list[tuple[str | float, ...]] = []
    for each in DISTORTIONS:
        if not each.suits(found):
            rows.append((each.name, "not tried: too long a side", "", ""))
            continue
        logits = attacked_model.logits(files.read(each.apply(found, random)))
        shares = logits[0].softmax(0)
        best = int(shares.argmax())
        survives = "yes" if bool(chosen.goal.reached(logits)) else "no"
        percent = round(100 * float(shares[best]), 1)
        rows.append((each.name, survives, label(info, best), percent))
    return Table(
        columns=("file", "still fooled", "answer", "probability, %"), rows=tuple(rows)
    )
