"""Gradient-free search of stickers' positions, sizes, angles and colors.

Random search in batches: the best of several mutated copies of the best candidate
replaces it if it is better.  A mutation changes one sticker; as in Sparse-RS (Croce et
al. 2022, arXiv:2006.12834, section 4) it is sometimes redrawn, mostly moved a little,
and moves shrink over time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nnviz.base.stickers.placement import Placement, Size
from nnviz.engine.attacks.patch.compositing import (
    Pose,
    Sticker,
    coverage,
    pasted,
    within,
)

GENES = 7
"""Of a sticker: x, y, width, angle, red, green, blue, all in [0, 1]."""
_ANEW = 0.3
"""Probability that a sticker is redrawn instead of moved."""
_FIRST_SPREAD, _LAST_SPREAD = 0.2, 0.02
"""Standard deviation of a move, at the first query and at the last."""
_COLOR_SPREAD = 2.0
"""How many times as far colors move as positions."""
_TURN = 360
_TOUCHES = 0.02
"""Fraction of a sticker that may lie in an excluded area: its edge is smooth."""
OFF_LIMITS = -1e4
"""Fitness at or below which a candidate lies in an excluded area."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """The best candidate of the search so far, with the query count.

    Attributes:
        genes: (k, GENES).
        fitness: the goal's margin in logits; larger is better.
        tried: number of candidates so far.
        asked: number of queries to the network, which excluded candidates do not cost.
    """

    genes: Tensor
    fitness: float = -torch.inf
    tried: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """The image on which stickers are placed, and the limits of their placement.

    Attributes:
        sticker: shape of all of them; its colors do not count where ``tinted``.
        picture: height and width.
        tinted: whether each has a color of its own.
        smallest: width, as a fraction of the image's shorter side.
        largest: likewise.
        free: area to be kept free: 1 where no sticker may lie, else 0, (1, 1, H, W); or
            None.
    """

    sticker: Sticker
    picture: Size
    tinted: bool
    smallest: float
    largest: float
    free: Tensor | None = None

    def placements(self, genes: Tensor) -> list[Placement]:
        """Decode the placements of a candidate's stickers from its genes (k, GENES)."""
        return [self._placement(*gene[:4]) for gene in genes.tolist()]

    def laid(self, picture: Tensor, genes: Tensor) -> Tensor:
        """Return an image (1, C, H, W) with a candidate's stickers composited on it."""
        for gene, placement in zip(genes, self.placements(genes), strict=True):
            picture = pasted(picture, self._tinted(gene), [Pose(placement)])
        return picture

    def off_limits(self, genes: Tensor) -> float:
        """Return the share of a candidate's stickers that overlaps forbidden pixels."""
        if self.free is None:
            return 0.0
        poses = [Pose(placement) for placement in self.placements(genes)]
        covers = coverage(self.picture, self.sticker.alpha, poses)
        hidden = (covers * self.free).sum((1, 2, 3)) / covers.sum((1, 2, 3))
        return float((hidden - _TOUCHES).clamp(min=0).sum())

    def _placement(self, x: float, y: float, wide: float, turn: float) -> Placement:
        """Decode a placement; before rotation the sticker lies wholly on the image."""
        width = self.smallest + wide * (self.largest - self.smallest)
        down, across = (width * min(self.picture) / side for side in self.picture)
        angle = _TURN * (turn - 0.5)
        return Placement.nearest(within(x, across), within(y, down), width, angle)

    def _tinted(self, gene: Tensor) -> Sticker:
        if not self.tinted:
            return self.sticker
        colors = self.sticker.colors
        # A gray network uses the first of the three.
        tint = gene[4:].to(colors)[None, : colors.shape[1], None, None]
        return Sticker(tint.expand_as(colors), self.sticker.alpha)


def first_genes(number: int, stickers: int, generator: torch.Generator) -> Tensor:
    """Return random candidates, (number, stickers, GENES)."""
    return torch.rand((number, stickers, GENES), generator=generator)


def mutants(
    genes: Tensor, number: int, progress: float, generator: torch.Generator
) -> Tensor:
    """Return mutated copies of a candidate, (number, k, GENES).

    Args:
        genes: (k, GENES).
        number: of copies.
        progress: completed fraction of the search; moves become smaller.
        generator: on the CPU.
    """
    found = genes.repeat(number, 1, 1)
    spread = _FIRST_SPREAD + progress * (_LAST_SPREAD - _FIRST_SPREAD)
    scale = torch.full((GENES,), spread)
    scale[4:] *= _COLOR_SPREAD
    chosen = torch.randint(len(genes), (number,), generator=generator)
    rows = torch.arange(number)
    steps = scale * torch.randn((number, GENES), generator=generator)
    moved = found[rows, chosen] + steps
    turned = moved[:, 3] % 1  # angles wrap around
    moved = moved.clamp(0, 1)
    moved[:, 3] = turned
    anew = torch.rand(number, generator=generator) < _ANEW
    drawn = torch.rand((number, GENES), generator=generator)
    found[rows, chosen] = torch.where(anew[:, None], drawn, moved)
    return found


def fittest(best: Candidate, genes: Tensor, fitness: Sequence[float]) -> Candidate:
    """Return the fittest of the old and the new candidates.

    Args:
        best: the old one.
        genes: of the new ones, (n, k, GENES).
        fitness: of each.
    """
    row = max(range(len(fitness)), key=fitness.__getitem__)
    if fitness[row] > best.fitness:
        best = replace(best, genes=genes[row], fitness=fitness[row])
    asked = sum(each > OFF_LIMITS for each in fitness)
    return replace(best, tried=best.tried + len(fitness), asked=best.asked + asked)
