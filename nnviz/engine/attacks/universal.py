"""Universal adversarial perturbation: one noise for many images.

Stochastic gradient ascent on a batch of images, with the noise projected to its budget
after each step: Shafahi et al. 2020 (arXiv:1811.11304), algorithm 2, for the noise of
Moosavi-Dezfooli et al. 2017 (arXiv:1610.08401).
"""

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.attacks.norms import Norm, project, steepest

MOST = 9.0
"""Cross entropy above which an image adds no gradient, or a few would dominate the rest
(equation 5)."""
_TINY = 1e-12
_LEAST_CROP = 0.75


def noisy(clean: Tensor, noise: Tensor) -> Tensor:
    """Return images (N, C, H, W) with one noise (1, C, H, W) added, in [0, 1]."""
    return (clean + noise).clamp(0, 1)


def gathered(clean: Tensor, noise: Tensor, gradient: Tensor) -> Tensor:
    """Return the mean gradient with respect to the shared noise, (1, C, H, W).

    Args:
        clean: the images, (N, C, H, W) in [0, 1].
        noise: (1, C, H, W).
        gradient: with respect to the images with the noise.  It is ignored where these
            are clipped, since more noise changes nothing there.
    """
    moved = clean + noise
    return (gradient * ((moved >= 0) & (moved <= 1))).mean(0, keepdim=True)


def ascended(
    noise: Tensor, momentum: Tensor, *, epsilon: float, step: float, norm: Norm
) -> Tensor:
    """Return the noise after one ascent step along the momentum, projected to the ball.

    Args:
        noise: (1, C, H, W), in units of [0, 1].
        momentum: likewise.
        epsilon: maximum norm of the noise.
        step: length of the step.
        norm: in which both are measured.
    """
    return project(noise + step * steepest(momentum, norm), epsilon, norm)


def kept_up(momentum: Tensor, gradient: Tensor, decay: float) -> Tensor:
    """Return the momentum updated with a gradient normalized by its mean magnitude."""
    return decay * momentum + gradient / (gradient.abs().mean() + _TINY)


def copies(pixels: Tensor, number: int, generator: torch.Generator) -> Tensor:
    """Return random crops of one image resized to its size, half of them mirrored.

    Args:
        pixels: (1, C, H, W).
        number: of crops, each at least three quarters of the sides.
        generator: on the CPU.

    Returns:
        (number, C, H, W) on the CPU.
    """
    found = []
    height, width = pixels.shape[2:]
    for share, down, across, turn in torch.rand(
        (number, 4), generator=generator
    ).tolist():
        kept = 1 - share * (1 - _LEAST_CROP)
        rows, columns = max(1, round(kept * height)), max(1, round(kept * width))
        top, left = int(down * (height - rows + 1)), int(across * (width - columns + 1))
        crop = pixels[..., top : top + rows, left : left + columns].cpu()
        crop = functional.interpolate(
            crop, (height, width), mode="bilinear", antialias=True
        )
        found.append(crop.flip(3) if turn < 1 / 2 else crop)
    return torch.cat(found)
