"""Logic gates of step neurons: AND and OR with one, XOR with a hidden layer of two."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.planes import Plane, PlaneRegion
from nnviz.base.parameters import Essential, Help, Range, Title, When
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.equations import signed
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import (
    boundary_path,
    grid_of,
    input_axes,
    points_of,
)
from nnviz.engine.lessons.arithmetic.neurons.point_sets import logic
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_WINDOW = ((-0.6, 1.6), (-0.6, 1.6))
_HIDDEN = np.array([[-0.5, 1.0, 1.0], [-1.5, 1.0, 1.0]])
"""OR and AND of the inputs: bias, w1, w2."""
_OUTPUT = np.array([-0.5, 1.0, -1.0])
"""OR and not AND."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicGatesParams:
    """Parameters: the gate, and the neuron's weights."""

    gate: Annotated[
        Literal["AND", "OR", "XOR"], Essential(), Help("The truth table to match.")
    ] = "AND"
    hidden: Annotated[
        bool,
        Essential(),
        Title("Two hidden neurons"),
        Help("Put an OR and an AND neuron before the output: XOR can be done."),
    ] = False
    bias: Annotated[
        float,
        Range(-3, 3),
        Essential(),
        Title("Bias w0"),
        When("hidden", (False,)),
        Help("Weight of the input that is always 1."),
    ] = -1.5
    w1: Annotated[
        float,
        Range(-3, 3),
        Essential(),
        When("hidden", (False,)),
        Help("Weight of the input x1."),
    ] = 1.0
    w2: Annotated[
        float,
        Range(-3, 3),
        Essential(),
        When("hidden", (False,)),
        Help("Weight of the input x2."),
    ] = 1.0


@register(
    "logic_gates",
    title="AND, OR, XOR",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Neuron", 3),
)
class LogicGates:
    """Lesson: truth tables as points of the plane, separated by hand-set weights."""

    Params: ClassVar[type] = LogicGatesParams
    shows: ClassVar[str] = (
        "The four rows of a truth table are four points; a step neuron is 1 on one "
        "side of its line. Turn the line until all four are right."
    )
    reading: ClassVar[str] = (
        "A point whose color is not that of the background is wrong. For XOR no "
        "line is right for all four; two hidden neurons cut out a stripe."
    )
    misleads: ClassVar[str] = (
        "Many weights make the same gate: only the sign of the sum counts here."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "OR": {"gate": "OR", "bias": -0.5},
        "XOR, one neuron": {"gate": "XOR", "bias": -0.5},
        "XOR, hidden neurons": {"gate": "XOR", "hidden": True},
    }

    def run(self, ctx: Context, params: LogicGatesParams) -> Iterator[Report]:
        """Yield one report: the plane and the truth table."""
        ctx.check()
        points, truth = logic(params.gate)
        output = answer(points, params)
        wrong = int((output != truth).sum())
        note = "all four rows are right" if not wrong else f"{wrong} of 4 rows wrong"
        results = {
            "plane": _plane(params, points, truth),
            "truth table": _table(points, truth, output),
        }
        yield Report(results, (note,))


def answer(points: Numbers, params: LogicGatesParams) -> Numbers:
    """Return the network's output, 0 or 1, for each point."""
    if not params.hidden:
        return _fire(points, np.array([params.bias, params.w1, params.w2]))
    between = np.stack([_fire(points, weights) for weights in _HIDDEN], axis=1)
    output = _OUTPUT if params.gate == "XOR" else _through(params.gate)
    return _fire(between, output)


def _through(gate: str) -> Numbers:
    """Return weights that copy a hidden neuron: the first for OR, else the second."""
    return np.array([-0.5, 1.0, 0.0] if gate == "OR" else [-0.5, 0.0, 1.0])


def _fire(points: Numbers, weights: Numbers) -> Numbers:
    return np.asarray(points @ weights[1:] + weights[0] >= 0, np.float64)


def _plane(params: LogicGatesParams, points: Numbers, truth: Numbers) -> Plane:
    x, y = grid_of(_WINDOW, 88)
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    region = answer(grid, params).reshape(len(y), len(x)).astype(np.int64)
    lines = _HIDDEN if params.hidden else [[params.bias, params.w1, params.w2]]
    paths = [
        path
        for weights in lines
        for path in boundary_path(np.array(weights[1:]), float(weights[0]), _WINDOW)
    ]
    return Plane(
        **input_axes(_WINDOW),
        region=PlaneRegion(values=region, kind="classes"),
        paths=tuple(paths),
        points=(points_of(points, truth),),
        formula=_formula(params),
    )


def _formula(params: LogicGatesParams) -> str:
    if params.hidden:
        return r"$OR(x_1, x_2) - AND(x_1, x_2) - 0.5 \geq 0$"
    first, second = signed(params.w1), signed(params.w2)
    return rf"${params.bias:g} {first}\,x_1 {second}\,x_2 \geq 0$"


def _table(points: Numbers, truth: Numbers, output: Numbers) -> Table:
    rows = zip(points, truth, output, strict=True)
    return Table(
        columns=("x1", "x2", "target", "output", "right"),
        rows=tuple(
            (x[0], x[1], float(d), float(y), "yes" if d == y else "no")
            for x, d, y in rows
        ),
    )
