"""Race of optimizers: SGD, momentum, AdaGrad, AdaDelta, RMSProp, Adam, Newton."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import lesson
from nnviz.base.kinds.planes import PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title, Words
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.descent.optimizers import (
    OPTIMIZERS,
    Settings,
    descend,
    follow,
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
_ARRIVED = 0.05
"""Distance from a minimum at which an optimizer counts as arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerRaceParams:
    """Parameters: the surface, the start, and the optimizers' hyperparameters."""

    surface: Annotated[
        Literal["canyon", "saddle", "Beale", "Rosenbrock", "Himmelblau"],
        Essential(),
        Help("The function whose minimum is sought."),
    ] = "Beale"
    x: Annotated[
        float,
        Range(-5, 5),
        Essential(),
        Title("Start x"),
        Help("A click on the plane sets it too."),
    ] = 1.0
    y: Annotated[
        float,
        Range(-5, 5),
        Essential(),
        Title("Start y"),
        Help("A click on the plane sets it too."),
    ] = 1.5
    optimizers: Annotated[
        Words,
        Essential(),
        Help("Names of optimizers, separated by commas. Empty: all eight."),
    ] = ""
    rate: Annotated[
        float,
        Range(0.0001, 1, log=True),
        Essential(),
        Title("Learning rate ε"),
        Help("Learning rate of SGD, momentum and Nesterov."),
    ] = 0.005
    adaptive_rate: Annotated[
        float,
        Range(0.001, 1, log=True),
        Help(
            "Learning rate of AdaGrad, RMSProp and Adam, which scale their steps "
            "themselves."
        ),
    ] = 0.1
    momentum: Annotated[
        float, Range(0, 0.99), Title("Momentum α"), Help("Velocity that is kept.")
    ] = 0.9
    steps: Annotated[int, Range(1, 1000), Help("Number of steps.")] = 150


@register(
    "optimizer_race",
    title="Race of optimizers",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Gradient descent", 4),
)
class OptimizerRace:
    """Lesson: eight optimizers from one start."""

    Params: ClassVar[type] = OptimizerRaceParams
    shows: ClassVar[str] = (
        "Eight optimizers start at one point and take the same number of steps. "
        "They differ in what they remember: a velocity, squares of gradients, or "
        "the curvature."
    )
    reading: ClassVar[str] = (
        "Click a start. The table says how many steps each needed to come within "
        "0.05 of a minimum. Momentum overshoots and turns back; the first step of "
        "Adam is as long as its learning rate, however steep the surface is."
    )
    misleads: ClassVar[str] = (
        "Each has its own best learning rate: another one reorders the race. Newton's "
        "step costs the most and climbs to saddles too."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 40},
        "canyon": {"surface": "canyon", "x": -4.0, "y": 1.0, "rate": 0.03},
        "saddle": {"surface": "saddle", "x": -1.6, "y": 0.01, "rate": 0.02},
        "banana": {
            "surface": "Rosenbrock",
            "x": -1.5,
            "y": 2.0,
            "rate": 0.0005,
            "steps": 400,
        },
    }

    def run(self, ctx: Context, params: OptimizerRaceParams) -> Iterator[Report]:
        """Yield the start, then a report for each step of all optimizers."""
        surface = SURFACES[params.surface]
        names = read_names(params.optimizers)
        runs = {name: race(name, surface, params) for name in names}
        reports = _reports(surface, params, runs)
        yield from stepped(ctx, reports, params.steps + 1)


def read_names(text: str) -> tuple[str, ...]:
    """Parse a list of optimizers; empty for all.

    Raises:
        UsageError: an unknown optimizer.
    """
    known = {name.lower(): name for name in OPTIMIZERS}
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    for word in wanted:
        if word.lower() not in known:
            choices = ", ".join(OPTIMIZERS)
            raise UsageError(
                "--optimizers", f"{word!r} is none", f"choose from {choices}"
            )
    return tuple(known[word.lower()] for word in wanted) or OPTIMIZERS


def settings_of(name: str, params: OptimizerRaceParams) -> Settings:
    """Return an optimizer's hyperparameters; AdaDelta has a fixed rate, a larger δ."""
    if name == "AdaDelta":
        return Settings(rate=1.0, decay=0.9, tiny=1e-6)
    adaptive = name in {"AdaGrad", "RMSProp", "Adam"}
    return Settings(
        rate=params.adaptive_rate if adaptive else params.rate,
        momentum=params.momentum,
    )


def race(
    name: str, surface: Surface, params: OptimizerRaceParams
) -> tuple[Numbers, int]:
    """Run an optimizer; return its path, (steps + 1, 2), and its number of steps."""
    start = np.array([params.x, params.y])
    steps = descend(name, surface, start, settings_of(name, params))
    return follow(steps, params.steps)


def _reports(
    surface: Surface,
    params: OptimizerRaceParams,
    runs: Mapping[str, tuple[Numbers, int]],
) -> Iterator[tuple[Mapping[str, float], Report]]:
    ground = SurfacePlane(surface)
    racers = [_Racer(name, path, made, surface) for name, (path, made) in runs.items()]
    heights = {each.name: each.heights for each in racers}
    for number in range(params.steps + 1):
        places = np.array([each.path[number] for each in racers])
        classes = np.arange(len(places))
        heads = PlanePoints(places=places, classes=classes, marker="ring")
        plane = ground.with_paths(
            [each.drawn(number, color) for color, each in enumerate(racers)],
            points=(heads,),
            formula=rf"$f = {surface.formula}$",
            places=("x", "y"),
        )
        results = {
            "race": plane,
            "height": log_height_curves(heights, number),
            "standings": _table(racers, number),
        }
        measured = {each.name: float(each.heights[number]) for each in racers}
        yield measured, Report(results, (_leader(measured, number),))


class _Racer:
    """An optimizer's path with its heights and arrival."""

    def __init__(self, name: str, path: Numbers, made: int, surface: Surface) -> None:
        self.name, self.path, self.made = name, path, made
        self.heights = np.asarray(surface.value(path[:, 0], path[:, 1]), np.float64)
        self.arrival = _arrival(surface, path)

    def drawn(self, number: int, color: int) -> PlanePath:
        """Return the path up to a step."""
        return PlanePath(
            places=self.path[: min(number, self.made) + 1], name=self.name, color=color
        )

    def row(self, number: int) -> tuple[str | float, ...]:
        """Return a table row after a step: name, position, height and arrival."""
        x, y = (float(value) for value in self.path[number])
        if number > self.made:
            return self.name, "diverged", "", "", ""
        arrived = self.arrival is not None and self.arrival <= number
        step = float(self.arrival) if arrived and self.arrival is not None else ""
        return self.name, x, y, float(self.heights[number]), step


def _arrival(surface: Surface, path: Numbers) -> int | None:
    """Return the first step near a minimum, or None."""
    if not surface.minima:
        return None
    gaps = path[:, None] - np.array(surface.minima)[None]
    near = (np.linalg.norm(gaps, axis=-1) < _ARRIVED).any(axis=1)
    return int(near.argmax()) if near.any() else None


def _leader(heights: Mapping[str, float], number: int) -> str:
    lowest = min(heights, key=lambda name: heights[name])
    return f"lowest after {number} steps: {lowest}, f = {amount(heights[lowest], 3)}"


def _table(racers: Sequence[_Racer], number: int) -> Table:
    return Table(
        columns=("optimizer", "x", "y", "f", "arrived, step"),
        rows=tuple(each.row(number) for each in racers),
    )
