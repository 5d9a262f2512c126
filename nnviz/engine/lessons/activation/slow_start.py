"""Slow start: a saturated sigmoid neuron with a quadratic loss and cross-entropy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title
from nnviz.base.results import Curves, Report, Table
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.activations import sigmoid
from nnviz.engine.lessons.arithmetic.neurons.slow_start import (
    LossName,
    SlowStartStep,
    learn,
)
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_LOSSES: tuple[LossName, ...] = ("quadratic", "cross-entropy")
_SHOWN = 60
_REACH = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowStartParams:
    """Parameters: the neuron's start and its learning rate; input 1, target 0."""

    weight: Annotated[
        float, Range(-5, 5), Essential(), Help("Weight at the start; the input is 1.")
    ] = 2.0
    bias: Annotated[float, Range(-5, 5), Essential(), Help("Bias at the start.")] = 2.0
    rate: Annotated[
        float,
        Range(0.001, 10, log=True),
        Essential(),
        Title("Learning rate η"),
        Help("Learning rate for both losses."),
    ] = 0.15
    epochs: Annotated[int, Range(10, 3000), Essential(), Help("Number of steps.")] = 300


@register(
    "slow_start",
    title="Slow start of a saturated neuron",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Activation and loss", 3),
)
class SlowStart:
    """Lesson: learning slowdown of a saturated neuron, cured by cross-entropy."""

    Params: ClassVar[type] = SlowStartParams
    shows: ClassVar[str] = (
        "One sigmoid neuron has to learn to output 0 for the input 1, once with a "
        "quadratic loss and once with cross-entropy."
    )
    reading: ClassVar[str] = (
        "With the quadratic loss the gradient has the sigmoid's slope as a factor, "
        "almost zero where the neuron is saturated. Cross-entropy cancels it: there "
        "∂C/∂w = (y − d) x."
    )
    misleads: ClassVar[str] = (
        "The values of the two losses cannot be compared, only the shapes of their "
        "curves."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "a good start": {"weight": 0.6, "bias": 0.9},
    }

    def run(self, ctx: Context, params: SlowStartParams) -> Iterator[Report]:
        """Yield reports on both neurons every few steps."""
        runs = {
            loss: list(
                islice(
                    learn(params.weight, params.bias, loss=loss, rate=params.rate),
                    params.epochs + 1,
                )
            )
            for loss in _LOSSES
        }
        every = max(1, params.epochs // _SHOWN)
        stops = sorted({*range(0, params.epochs + 1, every), params.epochs})
        yield from stepped(ctx, _reports(runs, stops), len(stops))


def _reports(
    runs: Mapping[LossName, list[SlowStartStep]], stops: list[int]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    for stop in stops:
        now = {loss: steps[stop] for loss, steps in runs.items()}
        results = {
            "neuron": _plane(now),
            "output": _curves(runs, stop),
            "numbers": _table(runs, stop),
        }
        words = ", ".join(f"{loss} {step.output:.3f}" for loss, step in now.items())
        measured: dict[str, float] = {loss: step.output for loss, step in now.items()}
        yield measured, Report(results, (f"output after {stop} steps: {words}",))


def _curves(runs: Mapping[LossName, list[SlowStartStep]], stop: int) -> Curves:
    outputs: dict[str, Numbers] = {
        loss: np.array([step.output for step in steps[: stop + 1]])
        for loss, steps in runs.items()
    }
    return Curves(
        x=np.arange(stop + 1, dtype=np.float64),
        series=outputs,
        x_label="step",
        y_label="output, target 0",
        limits=(0.0, 1.0),
    )


def _plane(now: Mapping[LossName, SlowStartStep]) -> Plane:
    x = np.linspace(-_REACH, _REACH, 301)
    arrows = tuple(_slope_arrow(step, color) for color, step in enumerate(now.values()))
    return Plane(
        x_range=(-_REACH, _REACH),
        y_range=(-0.05, 1.05),
        x_label="sum v = w + b",
        y_label="output y",
        paths=(PlanePath.curve(x, sigmoid(x), color=-1), *arrows),
        points=tuple(
            _place(step, color, loss) for color, (loss, step) in enumerate(now.items())
        ),
        formula=_formula(now),
    )


def _place(step: SlowStartStep, color: int, name: str) -> PlanePoints:
    """Return a neuron's point on the sigmoid, clamped to the visible range."""
    at = np.clip(step.weight + step.bias, -_REACH, _REACH)
    places = np.array([[at, step.output]])
    return PlanePoints(places=places, classes=np.array([color]), name=name)


def _slope_arrow(step: SlowStartStep, color: int) -> PlanePath:
    """Return an arrow from a neuron's point along its negative gradient."""
    at = step.weight + step.bias
    ends = [[at, step.output], [at - 20 * step.gradient, step.output]]
    return PlanePath(places=np.array(ends), style="arrow", color=color)


def _formula(now: Mapping[LossName, SlowStartStep]) -> str:
    quadratic, entropy = now["quadratic"], now["cross-entropy"]
    y, z = quadratic.output, entropy.output
    return (
        rf"$\frac{{\partial C}}{{\partial w}}:\quad (y - d)\,y\,(1 - y) = "
        rf"{amount(y, 3)}^2 \cdot {amount(1 - y, 3)} = {amount(quadratic.gradient, 3)},"
        rf"\qquad y - d = {amount(z, 3)}$"
    )


def _table(runs: Mapping[LossName, list[SlowStartStep]], stop: int) -> Table:
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (
            float(number),
            *(steps[number].output for steps in runs.values()),
            *(steps[number].gradient for steps in runs.values()),
        )
        for number in sorted({0, 1, 51, 151, 300, stop})
        if number <= stop
    )
    return Table(
        columns=("step", "y, quadratic", "y, cross-entropy", "∂C/∂w, quadratic",
                 "∂C/∂w, cross-entropy"),
        rows=rows,
    )  # fmt: skip
