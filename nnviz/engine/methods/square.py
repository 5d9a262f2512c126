"""Square attack: a black-box attack by random squares."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, ClassVar

import torch

from nnviz.base.info import ADVERSARIAL_ATTACK, Reference, Task
from nnviz.base.parameters import Essential, Help, Range, Title, Unit
from nnviz.base.results import Report
from nnviz.engine.attacks.params import LEVELS, GoalParams, as_tensor
from nnviz.engine.attacks.report import AttackRun
from nnviz.engine.attacks.run import start_attack
from nnviz.engine.attacks.square import Best, side_of, stripes, with_square
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareParams(GoalParams):
    """Parameters of the Square attack: goal, budget, queries."""

    epsilon: Annotated[
        float,
        Essential(),
        Range(0.1, 255, log=True),
        Unit("/255"),
        Help("Maximum change per pixel."),
    ] = 8.0
    queries: Annotated[
        int,
        Essential(),
        Range(1, 100_000, log=True),
        Help("Maximum number of queries."),
    ] = 1000
    area: Annotated[
        float,
        Essential(),
        Range(0.001, 1, log=True),
        Title("Initial area"),
        Help("Fraction of the image covered by the first squares; it shrinks."),
    ] = 0.05


@register(
    "square",
    title="Square attack",
    group="Attack",
    capabilities=ADVERSARIAL_ATTACK,
    live=False,
    reference=Reference("Andriushchenko et al. 2020", "arXiv:1912.00049"),
    tasks=(Task.CLASSIFY,),
    recorded=True,
)
class Square:
    """Random squares of one color, kept if they bring the goal closer."""

    Params: ClassVar[type] = SquareParams
    shows: ClassVar[str] = (
        "Fooling a network without its gradient: random squares are tried, and those "
        "that bring the goal closer are kept."
    )
    reading: ClassVar[str] = (
        "The notes count the queries used. The search ends with the first "
        "prediction that meets the goal."
    )
    misleads: ClassVar[str] = (
        "It needs a larger perturbation and more time than PGD. Where it fails, more "
        "queries may succeed."
    )
    presets: ClassVar[Presets] = {
        "demo": {"queries": 6},
        "published": {"queries": 10_000, "epsilon": 12.75},
    }

    def run(self, ctx: Context, params: SquareParams) -> Iterator[Report]:
        """Yield a report a query: "adversarial", "noise", "before", "after", ..."""
        attempt = start_attack(ctx, params.target, towards=params.towards)
        best = _begin(ctx, attempt, params)
        while best.queries < params.queries and not attempt.succeeded(best.logits):
            best = _asked(attempt, best, params, ctx.generator)
            report = attempt.report(best.pixels, best.logits, _count(best))
            arrays = {"pixels": best.pixels, "logits": best.logits}
            state = partial(attempt.state, {"queries": best.queries}, **arrays)
            ctx.keep(attempt.numbers, state)
            ctx.step(best.queries, params.queries, noun="query")
            yield report
        last = attempt.last(best.pixels, ctx.generator)
        yield replace(last, notes=(*last.notes, *_count(best)))


def _begin(ctx: Context, attempt: AttackRun, params: SquareParams) -> Best:
    """Return the initial stripes, or the resumed image."""
    clean = attempt.clean
    if ctx.begun is not None:
        attempt.take_history(ctx.begun)
        pixels = as_tensor(ctx.begun, "pixels", clean)
        logits = as_tensor(ctx.begun, "logits", attempt.before)
        return Best(pixels, logits, int(ctx.begun["queries"]))
    pixels = stripes(clean, params.epsilon / LEVELS, ctx.generator)
    return Best(pixels, attempt.attacked_model.logits(pixels), 1)


def _asked(
    attempt: AttackRun, best: Best, params: SquareParams, generator: torch.Generator
) -> Best:
    """Try another square; return the better of both images."""
    clean = attempt.clean
    side = side_of(clean, params.area, best.queries - 1, params.queries)
    tried = with_square(clean, best.pixels, params.epsilon / LEVELS, side, generator)
    logits = attempt.attacked_model.logits(tried)
    margin = attempt.chosen.goal.margin
    if bool(margin(logits) > margin(best.logits)):
        return Best(tried, logits, best.queries + 1)
    return replace(best, queries=best.queries + 1)


def _count(best: Best) -> tuple[str]:
    return (f"{best.queries} queries",)
