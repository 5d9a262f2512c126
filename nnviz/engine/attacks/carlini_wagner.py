"""The attack of Carlini & Wagner 2017 (arXiv:1608.04644), section VI-A: smallest L2.

Minimizes |x' - x|^2 + c max(kappa - margin(x'), 0) over w with Adam, where x' =
(tanh(w) + 1) / 2 is always in [0, 1], and searches for the smallest c that succeeds.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nnviz.engine.attacks.goals import AttackedModel, Goal

_INSIDE = 0.999999
"""Pixels of 0 and 1 would be infinite in w and never move; foolbox scales the same."""
_BETAS = (0.9, 0.999)
_TINY = 1e-8
_GROWTH = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Settings of the Carlini-Wagner search.

    Attributes:
        rate: of Adam.
        confidence: kappa, the required margin in logits.
    """

    rate: float = 0.01
    confidence: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Descent:
    """State of the descent for one c, with the nearest success over all values of c.

    Attributes:
        change: the change of w so far, (N, C, H, W).
        mean: Adam's first moment, likewise.
        square: Adam's second moment, likewise.
        step: steps taken.
        best: the nearest image that succeeded, (N, C, H, W); else the image.
        norm: its L2 distance, (N,); infinite where none succeeded.
        here: whether this c succeeded, bool (N,).
    """

    change: Tensor
    mean: Tensor
    square: Tensor
    step: int
    best: Tensor
    norm: Tensor
    here: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Constants:
    """State of the search for the constant c of each image, (N,).

    Attributes:
        value: the current c.
        low: the largest that failed.
        high: the smallest that succeeded; infinite where none has.
    """

    value: Tensor
    low: Tensor
    high: Tensor

    def after(self, succeeded: Tensor) -> "Constants":
        """Return the next c to try: the middle of the bracket, or ten times as much."""
        low = torch.where(succeeded, self.low, self.value)
        high = torch.where(succeeded, self.value, self.high)
        unknown = high.isinf()
        middle = torch.where(unknown, _GROWTH * self.value, (low + high) / 2)
        return Constants(middle, low, high)


def first_constants(pictures: int, value: float, like: Tensor) -> Constants:
    """Return the initial state of the search for c."""
    empty = like.new_zeros(pictures)
    return Constants(empty + value, empty, empty + torch.inf)


def first_descent(clean: Tensor) -> Descent:
    """Return the initial state of the first descent."""
    nothing = torch.zeros_like(clean)
    far = clean.new_full((len(clean),), torch.inf)
    return Descent(
        nothing, nothing, nothing, 0, clean.clone(), far, torch.zeros_like(far).bool()
    )


def anew(descent: Descent) -> Descent:
    """Return the initial state of a descent for another c; the best image is kept."""
    return replace(first_descent(descent.best), best=descent.best, norm=descent.norm)


def shortest(
    attacked_model: AttackedModel,
    goal: Goal,
    clean: Tensor,
    search: Search,
    lengths: tuple[int, int],
    constant: float,
) -> Tensor:
    """Run the whole attack; return the nearest successes, (N, C, H, W), else ``clean``.

    Args:
        attacked_model: the network.
        goal: of the attack.
        clean: (N, C, H, W) in [0, 1].
        search: rate and confidence.
        lengths: number of values of c, and the steps for each.
        constant: the first c.
    """
    at, constants = first_descent(clean), first_constants(len(clean), constant, clean)
    rounds, steps = lengths
    for turn in range(rounds):
        if turn:
            constants, at = constants.after(at.here), anew(at)
        for _ in range(steps):
            at, _ = descend(attacked_model, goal, clean, at, constants.value, search)
    return at.best


def descend(
    attacked_model: AttackedModel,
    goal: Goal,
    clean: Tensor,
    at: Descent,
    constants: Tensor,
    search: Search,
) -> tuple[Descent, Tensor]:
    """Return the state after one step, and the logits of the image before the step.

    Args:
        attacked_model: the network.
        goal: of the attack.
        clean: (N, C, H, W) in [0, 1].
        at: the current state of the descent.
        constants: c, (N,).
        search: rate and confidence.
    """
    origin = _to_w(clean)
    picture = _to_pixels(origin + at.change)

    def kept_back(logits: Tensor) -> Tensor:
        return constants * (search.confidence - goal.margin(logits)).clamp(min=0)

    logits, gradient = attacked_model.gradient(picture, kept_back)
    # The gradient of the first term and the derivative of tanh have closed forms.
    slope = 2 * (picture - clean) + gradient
    slope = slope * 2 * picture * (1 - picture)
    noted = _noted(at, goal, picture, logits, clean, search)
    return _adam(noted, slope, search), logits


def _noted(
    at: Descent,
    goal: Goal,
    picture: Tensor,
    logits: Tensor,
    clean: Tensor,
    search: Search,
) -> Descent:
    """Return the descent with its best images replaced where these are nearer."""
    reached = goal.reached(logits) & (goal.margin(logits) >= search.confidence)
    norm = (picture - clean).flatten(1).norm(dim=1)
    nearer = reached & (norm < at.norm)
    best = torch.where(nearer.view(-1, 1, 1, 1), picture, at.best)
    norm = torch.where(nearer, norm, at.norm)
    return replace(at, best=best, norm=norm, here=at.here | reached)


def _adam(at: Descent, slope: Tensor, search: Search) -> Descent:
    """Return the descent after a step of Adam (Kingma & Ba 2015, arXiv:1412.6980)."""
    step = at.step + 1
    mean = torch.lerp(slope, at.mean, _BETAS[0])
    square = torch.lerp(slope * slope, at.square, _BETAS[1])
    bias = 1 - _BETAS[0] ** step, 1 - _BETAS[1] ** step
    move = (mean / bias[0]) / ((square / bias[1]).sqrt() + _TINY)
    return replace(
        at, change=at.change - search.rate * move, mean=mean, square=square, step=step
    )


def _to_w(pixels: Tensor) -> Tensor:
    return torch.atanh((2 * pixels - 1) * _INSIDE)


def _to_pixels(w: Tensor) -> Tensor:
    return (torch.tanh(w) + 1) / 2
