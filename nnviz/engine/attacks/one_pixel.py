"""One pixel attack: differential evolution of a few pixels' places and colors.

Su et al. 2019 (arXiv:1710.08864), section 3.2: x' = a + F (b - c), F = 0.5, without
crossover; a child replaces its parent where it is fitter.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

_SCALE = 0.5
_GRAY, _SPREAD = 128 / 255, 127 / 255
"""Mean and standard deviation of the initial colors."""
_PARTNERS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """A population of candidates with their fitness.

    Attributes:
        genes: (P, k, 2 + C): row and column in [0, 1), colors in [0, 1].
        fitness: (P,), the goal's margin in logits; larger is better.
    """

    genes: Tensor
    fitness: Tensor

    @property
    def best(self) -> Tensor:
        """Genes of the fittest candidate, (1, k, 2 + C)."""
        return self.genes[self.fitness.argmax()][None]


def first_genes(
    number: int, pixels: int, channels: int, generator: torch.Generator
) -> Tensor:
    """Return random candidates: positions uniform, colors normal around gray."""
    places = torch.rand((number, pixels, 2), generator=generator)
    colors = torch.randn((number, pixels, channels), generator=generator)
    return torch.cat([places, (_GRAY + _SPREAD * colors).clamp(0, 1)], 2)


def children(population: Population, generator: torch.Generator) -> Tensor:
    """Return a mutant of each candidate, (P, k, 2 + C), made from three others."""
    number = len(population.genes)
    order = torch.rand((number, number), generator=generator)
    order.fill_diagonal_(torch.inf)
    a, b, c = population.genes[order.argsort(1)[:, :_PARTNERS].T]
    child = a + _SCALE * (b - c)
    # A pixel that leaves the image re-enters at the opposite side.
    return torch.cat([child[..., :2] % 1, child[..., 2:].clamp(0, 1)], 2)


def painted(clean: Tensor, genes: Tensor) -> Tensor:
    """Return the image with each candidate's pixels set, (P, C, H, W).

    Args:
        clean: (1, C, H, W) in [0, 1].
        genes: (P, k, 2 + C).
    """
    height, width = clean.shape[2:]
    pictures = clean.repeat(len(genes), 1, 1, 1)
    genes = genes.to(clean)
    # Rounding may lift a coordinate below 1 to 1.
    rows = (genes[..., 0] * height).long().clamp(max=height - 1)
    columns = (genes[..., 1] * width).long().clamp(max=width - 1)
    each = torch.arange(len(genes), device=clean.device)[:, None]
    pictures[each, :, rows, columns] = genes[..., 2:]
    return pictures


def survivors(parents: Population, genes: Tensor, fitness: Tensor) -> Population:
    """Select the fitter of each parent and its child."""
    better = fitness > parents.fitness
    return replace(
        parents,
        genes=torch.where(better[:, None, None], genes, parents.genes),
        fitness=torch.where(better, fitness, parents.fitness),
    )
