"""ADALINE: the delta rule on a linear neuron (Widrow & Hoff 1960)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlaneRegion
from nnviz.base.parameters import Essential, Help, PointList, Range, Title
from nnviz.base.results import Curves, Report
from nnviz.engine.lessons.arithmetic.equations import amount, signed
from nnviz.engine.lessons.arithmetic.neurons.adaline import (
    LinearStep,
    half_mean_square,
    learn_adaline,
)
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import (
    Range2,
    boundary_path,
    grid_of,
    input_axes,
    points_of,
    two_classes,
    window_around,
)
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_RUNAWAY = 1e4
"""Error at which training stops: the rate is too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdalineParams:
    """Parameters: points and the step size."""

    points: Annotated[
        PointList,
        Essential(),
        Help("Points as x y class, the class 0 or 1; drag them."),
    ] = "-1.5 -1 0; -1 0.5 0; -0.5 -1 0; -2 0 0; 1 1 1; 1.5 -0.3 1; 0.5 1.5 1; 2 0.8 1"
    rate: Annotated[
        float,
        Range(0.001, 2, log=True),
        Essential(),
        Title("Learning rate η"),
        Help("Factor of each update; too large a value diverges."),
    ] = 0.1
    update: Annotated[
        Literal["instance", "batch"],
        Essential(),
        Help("Change the weights after each point, or after all."),
    ] = "batch"
    steps: Annotated[int, Range(1, 1000), Help("Number of updates.")] = 120


@register(
    "adaline",
    title="ADALINE",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Widrow & Hoff 1960"),
    capabilities=lesson("Neuron", 5),
)
class Adaline:
    """Lesson: ADALINE learns from the error of the sum, not of the decision."""

    Params: ClassVar[type] = AdalineParams
    shows: ClassVar[str] = (
        "The delta rule: weights change by the learning rate times the error of the "
        "sum itself, before any step function. This is gradient descent on the mean "
        "squared error."
    )
    reading: ClassVar[str] = (
        "Colors show the sum; the targets of the two classes are −1 and 1. The "
        "curve falls to the dashed line, the least error that any line has (least "
        "squares)."
    )
    misleads: ClassVar[str] = (
        "Points far on the right side still pull, because their sum is too large: "
        "least squares can misclassify points that a perceptron would get right."
    )
    presets: ClassVar[Presets] = {"demo": {"steps": 40}, "diverges": {"rate": 1.5}}

    def run(self, ctx: Context, params: AdalineParams) -> Iterator[Report]:
        """Yield a report for each update."""
        points, classes = two_classes(params.points)
        inputs = np.column_stack([np.ones(len(points)), points])
        targets = 2 * classes - 1
        batch = len(points) if params.update == "batch" else 1
        learning = learn_adaline(
            inputs, targets, np.zeros(3), rate=params.rate, batch=batch
        )
        steps = islice(learning, params.steps)
        best = np.asarray(np.linalg.lstsq(inputs, targets)[0], np.float64)
        least = half_mean_square(inputs, targets, best)
        reports = _reports(points, classes, steps, least)
        yield from stepped(ctx, reports, params.steps)


def _reports(
    points: Numbers, classes: Numbers, steps: Iterator[LinearStep], least: float
) -> Iterator[tuple[Mapping[str, float], Report]]:
    window = window_around(points)
    errors: list[float] = []
    for step in steps:
        if step.error > _RUNAWAY:
            return
        errors.append(step.error)
        results = {
            "plane": _plane(points, classes, window, step),
            "error": _curve(errors, least),
        }
        away = "; the error diverges: η is too large" * (step.error > errors[0] + 1)
        note = f"error {amount(step.error)}; least squares {amount(least)}{away}"
        yield {"error": step.error}, Report(results, (note,))


def _curve(errors: list[float], least: float) -> Curves:
    return Curves(
        x=np.arange(1, len(errors) + 1),
        series={
            "error": np.array(errors),
            "least squares": np.full(len(errors), least),
        },
        x_label="update",
        y_label="½ mean (d − w·x)²",
    )


def _plane(
    points: Numbers, classes: Numbers, window: Range2, step: LinearStep
) -> Plane:
    bias, *normal = (float(value) for value in step.weights)
    x, y = grid_of(window)
    sums = bias + normal[0] * x[None] + normal[1] * y[:, None]
    marked = step.indices[0] if len(step.indices) == 1 else -1
    return Plane(
        **input_axes(window),
        region=PlaneRegion(
            values=np.clip(sums, -2, 2), kind="signed", contours=(-1.0, 1.0), unit="sum"
        ),
        paths=boundary_path(np.array(normal), bias, window, name="sum 0"),
        points=(points_of(points, classes, marked=marked),),
        formula=rf"$v = {amount(bias, 3)} {signed(normal[0])}\,x_1 "
        rf"{signed(normal[1])}\,x_2$",
        edits="points",
    )
