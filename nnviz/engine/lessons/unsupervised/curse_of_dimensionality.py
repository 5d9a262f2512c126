"""Curse of dimensionality: volumes and distances as dimensions grow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help, Range, Title, Unit
from nnviz.base.results import Curves, Report, Table
from nnviz.engine.lessons.arithmetic.embedding.dimensions import (
    ball_in_cube,
    cell_side,
    distance_contrast,
)
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

_STOPS = (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 40, 50, 70, 100, 140, 200, 300, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurseOfDimensionalityParams:
    """Parameters: the highest dimension, and the number of points."""

    dimensions: Annotated[
        int,
        Range(2, 500, log=True),
        Essential(),
        Help("Number of dimensions in the last step."),
    ] = 100
    share: Annotated[
        float,
        Range(0.01, 50, log=True),
        Essential(),
        Title("Fraction of the volume"),
        Unit("%"),
        Help("Fraction of the volume that a cell holds; its side is shown."),
    ] = 1.0
    count: Annotated[
        int,
        Essential(),
        Range(10, 2000, log=True),
        Title("Points"),
        Help("Number of points, uniformly distributed in the cube."),
    ] = 300


@register(
    "curse_of_dimensionality",
    title="Curse of dimensionality",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Unsupervised learning", 1),
)
class CurseOfDimensionality:
    """Lesson: in high dimensions all points are far from each other."""

    Params: ClassVar[type] = CurseOfDimensionalityParams
    shows: ClassVar[str] = (
        "Three quantities as the number of dimensions grows: the fraction of a cube "
        "that its largest ball fills, the side of a cell that holds a fraction of "
        "the volume, and the distance to the nearest point divided by that to the "
        "farthest."
    )
    reading: ClassVar[str] = (
        "The ball vanishes: the cube is nearly all corners. A cell of 1 % is almost as "
        "wide as the whole in 100 dimensions, and near and far are hardly different."
    )
    misleads: ClassVar[str] = (
        "Points here are uniform. Images lie near surfaces of few dimensions, so "
        "their distances still mean something."
    )
    presets: ClassVar[Presets] = {"demo": {"dimensions": 50}}

    def run(
        self, ctx: Context, params: CurseOfDimensionalityParams
    ) -> Iterator[Report]:
        """Yield a report for each number of dimensions."""
        seed = draw_seed(ctx)
        below = [each for each in _STOPS if each < params.dimensions]
        stops = (*below, params.dimensions)
        yield from stepped(
            ctx, _reports(params, stops, seed), len(stops), "dimensionality", seed=seed
        )


def _reports(
    params: CurseOfDimensionalityParams, stops: tuple[int, ...], seed: int
) -> Iterator[tuple[Mapping[str, float], Report]]:
    random = np.random.default_rng(seed)
    rows: list[tuple[float, float, float, float]] = []
    for dimensions in stops:
        row = (
            ball_in_cube(dimensions),
            cell_side(dimensions, params.share / 100),
            distance_contrast(dimensions, params.count, random),
        )
        rows.append((float(dimensions), *row))
        ball, side, near = row
        notes = (
            f"{dimensions} dimensions: ball {amount(ball, 2)} of the cube",
            f"a cell of {params.share:g} % has side {amount(side, 3)}",
            f"nearest at {100 * near:.0f} % of the farthest distance",
        )
        measured = {"ball": ball, "side": side, "nearest": near}
        yield measured, Report(_results(rows, params.share), notes)


def _results(
    rows: list[tuple[float, float, float, float]], share: float
) -> dict[str, Curves | Table]:
    dimensions, balls, sides, near = (
        np.array(column) for column in zip(*rows, strict=True)
    )
    return {
        "shares": Curves(
            x=dimensions,
            series={
                "ball in its cube": balls,
                f"side of a cell of {share:g} %": sides,
                "nearest / farthest": near,
            },
            x_label="dimensions",
            y_label="share",
            limits=(0.0, 1.0),
        ),
        "ball, logarithm": Curves(
            x=dimensions.copy(),
            series={"ball in its cube": np.log10(np.maximum(balls, 1e-300))},
            x_label="dimensions",
            y_label="log₁₀ share",
        ),
        "table": Table(
            columns=(
                "dimensions",
                "ball / cube",
                "side of a cell",
                "nearest / farthest",
            ),
            rows=tuple(rows),
        ),
    }
