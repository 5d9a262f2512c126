"""One pixel attack: changes of very few pixels."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from nnviz.base.info import ADVERSARIAL_ATTACK, Reference, Task
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Report
from nnviz.engine.attacks.one_pixel import (
    Population,
    children,
    first_genes,
    painted,
    survivors,
)
from nnviz.engine.attacks.params import GoalParams, as_tensor
from nnviz.engine.attacks.report import AttackRun
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.compute.batch_size import pass_sizer
from nnviz.engine.method import Context, Presets, register

_MOST = 64
"""Maximum number of images in a pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePixelParams(GoalParams):
    """Parameters of the one-pixel attack: goal, pixels, search."""

    pixels: Annotated[
        int,
        Essential(),
        Range(1, 100),
        Help("Number of pixels that may change."),
    ] = 1
    population: Annotated[
        int,
        Essential(),
        Range(4, 2000, log=True),
        Help("Population size."),
    ] = 100
    generations: Annotated[
        int,
        Essential(),
        Range(1, 1000, log=True),
        Help("Number of generations of differential evolution."),
    ] = 30


@register(
    "one_pixel",
    title="One pixel",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Su et al. 2019", "arXiv:1710.08864"),
    tasks=(Task.CLASSIFY,),
    recorded=True,
)
class OnePixel:
    """Positions and colors of a few pixels, found by differential evolution."""

    Params: ClassVar[type] = OnePixelParams
    shows: ClassVar[str] = (
        "Whether changing a single pixel, or a few, changes the prediction. No "
        "gradient is used: candidates evolve and the fittest survive (differential "
        "evolution)."
    )
    reading: ClassVar[str] = (
        "Look for the odd pixel in the perturbation. If one is enough, the image is "
        "close to the decision boundary."
    )
    misleads: ClassVar[str] = (
        "The attack was published for images of 32 px, where a pixel counts for much;"
        " a large input often takes dozens. Finding none does not prove that there is"
        " none."
    )
    presets: ClassVar[Presets] = {
        "demo": {"population": 6, "generations": 2},
        "published": {"population": 400, "generations": 100},
        "five pixels": {"pixels": 5},
        "thirty pixels": {"pixels": 30},
    }

    def run(self, ctx: Context, params: OnePixelParams) -> Iterator[Report]:
        """Yield a report a generation: "adversarial", "noise", "before", ..."""
        attempt = start_attack(ctx, params.target, towards=params.towards)
        population, first = _begin(ctx, attempt, params)
        for generation in range(first, params.generations):
            if float(population.fitness.max()) > 0:
                break
            if generation:
                genes = children(population, ctx.generator)
                fitness = _fitness(ctx, attempt, genes)
                population = survivors(population, genes, fitness)
            report = _report(attempt, population)
            arrays = {"genes": population.genes, "fitness": population.fitness}
            state = partial(attempt.state, {"generation": generation + 1}, **arrays)
            ctx.keep(attempt.numbers, state)
            ctx.step(generation + 1, params.generations, noun="generation")
            yield report
        yield attempt.last(painted(attempt.clean, population.best), ctx.generator)


def _begin(
    ctx: Context, attempt: AttackRun, params: OnePixelParams
) -> tuple[Population, int]:
    """Return the initial or resumed population, and the number of its generation."""
    if ctx.begun is not None:
        attempt.take_history(ctx.begun)
        like = torch.zeros(())
        genes = as_tensor(ctx.begun, "genes", like)
        fitness = as_tensor(ctx.begun, "fitness", like)
        return Population(genes, fitness), int(ctx.begun["generation"])
    channels = attempt.clean.shape[1]
    genes = first_genes(params.population, params.pixels, channels, ctx.generator)
    return Population(genes, _fitness(ctx, attempt, genes)), 0


def _fitness(ctx: Context, attempt: AttackRun, genes: Tensor) -> Tensor:
    """Return the goal's margin of each candidate, (P,), on the CPU."""
    goal = attempt.chosen.goal

    def margins(part: slice) -> Tensor:
        pictures = painted(attempt.clean, genes[part])
        return goal.margin(attempt.attacked_model.logits(pictures)).cpu()

    pace = pass_sizer(ctx.model.info, ctx.model.device, _MOST)
    return torch.cat([found for _, found in ctx.chunks.over(len(genes), pace, margins)])


def _report(attempt: AttackRun, population: Population) -> Report:
    pixels = painted(attempt.clean, population.best)
    return attempt.report(pixels, attempt.attacked_model.logits(pixels))
