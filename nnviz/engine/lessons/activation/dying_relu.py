"""Dying ReLU: one oversized step silences a unit permanently."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Curves, Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_X = np.linspace(0, 1, 11)
_TARGETS = 0.5 * _X + 0.1
_WINDOW = (-0.5, 1.5)
_KICKED = 10
"""Index of the step that is too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DyingReluParams:
    """Parameters: the unit, its learning rate, and the one oversized step."""

    leak: Annotated[
        float,
        Range(0, 0.3),
        Essential(),
        Help(
            "Slope below zero: 0 is a plain ReLU; a leaky one lets the error through."
        ),
    ] = 0.0
    kick: Annotated[
        float,
        Range(0, 30),
        Essential(),
        Title("Large step"),
        Help("Learning rate of the tenth step; 0 makes it one like all others."),
    ] = 8.0
    rate: Annotated[
        float,
        Range(0.01, 1, log=True),
        Essential(),
        Title("Learning rate η"),
        Help("Learning rate of all other steps."),
    ] = 0.1
    steps: Annotated[int, Range(20, 1000), Help("Number of steps.")] = 100


@dataclass(frozen=True, slots=True)
class UnitStep:
    """One unit y = φ(w x + b) after a step.

    Attributes:
        weight: w.
        bias: b.
        slope: ∂C/∂w there.
        loss: half the mean squared error.
        answers: fraction of the inputs for which the sum is positive.
    """

    weight: float
    bias: float
    slope: float
    loss: float
    answers: float


@register(
    "dying_relu",
    title="Dying ReLU",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Maas, Hannun & Ng 2013"),
    capabilities=lesson("Activation and loss", 2),
)
class DyingRelu:
    """Lesson: a ReLU that no input activates gets no gradient and never recovers."""

    Params: ClassVar[type] = DyingReluParams
    shows: ClassVar[str] = (
        "One ReLU learns to follow the points. Its tenth step is made far too large: "
        "the sum becomes negative for every input, and the unit dies."
    )
    reading: ClassVar[str] = (
        "A dead unit's output and its gradient are zero for every point, so no later "
        "step brings it back. With a leak the gradient is small but not zero."
    )
    misleads: ClassVar[str] = (
        "In a network a dead unit can be revived by changes in the layers before "
        "it. In long training runs as many as 40 % of the units have been found "
        "dead."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 30},
        "leaky": {"leak": 0.1, "steps": 400},
        "no large step": {"kick": 0.0},
    }

    def run(self, ctx: Context, params: DyingReluParams) -> Iterator[Report]:
        """Yield the start, then a report for each step."""
        steps = list(learn(params))
        yield from stepped(ctx, _reports(params, steps), len(steps))


def learn(params: DyingReluParams) -> Iterator[UnitStep]:
    """Yield the unit at its start and after each step of gradient descent."""
    weight, bias = 1.2, 0.4
    for number in range(1, params.steps + 2):
        sums = weight * _X + bias
        gap = np.maximum(sums, params.leak * sums) - _TARGETS
        delta = gap * np.where(sums > 0, 1.0, params.leak)
        slope = float((delta * _X).mean())
        loss, answers = float(np.square(gap).mean()) / 2, float((sums > 0).mean())
        yield UnitStep(weight, bias, slope, loss, answers)
        kicked = number == _KICKED and params.kick > 0
        rate = params.kick if kicked else params.rate
        weight -= rate * slope
        bias -= rate * float(delta.mean())


def _reports(
    params: DyingReluParams, steps: Sequence[UnitStep]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    for number, step in enumerate(steps):
        seen = steps[: number + 1]
        results = {
            "unit": _plane(params, step),
            "course": Curves.over_steps(
                {"loss": [each.loss for each in seen],
                 "|∂C/∂w|": [abs(each.slope) for each in seen]},
                "step", "loss, gradient",
            ),
        }  # fmt: skip
        state = (
            "dead: its output is zero for every input" if not step.answers else "alive"
        )
        words = f"loss {amount(step.loss, 3)}, ∂C/∂w {amount(step.slope, 3)}"
        measured = {"loss": step.loss, "gradient": step.slope}
        yield measured, Report(results, (state, words))


def _plane(params: DyingReluParams, step: UnitStep) -> Plane:
    x = np.linspace(*_WINDOW, 101)
    sums = step.weight * x + step.bias
    outputs = np.maximum(sums, params.leak * sums)
    points = np.stack([_X, _TARGETS], axis=1)
    alike = np.ones(len(points), np.int64)
    return Plane(
        x_range=_WINDOW,
        y_range=(-1.5, 2.0),
        x_label="input x",
        y_label="output y",
        paths=(
            PlanePath.curve(
                x, np.clip(sums, -9, 9), "sum w x + b", color=-1, dashed=True
            ),
            PlanePath.curve(x, outputs, "output of the unit"),
        ),
        points=(PlanePoints(places=points, classes=alike, name="targets"),),
        formula=rf"$w = {amount(step.weight, 3)},\quad b = {amount(step.bias, 3)}$, "
        rf"$\frac{{\partial C}}{{\partial w}} = {amount(step.slope, 3)}$",
    )
