"""Infidelity by removed squares (Yeh et al. 2019, arXiv:1901.09392, def. 2.1).

A square of the image is replaced by a fill; an explanation predicts the drop of the
score by the sum of its values there.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.evaluation.trust.trial import Trial

_SIDES = 0.1, 0.5
"""Range of the squares' sides, as fractions of the image's."""


@dataclass(frozen=True, slots=True)
class Drops:
    """Score drops caused by removing each of some squares.

    Attributes:
        masks: bool (N, H, W), the squares.
        falls: (N,), score of the image minus score without the square.
    """

    masks: NDArray[np.bool_]
    falls: NDArray[np.float64]


def measure_drops(
    trial: Trial, nothing: Tensor, count: int, random: np.random.Generator
) -> Generator[None, None, Drops]:
    """Remove random squares and measure the drops of the score.

    Args:
        trial: the image.
        nothing: fill of the squares, of the shape of the image.
        count: number of squares.
        random: source of the draws.
    """
    masks = draw_squares(trial.sides, count, random)
    hidden = torch.from_numpy(masks).to(trial.pixels.device)[:, None]

    def images(part: slice) -> Tensor:
        if part.start == 0:  # the whole image comes first
            part = slice(0, part.stop - 1)
            rest = torch.where(hidden[part], nothing, trial.pixels)
            return torch.cat([trial.pixels, rest])
        return torch.where(
            hidden[part.start - 1 : part.stop - 1], nothing, trial.pixels
        )

    scores = yield from trial.scores(count + 1, images)
    return Drops(masks, scores[0] - scores[1:])


def draw_squares(
    size: tuple[int, int], count: int, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw squares of random sizes and positions, bool (count, H, W)."""
    masks = np.zeros((count, *size), np.bool_)
    low, high = (max(1, round(share * min(size))) for share in _SIDES)
    for mask in masks:
        side = int(random.integers(low, high + 1))
        top = int(random.integers(0, size[0] - side + 1))
        left = int(random.integers(0, size[1] - side + 1))
        mask[top : top + side, left : left + side] = True
    return masks


def infidelity(
    values: NDArray[np.floating], drops: Drops, *, scaled: bool = True
) -> float:
    """Return the mean squared error of the predicted drops; low is good.

    Args:
        values: (H, W).
        drops: the measured drops.
        scaled: whether to multiply the map by the factor with the smallest error, which
            maps without a unit need (captum's ``normalize``); the error is then
            relative to the mean squared drop: 0 predicts everything, 1 nothing.
    """
    foretold = (values.astype(np.float64) * drops.masks).sum((1, 2))
    if not scaled:
        return float(np.square(foretold - drops.falls).mean())
    power = float(foretold @ foretold)
    factor = float(foretold @ drops.falls) / power if power else 0.0
    due = float(np.square(drops.falls).mean())
    error = float(np.square(factor * foretold - drops.falls).mean())
    return error / due if due else 0.0


def infidelities(
    maps: Mapping[str, NDArray[np.floating]], drops: Drops
) -> dict[str, float]:
    """Return the scaled infidelity of several maps, measured on the same squares."""
    return {name: infidelity(values, drops) for name, values in maps.items()}
