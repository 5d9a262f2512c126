"""Race of optimizers: SGD, momentum, Nesterov, AdaGrad, AdaDelta, RMSProp, Adam, Newton.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.planes import PlanePath, PlanePoints
from nnviz.base.results import Curves, Report, Table
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.optimizers import (
    OPTIMIZERS,
    Settings,
    descend,
)
from nnviz.engine.lessons.arithmetic.surface_plane import SurfacePlane
from nnviz.engine.lessons.arithmetic.surfaces import SURFACES, Surface
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_LOST = 1e6
_ARRIVED = 0.05
"""Distance from a minimum at which an optimizer has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerRaceParams:
    """The surface, the start, and the numbers of the rules."""

    surface: Annotated[
        Literal["canyon", "saddle", "Beale", "Rosenbrock", "Himmelblau"],
        Essential(),
        Help("What is descended."),
    ] = "Beale"
    x: Annotated[
        float, Range(-5, 5), Essential(), Title("Start x"), Help("Or click the plane.")
    ] = 1.0
    y: Annotated[
        float, Range(-5, 5), Essential(), Title("Start y"), Help("Or click the plane.")
    ] = 1.5
    optimizers: Annotated[
        str, Essential(), Help("Names with commas between; empty for all eight.")
    ] = ""
    rate: Annotated[
        float,
        Range(0.0001, 1, log=True),
        Essential(),
        Title("Learning rate ε"),
        Help("Of SGD, momentum and Nesterov."),
    ] = 0.005
    adaptive_rate: Annotated[
        float,
        Range(0.001, 1, log=True),
        Help("Of AdaGrad, RMSProp and Adam, which scale their steps themselves."),
    ] = 0.1
    momentum: Annotated[
        float, Range(0, 0.99), Title("Momentum α"), Help("Velocity that is kept.")
    ] = 0.9
    steps: Annotated[int, Range(1, 1000), Help("Steps.")] = 150


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
    """Eight update rules from one start."""

    Params: ClassVar[type] = OptimizerRaceParams
    shows: ClassVar[str] = (
        "Eight optimizers start at one place and make as many steps each. They differ "
        "in what they remember: a velocity, squares of gradients, or the curvature."
    )
    reading: ClassVar[str] = (
        "Click a start. The table says how many steps each needed to come within 0.05 "
        "of a minimum. Momentum overshoots and turns back; Adam first steps by its "
        "learning rate, however steep it is."
    )
    misleads: ClassVar[str] = (
        "Each has its own best learning rate: another one reorders the race. Newton's "
        "step costs the most and climbs to saddles too."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
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
        paths = {name: race(name, surface, params) for name in names}
        reports = _reports(surface, params, paths)
        yield from stepped(ctx, reports, params.steps + 1)


def read_names(text: str) -> tuple[str, ...]:
    """Return the optimizers that a text names, all for an empty one.

    Raises:
        UsageError: one that is not known.
    """
    known = {name.lower(): name for name in OPTIMIZERS}
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    for word in wanted:
        if word.lower() not in known:
            choices = ", ".join(OPTIMIZERS)
            raise UsageError("--optimizers", f"{word!r} is none", f"choose of {choices}")
    return tuple(known[word.lower()] for word in wanted) or OPTIMIZERS


def settings_of(name: str, params: OptimizerRaceParams) -> Settings:
    """Return an optimizer's numbers; AdaDelta needs no rate, and a larger δ."""
    if name == "AdaDelta":
        return Settings(rate=1.0, decay=0.9, tiny=1e-6)
    adaptive = name in {"AdaGrad", "RMSProp", "Adam"}
    return Settings(
        rate=params.adaptive_rate if adaptive else params.rate,
        momentum=params.momentum,
    )


def race(name: str, surface: Surface, params: OptimizerRaceParams) -> Numbers:
    """Return an optimizer's path, (steps + 1, 2); NaN once it has run away."""
    start = np.array([params.x, params.y])
    steps = descend(name, surface, start, settings_of(name, params))
    path = np.full((params.steps + 1, 2), np.nan)
    for number, place in enumerate(islice(steps, params.steps + 1)):
        if not (np.abs(place) < _LOST).all():
            break
        path[number] = place
    return path


def _reports(
    surface: Surface, params: OptimizerRaceParams, paths: Mapping[str, Numbers]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    ground = SurfacePlane(surface)
    heights = {
        name: np.asarray(surface.value(path[:, 0], path[:, 1]), np.float64)
        for name, path in paths.items()
    }
    arrivals = {name: _arrival(surface, path) for name, path in paths.items()}
    for number in range(params.steps + 1):
        drawn = [
            PlanePath(places=path[: number + 1], name=name, color=place)
            for place, (name, path) in enumerate(paths.items())
        ]
        heads = [path[number] for path in paths.values() if np.isfinite(path[number]).all()]
        plane = ground.with_paths(
            drawn,
            points=(PlanePoints(places=np.array(heads).reshape(-1, 2), marker="ring"),),
            formula=rf"$f = {surface.formula}$",
            places=("x", "y"),
        )
        results = {
            "race": plane,
            "height": _curves(heights, number),
            "standings": _table(paths, heights, arrivals, number),
        }
        measured = {name: float(values[number]) for name, values in heights.items()}
        yield measured, Report(results, (_leader(heights, number),))


def _arrival(surface: Surface, path: Numbers) -> int | None:
    """Return the first step near a minimum, None where it never comes near one."""
    if not surface.minima:
        return None
    gaps = path[:, None] - np.array(surface.minima)[None]
    near = (np.linalg.norm(gaps, axis=-1) < _ARRIVED).any(axis=1)
    return int(near.argmax()) if near.any() else None


def _leader(heights: Mapping[str, Numbers], number: int) -> str:
    now = {name: values[number] for name, values in heights.items()}
    lowest = min(now, key=lambda name: now[name] if np.isfinite(now[name]) else np.inf)
    return f"lowest after {number} steps: {lowest}, f = {amount(float(now[lowest]), 3)}"


def _curves(heights: Mapping[str, Numbers], number: int) -> Curves:
    return Curves(
        x=np.arange(number + 1, dtype=np.float64),
        series={
            name: np.log10(1e-9 + np.abs(values[: number + 1]))
            for name, values in heights.items()
        },
        x_label="step",
        y_label="log₁₀ |f|",
    )


def _table(
    paths: Mapping[str, Numbers],
    heights: Mapping[str, Numbers],
    arrivals: Mapping[str, int | None],
    number: int,
) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for name, path in paths.items():
        arrived = arrivals[name]
        here = arrived is not None and arrived <= number
        x, y = (float(value) for value in path[number])
        lost = not np.isfinite(x)
        rows.append(
            (
                name,
                "ran away" if lost else x,
                "" if lost else y,
                "" if lost else float(heights[name][number]),
                float(arrived) if here and arrived is not None else "",
            )
        )
    return Table(columns=("optimizer", "x", "y", "f", "arrived, step"), rows=tuple(rows))


