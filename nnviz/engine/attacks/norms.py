"""Norm balls around an image: steepest steps in them and projection onto them.

Noise is (N, C, H, W) in units of pixels in [0, 1]; a norm is taken for each image.
"""

from typing import Literal

import torch
from torch import Tensor

Norm = Literal["linf", "l2"]
_TINY = 1e-10


def size_of(noise: Tensor, norm: Norm) -> Tensor:
    """Return the norm of each image's noise, (N, 1, 1, 1)."""
    order = 2 if norm == "l2" else torch.inf
    size: Tensor = torch.linalg.vector_norm(noise, order, (1, 2, 3), keepdim=True)
    return size


def steepest(gradient: Tensor, norm: Norm) -> Tensor:
    """Return the step of length 1 along which a linear function rises most.

    The gradient's sign for "linf", the gradient over its length for "l2" (Madry et
    al. 2018, arXiv:1706.06083).
    """
    if norm == "linf":
        return gradient.sign()
    return gradient / (size_of(gradient, "l2") + _TINY)


def project(noise: Tensor, epsilon: float, norm: Norm) -> Tensor:
    """Project noise onto the ball of radius ``epsilon``."""
    if norm == "linf":
        return noise.clamp(-epsilon, epsilon)
    return noise * (epsilon / (size_of(noise, "l2") + _TINY)).clamp(max=1)


def random_noise(
    like: Tensor, epsilon: float, norm: Norm, generator: torch.Generator
) -> Tensor:
    """Return a random start inside the ball.

    For "linf" each number is uniform; for "l2" direction and length are, as in
    torchattacks.  Drawn on the CPU, so that it is the same on every device.
    """
    shape = like.shape
    if norm == "linf":
        drawn = torch.rand(shape, generator=generator, dtype=like.dtype) * 2 - 1
        return (epsilon * drawn).to(like.device)
    drawn = torch.randn(shape, generator=generator, dtype=like.dtype)
    length = torch.rand((shape[0], 1, 1, 1), generator=generator, dtype=like.dtype)
    return (epsilon * length * steepest(drawn, "l2")).to(like.device)
