"""Baseline images, which stand for an absent input, in pixels."""

from typing import Literal

import torch
from torch import Tensor

from nnviz.engine.context import Context
from nnviz.engine.imaging.blur import blurred

Baseline = Literal["black", "white", "mean", "blur", "random"]


def baseline_of(ctx: Context, kind: Baseline, sigma: float) -> Tensor:
    """Return a baseline for the image of a running method, (1, C, H, W).

    Args:
        ctx: of the method; random noise takes its generator.
        kind: see ``baseline``.
        sigma: of the blur, px.
    """
    mean = ctx.model.mean_color
    return baseline(kind, ctx.pixels, mean, sigma=sigma, generator=ctx.generator)


def baseline(
    kind: Baseline,
    pixels: Tensor,
    mean: Tensor,
    *,
    sigma: float,
    generator: torch.Generator,
) -> Tensor:
    """Return a baseline image, which contains little or nothing of the image.

    Args:
        kind: "mean" is the color that the network's normalization maps to zero,
            "random" is uniform noise in [0, 1].
        pixels: (1, C, H, W) in [0, 1].
        mean: (C, 1, 1) in [0, 1].
        sigma: of the blur, px.
        generator: on the CPU.

    Returns:
        Of the shape of ``pixels``.
    """
    match kind:
        case "black":
            return torch.zeros_like(pixels)
        case "white":
            return torch.ones_like(pixels)
        case "mean":
            return mean.to(pixels).expand_as(pixels).contiguous()
        case "blur":
            return blurred(pixels, sigma)
        case "random":
            noise = torch.rand(pixels.shape, generator=generator, dtype=pixels.dtype)
            return noise.to(pixels.device)
