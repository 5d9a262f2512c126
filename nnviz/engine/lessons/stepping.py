"""Recorded lessons: each report is a step of a recording, resumable anywhere."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import numpy as np

from nnviz.base.results import Report
from nnviz.engine.context import Context
from nnviz.engine.journal import State
from nnviz.engine.lessons.randomness import SEED

_STEP = "step"


def stepped(
    ctx: Context,
    reports: Iterable[tuple[Mapping[str, float], Report]],
    total: int,
    noun: str = "step",
    *,
    seed: int = 0,
) -> Iterator[Report]:
    """Yield the reports of a lesson as the steps of its recording.

    When resumed, the reports are recomputed from the first and those already shown are
    skipped.  So they must depend on the parameters and the seed alone.

    Args:
        ctx: of the lesson, registered as ``recorded``.
        reports: measured values of each step, by name, with its report.
        total: number of reports, for the progress.
        noun: name of a step, "position".
        seed: from ``draw_seed``, for a lesson that draws random numbers.
    """
    done = int(ctx.begun[_STEP]) if ctx.begun else 0
    for number, (numbers, report) in enumerate(reports, 1):
        ctx.check()
        if number <= done:
            continue
        ctx.step(number, total, noun=noun)
        ctx.keep(numbers, partial(_state, number, seed), frame=True)
        yield report


def _state(number: int, seed: int) -> State:
    return {_STEP: np.array(number), SEED: np.array(seed)}
