"""Rescaling of an attack's noise, down to the weakest that still reaches the goal.

An attack's noise scaled by a fraction is on the line from the image to the attacked
image: always an image in [0, 1], always of the noise's direction.
"""

from collections.abc import Generator

import torch
from torch import Tensor

from nnviz.base.events import Progress
from nnviz.engine.attacks.goals import AttackedModel, Goal

_PLACES = 32
"""Number of fractions that are tried first, from weak to strong."""
_BETWEEN = 15
"""Number tried in the interval before the first success: a resolution of 1/512."""
_BATCH = 16


def weakened(clean: Tensor, attacked: Tensor, shares: Tensor) -> Tensor:
    """Return the image with the noise scaled by each of some shares.

    Args:
        clean: the image, (1, C, H, W) in [0, 1].
        attacked: result of the attack, likewise.
        shares: (S,), 0 to 1.

    Returns:
        (S, C, H, W) in [0, 1].
    """
    return torch.lerp(clean, attacked, shares.to(clean).view(-1, 1, 1, 1))


def smallest_share(
    attacked_model: AttackedModel, goal: Goal, clean: Tensor, attacked: Tensor
) -> Generator[Progress, None, float | None]:
    """Find the smallest share of the noise that reaches the goal; None if none does.

    More noise along the same line does not always help the attack, so the whole line is
    searched in even steps first, and then the interval before the first success.

    Args:
        attacked_model: the network.
        goal: for this one image.
        clean: (1, C, H, W) in [0, 1].
        attacked: likewise.

    Yields:
        The number of fractions tried so far.

    Returns:
        A multiple of 1/512.
    """
    coarse = torch.arange(1, _PLACES + 1, dtype=torch.float64) / _PLACES
    tried, found = 0, None
    for shares in torch.split(coarse, _BATCH):
        found = _first(attacked_model, goal, clean, attacked, shares)
        tried += len(shares)
        yield _progress(tried)
        if found is not None:
            break
    if found is None:
        return None
    steps = torch.arange(1, _BETWEEN + 1, dtype=torch.float64) / (_BETWEEN + 1)
    finer = found - (1 - steps) / _PLACES
    nearer = _first(attacked_model, goal, clean, attacked, finer)
    yield _progress(tried + len(finer))
    return found if nearer is None else nearer


def _progress(tried: int) -> Progress:
    return Progress(tried, _PLACES + _BETWEEN, "weaker perturbation")


def _first(
    attacked_model: AttackedModel,
    goal: Goal,
    clean: Tensor,
    attacked: Tensor,
    shares: Tensor,
) -> float | None:
    """Return the first of some shares that reaches the goal, or None."""
    logits = attacked_model.logits(weakened(clean, attacked, shares))
    reached = goal.reached(logits).cpu()
    return float(shares[reached][0]) if bool(reached.any()) else None
