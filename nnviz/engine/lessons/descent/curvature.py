"""Curvature: Hessian, condition number, the optimal step and Newton's."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.kinds.planes import Plane, PlaneArrows, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.descent.optimizers import best_step, newton_step
from nnviz.engine.lessons.arithmetic.descent.surface_plane import SurfacePlane
from nnviz.engine.lessons.arithmetic.descent.surfaces import (
    SURFACES,
    Surface,
    condition_number,
)
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvatureParams:
    """Parameters: the surface, and the point of the curvature."""

    surface: Annotated[
        Literal["canyon", "saddle", "Beale", "Rosenbrock", "Himmelblau"],
        Essential(),
        Help("The surface."),
    ] = "canyon"
    x: Annotated[
        float,
        Range(-5, 5),
        Essential(),
        Title("Point x"),
        Help("A click on the plane sets it too."),
    ] = -3.0
    y: Annotated[
        float,
        Range(-5, 5),
        Essential(),
        Title("Point y"),
        Help("A click on the plane sets it too."),
    ] = 0.8


@register(
    "curvature",
    title="Curvature and Newton's step",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Gradient descent", 3),
)
class Curvature:
    """Lesson: second derivatives, and the direction and length of the optimal step."""

    Params: ClassVar[type] = CurvatureParams
    shows: ClassVar[str] = (
        "Gradient and Hessian at a point: the eigenvectors are the directions of "
        "most and least bending, their ratio the condition number; Newton's step "
        "uses all."
    )
    reading: ClassVar[str] = (
        "Click a point. The step against the gradient is drawn at its optimal "
        "length, ε* = gᵀg / gᵀHg. On a bowl Newton's arrow ends in the minimum."
    )
    misleads: ClassVar[str] = (
        "Where the surface bends down along some direction, Newton's step goes up to a "
        "saddle or a maximum."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "saddle": {"surface": "saddle", "x": -1.2, "y": 0.6},
        "banana": {"surface": "Rosenbrock", "x": -0.5, "y": 1.2},
    }

    def run(self, ctx: Context, params: CurvatureParams) -> Iterator[Report]:
        """Yield one report: the plane, the Hessian and a table of derived values."""
        ctx.check()
        surface = SURFACES[params.surface]
        at = np.array([params.x, params.y])
        slope, bend = surface.gradient(at), surface.hessian(at)
        newton = newton_step(bend, slope)
        best = best_step(bend, slope)
        values, vectors = np.linalg.eigh(bend)
        results = {
            "surface": _plane(surface, at, (slope, newton), best, vectors),
            "Hessian": _matrix(slope, bend, newton),
            "numbers": _table(slope, values, best),
        }
        yield Report(results, _notes(slope, values, bend))


def _axes(at: Numbers, vectors: Numbers, reach: float) -> list[PlanePath]:
    """Return the Hessian's eigenvectors as lines through the point."""
    return [
        PlanePath(
            places=np.stack([at - reach * vector, at + reach * vector]),
            name=name,
            style="dashed",
            color=-1,
        )
        for vector, name in zip(vectors.T, ("eigenvectors", ""), strict=True)
    ]


def _plane(
    surface: Surface,
    at: Numbers,
    steps: tuple[Numbers, Numbers],
    best: float,
    vectors: Numbers,
) -> Plane:
    slope, newton = steps
    left, right, bottom, top = surface.window
    reach = 0.12 * min(right - left, top - bottom)
    arrows = [PlaneArrows(starts=at[None], ends=(at + newton)[None], name="Newton")]
    if np.isfinite(best):
        ends = (at - best * slope)[None]
        arrows.append(
            PlaneArrows(starts=at[None], ends=ends, name="best gradient step", color=2)
        )
    return SurfacePlane(surface).with_paths(
        _axes(at, vectors, reach),
        arrows=tuple(arrows),
        points=(PlanePoints(places=at[None].copy(), marker="ring"),),
        formula=rf"$f = {surface.formula}$",
        places=("x", "y"),
    )


def _matrix(slope: Numbers, bend: Numbers, newton: Numbers) -> Matrix:
    inverse = np.asarray(np.linalg.pinv(bend), np.float64)
    return Matrix(
        grids=(
            Grid(values=bend.copy(), title="Hessian H"),
            Grid(values=inverse, title="H⁻¹", operator="|"),
            Grid(values=slope[:, None].copy(), title="gradient g", operator="·"),
            Grid(values=newton[:, None].copy(), title="−H⁻¹g", operator="→"),
        ),
        formula=r"$\Delta x = -H^{-1} g$",
    )


def _table(slope: Numbers, values: Numbers, best: float) -> Table:
    rows: list[tuple[str | float, ...]] = [
        ("length of the gradient", float(np.linalg.norm(slope))),
        ("smallest eigenvalue of H", float(values[0])),
        ("largest eigenvalue of H", float(values[1])),
        ("condition number", condition_number(np.diag(values))),
    ]
    rows.append(("best step ε*", best if np.isfinite(best) else "none: it bends down"))
    return Table(columns=("what", "value"), rows=tuple(rows))


def _notes(slope: Numbers, values: Numbers, bend: Numbers) -> tuple[str, ...]:
    if values[0] > 0:
        shape = "a bowl"
    elif values[1] < 0:
        shape = "a dome"
    else:
        shape = "a saddle"
    flat = " and flat: a stationary point" if np.linalg.norm(slope) < 1e-6 else ""  # noqa: PLR2004
    return (
        f"here the surface is {shape}{flat}",
        f"condition number {amount(condition_number(bend), 3)}",
    )
