"""Gradient descent on surfaces: several learning rates, or a line search."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.planes import PlanePath
from nnviz.base.parameters import Essential, Help, Lowest, Range, Title, When
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.descent.optimizers import (
    Settings,
    descend,
    follow,
    search_line,
)
from nnviz.engine.lessons.arithmetic.descent.surface_plane import (
    SurfacePlane,
    log_height_curves,
)
from nnviz.engine.lessons.arithmetic.descent.surfaces import SURFACES, Surface
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_RATES = {"too low": 0.05, "good": 1.0, "too high": 1.6, "much too high": 2.6}
"""Multiples of the chosen learning rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientDescentParams:
    """Parameters: the surface, the start and the learning rates."""

    surface: Annotated[
        Literal["canyon", "saddle", "Beale", "Rosenbrock", "Himmelblau"],
        Essential(),
        Help("The function whose minimum is sought."),
    ] = "canyon"
    x: Annotated[
        float,
        Range(-5, 5),
        Essential(),
        Title("Start x"),
        Help("A click on the plane sets it too."),
    ] = -4.0
    y: Annotated[
        float,
        Range(-5, 5),
        Essential(),
        Title("Start y"),
        Help("A click on the plane sets it too."),
    ] = 1.0
    step: Annotated[
        Literal["four rates", "one rate", "line search"],
        Essential(),
        Help("Length of a step: by learning rate, or searched along the gradient."),
    ] = "four rates"
    rate: Annotated[
        float,
        Range(0.0001, 1, log=True),
        Essential(),
        Title("Learning rate ε"),
        When("step", ("four rates", "one rate")),
        Help(
            "Learning rate of the good run; the others take 0.05, 1.6 and 2.6 "
            "times as much."
        ),
    ] = 0.06
    decay: Annotated[
        int,
        Range(0, 1000),
        Lowest("never"),
        Title("Decay τ"),
        When("step", ("one rate",)),
        Help(
            "Steps τ over which the rate falls linearly to a hundredth of itself; "
            "0 for none."
        ),
    ] = 0
    steps: Annotated[int, Range(1, 500), Help("Number of steps.")] = 80


@register(
    "gradient_descent",
    title="Learning rates on a surface",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Gradient descent", 2),
)
class GradientDescent:
    """Lesson: learning rates that are too low, good, too high and divergent."""

    Params: ClassVar[type] = GradientDescentParams
    shows: ClassVar[str] = (
        "Gradient descent on a surface of two variables with learning rates too low, "
        "good, too high and much too high, or with the step searched along the line."
    )
    reading: ClassVar[str] = (
        "Lines of equal height lie close where it is steep. In the canyon the gradient "
        "points across, not along: the path zigzags. Click to set the start."
    )
    misleads: ClassVar[str] = (
        "Losses of networks have millions of dimensions; valleys there are rarely as "
        "narrow, and saddles far more frequent, than on these surfaces."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 30},
        "saddle": {
            "surface": "saddle",
            "x": -1.6,
            "y": 0.01,
            "rate": 0.1,
            "step": "one rate",
        },
        "line search": {
            "surface": "Rosenbrock",
            "x": -1.5,
            "y": 2.0,
            "step": "line search",
            "steps": 200,
        },
        "four valleys": {
            "surface": "Himmelblau",
            "x": 0.0,
            "y": 4.5,
            "rate": 0.01,
        },
    }

    def run(self, ctx: Context, params: GradientDescentParams) -> Iterator[Report]:
        """Yield the start, then a report for each step of all descents."""
        surface = SURFACES[params.surface]
        reports = _reports(surface, params, walk(surface, params))
        yield from stepped(ctx, reports, params.steps + 1)


def walk(
    surface: Surface, params: GradientDescentParams
) -> Mapping[str, tuple[Numbers, int]]:
    """Return each descent's path, (steps + 1, 2), and its number of steps."""
    start = np.array([params.x, params.y])
    if params.step == "line search":
        return {"line search": follow(_searched(surface, start), params.steps)}
    if params.step == "one rate":
        places = _decaying(surface, start, params)
        return {f"ε = {params.rate:g}": follow(places, params.steps)}
    return {
        f"{name}, {params.rate * factor:.3g}": follow(
            descend("SGD", surface, start, Settings(rate=params.rate * factor)),
            params.steps,
        )
        for name, factor in _RATES.items()
    }


def _decaying(
    surface: Surface, at: Numbers, params: GradientDescentParams
) -> Iterator[Numbers]:
    """Yield the points of a descent with rate (1 − α) ε₀ + α ε_τ, α = min(1, k/τ)."""
    for number in count():
        yield at
        share = min(1.0, number / params.decay) if params.decay else 0.0
        at = at - params.rate * (1 - share + share / 100) * surface.gradient(at)


def _searched(surface: Surface, at: Numbers) -> Iterator[Numbers]:
    while True:
        yield at
        direction = -surface.gradient(at)
        at = at + search_line(surface, at, direction) * direction


def _reports(
    surface: Surface,
    params: GradientDescentParams,
    runs: Mapping[str, tuple[Numbers, int]],
) -> Iterator[tuple[Mapping[str, float], Report]]:
    ground = SurfacePlane(surface)
    heights = {
        name: np.asarray(surface.value(path[:, 0], path[:, 1]), np.float64)
        for name, (path, _) in runs.items()
    }
    for number in range(params.steps + 1):
        formula = rf"$f = {surface.formula}$"
        plane = ground.with_paths(
            _drawn(runs, number), formula=formula, places=("x", "y")
        )
        measured = {name: float(values[number]) for name, values in heights.items()}
        notes = tuple(
            f"{name}: {_words(measured[name], ran_away=number > made)}"
            for name, (_, made) in runs.items()
        )
        results = {"surface": plane, "height": log_height_curves(heights, number)}
        yield measured, Report(results, notes)


def _words(height: float, *, ran_away: bool) -> str:
    return "diverged" if ran_away else f"f = {amount(height, 3)}"


def _drawn(runs: Mapping[str, tuple[Numbers, int]], number: int) -> list[PlanePath]:
    return [
        PlanePath(
            places=path[: min(number, made) + 1], name=name, style="steps", color=color
        )
        for color, (name, (path, made)) in enumerate(runs.items())
    ]
