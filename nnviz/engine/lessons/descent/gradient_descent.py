"""Gradient descent on surfaces: learning rates beside each other, line search."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help, Range, Title, When
from nnviz.base.planes import PlanePath
from nnviz.base.results import Curves, Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.optimizers import Settings, descend, search_line
from nnviz.engine.lessons.arithmetic.surface_plane import SurfacePlane
from nnviz.engine.lessons.arithmetic.surfaces import SURFACES, Surface
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_RATES = {"too low": 0.05, "good": 1.0, "too high": 1.6, "much too high": 2.6}
"""Multiples of the chosen learning rate."""
_CEILING = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientDescentParams:
    """The surface, the start and the learning rates."""

    surface: Annotated[
        Literal["canyon", "saddle", "Beale", "Rosenbrock", "Himmelblau"],
        Essential(),
        Help("What is descended."),
    ] = "canyon"
    x: Annotated[
        float, Range(-5, 5), Essential(), Title("Start x"), Help("Or click the plane.")
    ] = -4.0
    y: Annotated[
        float, Range(-5, 5), Essential(), Title("Start y"), Help("Or click the plane.")
    ] = 1.0
    step: Annotated[
        Literal["four rates", "one rate", "line search"],
        Essential(),
        Help("How long a step is: by learning rate, or searched along the gradient."),
    ] = "four rates"
    rate: Annotated[
        float,
        Range(0.0001, 1, log=True),
        Essential(),
        Title("Learning rate ε"),
        When("step", ("four rates", "one rate")),
        Help("Of the good one; the others are 0.05, 1.6 and 2.6 times as large."),
    ] = 0.06
    decay: Annotated[
        int,
        Range(0, 1000),
        Title("Decay τ"),
        When("step", ("one rate",)),
        Help("Steps over which the rate falls to a hundredth: (1 − k/τ); 0 for none."),
    ] = 0
    steps: Annotated[int, Range(1, 500), Help("Steps.")] = 80


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
    """Too low creeps, too high zigzags or runs away."""

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
        "demo": {},
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
        paths = walk(surface, params)
        reports = _reports(surface, params, paths)
        yield from stepped(ctx, reports, params.steps + 1)


def walk(surface: Surface, params: GradientDescentParams) -> Mapping[str, Numbers]:
    """Return the path of each descent, (steps + 1, 2); NaN once it has run away."""
    start = np.array([params.x, params.y])
    if params.step == "line search":
        return {"line search": _searched(surface, start, params.steps)}
    if params.step == "one rate":
        return {f"ε = {params.rate:g}": _decaying(surface, start, params)}
    return {
        f"{name}, {params.rate * factor:.3g}": _held(
            islice(
                descend("SGD", surface, start, Settings(rate=params.rate * factor)),
                params.steps + 1,
            )
        )
        for name, factor in _RATES.items()
    }


def _held(places: Iterator[Numbers]) -> Numbers:
    with np.errstate(over="ignore", invalid="ignore"):
        path = np.array(list(places))
    lost = ~(np.abs(path) < _CEILING).all(axis=1)
    path[np.logical_or.accumulate(lost)] = np.nan
    return path


def _decaying(
    surface: Surface, start: Numbers, params: GradientDescentParams
) -> Numbers:
    """Return a path whose rate falls as (1 − α) ε₀ + α ε_τ, α = k/τ up to 1."""
    places = [start]
    for number in range(params.steps):
        share = min(1.0, number / params.decay) if params.decay else 0.0
        rate = params.rate * (1 - share + share / 100)
        with np.errstate(over="ignore", invalid="ignore"):
            places.append(places[-1] - rate * surface.gradient(places[-1]))
    return _held(iter(places))


def _searched(surface: Surface, start: Numbers, steps: int) -> Numbers:
    places = [start]
    for _ in range(steps):
        direction = -surface.gradient(places[-1])
        length = search_line(surface, places[-1], direction)
        places.append(places[-1] + length * direction)
    return np.array(places)


def _reports(
    surface: Surface, params: GradientDescentParams, paths: Mapping[str, Numbers]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    ground = SurfacePlane(surface)
    heights = {
        name: np.asarray(surface.value(path[:, 0], path[:, 1]), np.float64)
        for name, path in paths.items()
    }
    for number in range(params.steps + 1):
        plane = ground.with_paths(
            _drawn(paths, number),
            formula=rf"$f = {surface.formula}$",
            places=("x", "y"),
        )
        seen = {name: values[: number + 1] for name, values in heights.items()}
        notes = tuple(
            f"{name}: f = {amount(float(values[-1]), 3)}"
            if np.isfinite(values[-1])
            else f"{name}: ran away"
            for name, values in seen.items()
        )
        measured = {name: float(values[-1]) for name, values in seen.items()}
        results = {"surface": plane, "height": _curves(seen, number)}
        yield measured, Report(results, notes)


def _drawn(paths: Mapping[str, Numbers], number: int) -> Sequence[PlanePath]:
    colors = (4, 2, 3, 5)
    return [
        PlanePath(places=path[: number + 1], name=name, style="steps", color=color)
        for (name, path), color in zip(paths.items(), colors, strict=False)
    ]


def _curves(heights: Mapping[str, Numbers], number: int) -> Curves:
    return Curves(
        x=np.arange(number + 1, dtype=np.float64),
        series={name: np.log10(1e-9 + np.abs(v)) for name, v in heights.items()},
        x_label="step",
        y_label="log₁₀ |f|",
    )
