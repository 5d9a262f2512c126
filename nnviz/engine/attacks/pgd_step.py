"""Projected gradient steps: FGSM and PGD with momentum, in the L-inf and L2 norms."""

from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.engine.attacks.norms import Norm, project, steepest

_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class AscentStep:
    """Settings of a PGD step: size, norm, budget, momentum.

    Attributes:
        epsilon: maximum norm of the noise, in units of pixels in [0, 1].
        step: length of one step.
        norm: in which both are measured.
        decay: fraction of the momentum that is kept (mu); 0 for no momentum.
    """

    epsilon: float
    step: float
    norm: Norm = "linf"
    decay: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """The state of an iterated attack: pixels and momentum.

    Attributes:
        pixels: (N, C, H, W) in [0, 1].
        momentum: likewise, any range.
    """

    pixels: Tensor
    momentum: Tensor


def climbed(clean: Tensor, at: Position, gradient: Tensor, how: AscentStep) -> Position:
    """Return the state after one step of projected gradient ascent.

    Madry et al. 2018 (arXiv:1706.06083), equation 2.1; with a decay above 0 MI-FGSM,
    Dong et al. 2018 (arXiv:1710.06081), equations 6 and 7, whose L1 norm is taken per
    image.  One step of length epsilon from the image itself is FGSM (Goodfellow et al.
    2015, arXiv:1412.6572).

    Args:
        clean: the image, (N, C, H, W) in [0, 1].
        at: the current state of the attack.
        gradient: of the goal's loss there, (N, C, H, W).
        how: steps and limits.
    """
    momentum = gradient
    if how.decay:
        momentum = how.decay * at.momentum + _over_l1(gradient)
    moved = at.pixels + how.step * steepest(momentum, how.norm)
    noise = project(moved - clean, how.epsilon, how.norm)
    return Position((clean + noise).clamp(0, 1), momentum)


def _over_l1(gradient: Tensor) -> Tensor:
    size: Tensor = torch.linalg.vector_norm(gradient, 1, (1, 2, 3), keepdim=True)
    return gradient / (size + _TINY)
