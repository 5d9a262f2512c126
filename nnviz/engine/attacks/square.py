"""Square attack: random search by squares; gradient-free.

Andriushchenko et al. 2020 (arXiv:1912.00049), algorithms 1 and 2, in the L-inf ball.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
_PUBLISHED = 10_000
"""Published number of queries, at which the paper's schedule is defined (section
5.1)."""


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best image so far, and the number of queries.

    Attributes:
        pixels: (1, C, H, W) in [0, 1].
        logits: of the network for it, (1, K).
        queries: number of queries to the network so far.
    """

    pixels: Tensor
    logits: Tensor
    queries: int


def stripes(clean: Tensor, epsilon: float, generator: torch.Generator) -> Tensor:
    """Return the initial image of the search: random vertical stripes (section 3.3).

    Args:
        clean: (1, C, H, W) in [0, 1].
        epsilon: by which each color of a stripe is raised or lowered.
        generator: chooses which.
    """
    channels, _, width = clean.shape[1:]
    signs = _signs((1, channels, 1, width), generator)
    return (clean + epsilon * signs.to(clean)).clamp(0, 1)


def side_of(clean: Tensor, area: float, query: int, queries: int) -> int:
    """Return the side of the next square by the schedule of the paper, px.

    Args:
        clean: (1, C, H, W).
        area: fraction of the image that the first square covers (p).
        query: counted from 0.
        queries: total number of queries, to which the schedule is stretched.
    """
    stretched = query * _PUBLISHED / queries
    halved = area / 2 ** sum(stretched > each for each in _HALVINGS)
    height, width = clean.shape[2:]
    return min(max(1, round(math.sqrt(halved * height * width))), height, width)


def with_square(
    clean: Tensor, pixels: Tensor, epsilon: float, side: int, generator: torch.Generator
) -> Tensor:
    """Return the image with one more random square on the ball (algorithm 2).

    Args:
        clean: the image, (1, C, H, W) in [0, 1].
        pixels: the best image so far, likewise.
        epsilon: radius of the ball.
        side: of the square, px.
        generator: chooses position and color.
    """
    channels, height, width = clean.shape[1:]
    top = int(torch.randint(height - side + 1, (1,), generator=generator))
    left = int(torch.randint(width - side + 1, (1,), generator=generator))
    color = 2 * epsilon * _signs((1, channels, 1, 1), generator).to(clean)
    noise = pixels - clean
    noise[..., top : top + side, left : left + side] += color
    return (clean + noise.clamp(-epsilon, epsilon)).clamp(0, 1)


def _signs(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randint(2, shape, generator=generator) * 2 - 1
