"""Blum and Li's construction: functions approximated by step functions on tiles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlaneRegion
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Curves, Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.blum_li import (
    FUNCTIONS,
    approximate,
    count_units,
    mean_square_error,
    sample_square,
)
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_SIDE = 96
_UNIT = ((0.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlumLiParams:
    """Parameters: the function, and the finest tiling."""

    function: Annotated[
        Literal["hills", "waves", "disc", "slope"],
        Essential(),
        Help("Function to approximate on the unit square."),
    ] = "hills"
    tiles: Annotated[
        int,
        Range(1, 60),
        Essential(),
        Title("Tiles per side"),
        Help("Tiles per side in the last step; earlier steps have fewer."),
    ] = 40


@register(
    "blum_li",
    title="Blum–Li construction",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Blum & Li 1991", "doi:10.1016/0893-6080(91)90047-9"),
    capabilities=lesson("Multilayer perceptron", 4),
)
class BlumLi:
    """Lesson: step neurons approximate any function, at a quadratic cost."""

    Params: ClassVar[type] = BlumLiParams
    shows: ClassVar[str] = (
        "A network built by hand, without learning: step neurons cut the square "
        "into tiles, AND neurons pick one, and the output adds the function's value "
        "there."
    )
    reading: ClassVar[str] = (
        "Each step has finer tiles. The mean squared error falls with the square of "
        "the number of tiles per side, but the number of neurons grows with that "
        "square too: 1000 × 1000 tiles take two million."
    )
    misleads: ClassVar[str] = (
        "It proves that a network exists for any function, not that learning finds "
        "one, nor that it needs so many neurons."
    )
    presets: ClassVar[Presets] = {
        "demo": {"tiles": 16},
        "an edge": {"function": "disc"},
    }

    def run(self, ctx: Context, params: BlumLiParams) -> Iterator[Report]:
        """Yield a report for each number of tiles a side."""
        sizes = sorted({*range(1, min(params.tiles, 16) + 1), *_rest(params.tiles)})
        yield from stepped(ctx, _reports(params, sizes), len(sizes), "grid")


def _rest(tiles: int) -> Iterator[int]:
    yield from range(20, tiles + 1, 4)
    yield tiles


def _reports(
    params: BlumLiParams, sizes: list[int]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    function = FUNCTIONS[params.function]
    x, y = sample_square(_SIDE)
    truth = function(x, y).reshape(_SIDE, _SIDE)[::-1]
    errors: list[float] = []
    for index, tiles in enumerate(sizes, 1):
        errors.append(mean_square_error(function, tiles, _SIDE))
        built = approximate(function, tiles, x, y).reshape(_SIDE, _SIDE)[::-1]
        results = {
            "network": _plane(built.copy(), rf"$n = {tiles}$"),
            "function": _plane(truth.copy(), ""),
            "error": _curve(sizes[:index], errors),
        }
        neurons = count_units(tiles)
        notes = (
            f"{tiles} × {tiles} tiles, {neurons:,} neurons",
            f"mean squared error {amount(errors[-1], 3)}",
        )
        measured = {"error": errors[-1], "neurons": float(neurons)}
        yield measured, Report(results, notes)


def _plane(values: Numbers, formula: str) -> Plane:
    return Plane(
        x_range=_UNIT[0],
        y_range=_UNIT[1],
        region=PlaneRegion(values=values, kind="height"),
        formula=formula,
        equal=True,
    )


def _curve(sizes: list[int], errors: list[float]) -> Curves:
    return Curves(
        x=np.array([count_units(each) for each in sizes], np.float64),
        series={"error": np.array(errors)},
        x_label="neurons",
        y_label="mean squared error",
    )
