"""DeepFool: iterated steps to the nearest boundary of the linearized network.

Moosavi-Dezfooli et al. 2016 (arXiv:1511.04599), algorithm 2, in L2.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.engine.attacks.goals import AttackedModel, Goal

_EXTRA = 1e-4
"""Added to every distance, so that a step across a flat region ends behind it."""
_TINY = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """State of DeepFool's iteration.

    Attributes:
        noise: sum of all steps so far, (N, C, H, W), before the overshoot.
        pixels: the image with the noise and the overshoot, in [0, 1].
    """

    noise: Tensor
    pixels: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """The nearest decision boundary of the linearized network.

    Attributes:
        normal: the direction across it, (N, C, H, W), of length 1.
        distance: to the boundary, (N,), in units of pixels in [0, 1].
    """

    normal: Tensor
    distance: Tensor


def candidates(logits: Tensor, leave: Tensor, number: int) -> Tensor:
    """Return the candidate target classes, likeliest first, (N, number).

    Args:
        logits: of the images, (N, K).
        leave: bool (N, K), the classes to move away from.
        number: of candidates, at most the number of other classes.
    """
    open_ones = logits.masked_fill(leave, -torch.inf)
    available = int((~leave).sum(1).min())
    return open_ones.topk(min(number, available), 1).indices


def boundaries(
    attacked_model: AttackedModel,
    pixels: Tensor,
    start: Tensor,
    others: Tensor,
    enough: Callable[[Tensor], bool],
) -> tuple[Tensor, Border | None]:
    """Return the logits and the nearest linearized boundary to another class.

    Args:
        attacked_model: the network.
        pixels: (N, C, H, W) in [0, 1].
        start: the class to move away from, (N,).
        others: ``candidates``, (N, S).
        enough: whether these logits end the iteration; no boundary is returned then.
    """

    def ahead(logits: Tensor) -> Tensor:
        return (logits.gather(1, others) - logits.gather(1, start[:, None])).T

    logits, slopes = attacked_model.gradients(pixels, ahead, enough)
    if slopes is None:
        return logits, None
    lengths = slopes.flatten(2).norm(dim=2) + _TINY
    distances = ahead(logits).abs() / lengths
    nearest = distances.argmin(0)
    rows = torch.arange(len(pixels), device=pixels.device)
    length = lengths[nearest, rows].view(-1, 1, 1, 1)
    return logits, Border(slopes[nearest, rows] / length, distances[nearest, rows])


def crossed(clean: Tensor, at: Walk, border: Border, overshoot: float) -> Walk:
    """Return the state after a step just across the boundary.

    The overshoot scales all noise so far, as in foolbox, and not each step, as in
    torchattacks.

    Args:
        clean: (N, C, H, W) in [0, 1].
        at: the current state of the attack.
        border: the nearest boundary there.
        overshoot: eta of the paper, 0.02 there.
    """
    step = (border.distance + _EXTRA).view(-1, 1, 1, 1) * border.normal
    noise = at.noise + step
    return Walk(noise, (clean + (1 + overshoot) * noise).clamp(0, 1))


def walked(
    attacked_model: AttackedModel,
    goal: Goal,
    clean: Tensor,
    number: int,
    steps: int,
    overshoot: float,
) -> Tensor:
    """Run DeepFool to its end on each image; return the pixels, (N, C, H, W).

    An image that fools the network is left unchanged while the others continue.

    Args:
        attacked_model: the network.
        goal: a goal away from classes.
        clean: (N, C, H, W) in [0, 1].
        number: of other classes considered, the likeliest ones.
        steps: maximum number of steps.
        overshoot: eta of the paper.
    """
    logits = attacked_model.logits(clean)
    others = candidates(logits, goal.classes, number)
    start = logits.masked_fill(~goal.classes, -torch.inf).argmax(1)
    at, found = Walk(torch.zeros_like(clean), clean), clean.clone()
    going = torch.arange(len(clean), device=clean.device)
    for _ in range(steps):
        part = Goal(goal.classes[going], goal.towards)
        logits, border = boundaries(
            attacked_model, at.pixels, start[going], others[going], _all_reach(part)
        )
        if border is None:
            break
        still = ~part.reached(logits)
        moved = crossed(clean[going], at, border, overshoot)
        going, at = going[still], Walk(moved.noise[still], moved.pixels[still])
        found[going] = at.pixels
    return found


def _all_reach(goal: Goal) -> Callable[[Tensor], bool]:
    return lambda logits: bool(goal.reached(logits).all())
