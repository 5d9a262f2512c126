"""Perceptron: Rosenblatt's learning rule on points of the plane, step by step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane
from nnviz.base.parameters import (
    Essential,
    Help,
    NumberRows,
    PointList,
    Range,
    Title,
    When,
)
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import (
    Range2,
    boundary_path,
    input_axes,
    points_of,
    sides_of,
    two_classes,
    weight_arrow,
    window_around,
)
from nnviz.engine.lessons.arithmetic.neurons.perceptron import (
    PerceptronStep,
    convergence_bound,
    find_maximum_margin,
    learn_perceptron,
)
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_COURSE = "1 2 1; -1 2 0; 0 -1 0"
_GATES = {
    "AND": "0 0 0; 0 1 0; 1 0 0; 1 1 1",
    "OR": "0 0 0; 0 1 1; 1 0 1; 1 1 1",
    "XOR": "0 0 0; 0 1 1; 1 0 1; 1 1 0",
}
_MOST_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PerceptronParams:
    """Parameters: points, initial weights and the mode of updates."""

    points: Annotated[
        PointList,
        Essential(),
        Help("Points as x y class, the class 0 or 1; drag them."),
    ] = _COURSE
    weights: Annotated[
        NumberRows,
        Essential(),
        Title("Start weights"),
        Help("Initial w1 and w2; with a bias, its weight comes first."),
    ] = "1 -0.8"
    bias: Annotated[
        bool, Essential(), Help("Give the neuron a bias: an input that is always 1.")
    ] = False
    update: Annotated[
        Literal["instance", "batch", "mini-batch"],
        Essential(),
        Help("Change the weights after each point, after all, or after a few."),
    ] = "instance"
    batch: Annotated[
        int,
        Range(1, 100),
        Title("Mini-batch"),
        When("update", ("mini-batch",)),
        Help("Number of points whose updates are summed."),
    ] = 2
    rate: Annotated[
        float,
        Range(0.01, 10, log=True),
        Title("Learning rate η"),
        Help("Factor of each update."),
    ] = 1.0
    passes: Annotated[
        int, Range(1, 100), Help("Passes over the points before it gives up.")
    ] = 25


@register(
    "perceptron",
    title="Perceptron",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Rosenblatt 1958", "doi:10.1037/h0042519"),
    capabilities=lesson("Neuron", 2),
)
class Perceptron:
    """Lesson: Rosenblatt's rule adds missed points and subtracts false positives."""

    Params: ClassVar[type] = PerceptronParams
    shows: ClassVar[str] = (
        "Points are shown one after another. Where the output differs from the target, "
        "the point, times the error and the learning rate, is added to the weights."
    )
    reading: ClassVar[str] = (
        "The arrow is the weight vector; the boundary is at right angles to it and "
        "the arrow points to class 1. The dashed line is the boundary before this "
        "step. Drag points or add some."
    )
    misleads: ClassVar[str] = (
        "It stops at the first line that separates the points, not at the best one; "
        "if no line does (XOR), it never converges."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        **{
            name: {"points": points, "weights": "0 0 0", "bias": True}
            for name, points in _GATES.items()
        },
    }

    def run(self, ctx: Context, params: PerceptronParams) -> Iterator[Report]:
        """Yield the start, then a report for each presentation of a point or batch."""
        task = read_task(params)
        batch = {"instance": 1, "batch": len(task.points), "mini-batch": params.batch}
        steps = list(
            learn_perceptron(
                task.inputs,
                task.targets,
                task.start,
                rate=params.rate,
                batch=batch[params.update],
                passes=params.passes,
            )
        )
        yield from stepped(ctx, _reports(task, steps), len(steps) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A classification task: points and initial weights.

    Attributes:
        points: (N, 2).
        inputs: the points, preceded by a column of ones if there is a bias.
        targets: 0 or 1, (N,).
        start: weights, as many as inputs have columns.
    """

    points: Numbers
    inputs: Numbers
    targets: Numbers
    start: Numbers

    @property
    def bias(self) -> bool:
        """Whether there is a bias."""
        return bool(self.inputs.shape[1] > self.points.shape[1])

    def line(self, weights: Numbers) -> tuple[Numbers, float]:
        """Return the normal and offset of the boundary."""
        return (weights[1:], float(weights[0])) if self.bias else (weights, 0.0)


def read_task(params: PerceptronParams) -> Task:
    """Parse the points and weights of the parameters.

    Raises:
        UsageError: no points, too many, or a wrong number of weights.
    """
    points, targets = two_classes(params.points)
    if len(points) > _MOST_POINTS:
        raise UsageError("--points", f"{len(points)} are too many", "at most 200")
    inputs = np.column_stack([np.ones(len(points)), points]) if params.bias else points
    start = parse_matrix(params.weights, "--weights").ravel()
    if len(start) != inputs.shape[1]:
        if params.bias and len(start) == points.shape[1]:
            start = np.array([0.0, *start])
        else:
            raise UsageError(
                "--weights",
                f"{len(start)} weights for {inputs.shape[1]} inputs",
                "write w1 and w2; with a bias its weight before them",
            )
    return Task(points, inputs, targets, start)


def _reports(
    task: Task, steps: list[PerceptronStep]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    window = window_around(task.points, 0.4)
    ending = _ending(task, steps)
    first = {"plane": _plane(task, window, None), "updates": _table(())}
    yield _measured(task, task.start), Report(first, ("start weights", ending))
    for number, step in enumerate(steps, 1):
        results = {
            "plane": _plane(task, window, step),
            "updates": _table(steps[:number]),
        }
        yield _measured(task, step.weights), Report(results, (_words(step), ending))


def _measured(task: Task, weights: Numbers) -> dict[str, float]:
    wrong = (task.inputs @ weights >= 0) != (task.targets > 0)
    names = ("w0", "w1", "w2") if task.bias else ("w1", "w2")
    return {
        "wrong": float(wrong.sum()),
        **{name: float(value) for name, value in zip(names, weights, strict=True)},
    }


def _plane(task: Task, window: Range2, step: PerceptronStep | None) -> Plane:
    weights = task.start if step is None else step.weights
    normal, offset = task.line(weights)
    paths = boundary_path(normal, offset, window, name="boundary")
    if step is not None and step.changed:
        before = task.line(step.before)
        paths += boundary_path(*before, window, name="before", quiet=True)
    marked = step.indices[0] if step and len(step.indices) == 1 else -1
    return Plane(
        **input_axes(window),
        region=sides_of(normal, offset, window),
        paths=paths,
        arrows=(weight_arrow(normal, offset, window),),
        points=(points_of(task.points, task.targets, marked=marked),),
        formula=_formula(task, step),
        edits="points",
    )


def _formula(task: Task, step: PerceptronStep | None) -> str:
    if step is None:
        return rf"$w = {_vector(task.start)}$"
    if not step.changed:
        return rf"$w = {_vector(step.weights)}$"
    change = step.weights - step.before
    return (
        rf"$w \leftarrow {_vector(step.before)} + {_vector(change)}"
        rf" = {_vector(step.weights)}$"
    )


def _vector(values: Numbers) -> str:
    return "(" + r",\ ".join(amount(float(value)) for value in values) + ")"


def _words(step: PerceptronStep) -> str:
    looked = ", ".join(str(index + 1) for index in step.indices[:8])
    noun = "point" if len(step.indices) == 1 else "points"
    if not step.changed:
        return f"pass {step.pass_number}, {noun} {looked}: right, nothing changes"
    wrong = int(np.abs(step.errors).sum())
    return f"pass {step.pass_number}, {noun} {looked}: {wrong} wrong, weights change"


def _ending(task: Task, steps: list[PerceptronStep]) -> str:
    """Describe the end of learning, compared with the convergence theorem."""
    updates = sum(step.changed for step in steps)
    last = steps[-1].weights
    wrong = _measured(task, last)["wrong"]
    margin = find_maximum_margin(task.points, task.targets)
    if wrong:
        reason = "" if margin else ": no line separates the classes"
        return f"still {wrong:.0f} wrong after {updates} updates{reason}"
    bound = np.inf
    if margin is not None and task.bias:
        bound = convergence_bound(
            task.inputs, task.targets, np.array([margin[1], *margin[0]])
        )
    known = f"; from zero weights at most {bound:,.0f}" if np.isfinite(bound) else ""
    return f"all right after {updates} updates{known}"


def _table(steps: tuple[PerceptronStep, ...] | list[PerceptronStep]) -> Table:
    return Table(
        columns=("pass", "points", "outputs", "errors", "weights"),
        rows=tuple(
            (
                float(step.pass_number),
                " ".join(str(index + 1) for index in step.indices[:8]),
                " ".join(f"{value:.0f}" for value in step.outputs[:8]),
                " ".join(
                    f"{value:+.0f}".replace("+0", "0") for value in step.errors[:8]
                ),
                ", ".join(amount(float(value)) for value in step.weights),
            )
            for step in steps
        ),
    )
