"""Activation functions: value, derivative, and where gradients vanish."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.base.parameters import Essential, Help, Range, Title, When
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.activations import (
    ACTIVATIONS,
    Activation,
    maxout,
)
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_REACH = 6.0
_DENSE = 2001
_SMALL = 0.05
"""Slope below which the gradient is said to vanish."""
_MAXOUT = (np.array([-1.0, 0.25, 1.0]), np.array([-0.5, 0.5, -1.0]))
"""Slopes and offsets of its three pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationFunctionsParams:
    """Parameters: the activation function, and the position to evaluate it at."""

    function: Annotated[
        Literal[
            "step",
            "sigmoid",
            "hard sigmoid",
            "tanh",
            "hard tanh",
            "ReLU",
            "softplus",
            "leaky ReLU",
            "parametric ReLU",
            "ELU",
            "SELU",
            "ReLU6",
            "maxout",
        ],
        Essential(),
        Help("The activation function."),
    ] = "sigmoid"
    at: Annotated[
        float,
        Range(-6, 6),
        Essential(),
        Title("Sum v"),
        Help("Input at which value and slope are read."),
    ] = 1.0
    slope: Annotated[
        float,
        Range(-1, 1),
        Essential(),
        When("function", ("parametric ReLU",)),
        Help("Slope of a parametric ReLU below zero; a network learns it."),
    ] = 0.25


@register(
    "activation_functions",
    title="Activation functions",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Activation and loss", 1),
)
class ActivationFunctions:
    """Lesson: activation functions with their derivatives, all compared."""

    Params: ClassVar[type] = ActivationFunctionsParams
    shows: ClassVar[str] = (
        "An activation function and its derivative. Backpropagation multiplies by "
        "the derivative at every layer."
    )
    reading: ClassVar[str] = (
        "Where the derivative is near zero, little of the error gets through. A "
        "sigmoid's is 0.25 at most: ten such layers leave less than a millionth."
    )
    misleads: ClassVar[str] = (
        "The table assumes sums that are normally distributed with standard deviation "
        "1; those of a real layer can lie anywhere."
    )
    presets: ClassVar[Presets] = {"demo": {}, "ReLU": {"function": "ReLU"}}

    def run(self, ctx: Context, params: ActivationFunctionsParams) -> Iterator[Report]:
        """Yield one report: the function, all functions, and a table of them."""
        ctx.check()
        function = activation_of(params.function, params.slope)
        at = np.array([params.at])
        value, slope = (float(part(at)[0]) for part in (function.value, function.slope))
        results = {
            "function": _plane(function, params.at, (value, slope)),
            "table": _table(params.slope),
        }
        notes = (f"φ({params.at:g}) = {amount(value)}", f"slope {amount(slope)}")
        yield Report(results, notes)


def activation_of(name: str, slope: float) -> Activation:
    """Return an activation function by name, parametric ones included.

    Args:
        name: of ``ACTIVATIONS``, "parametric ReLU" or "maxout".
        slope: of the parametric ReLU below zero.
    """
    if name == "parametric ReLU":
        return Activation(
            name,
            rf"\max(0, v) + {slope:g}\,\min(0, v)",
            lambda x: np.where(x > 0, x, slope * x),
            lambda x: np.where(x > 0, 1.0, slope),
        )
    if name == "maxout":
        return Activation(
            name,
            r"\max_k (w_k v + b_k)",
            lambda x: maxout(x, *_MAXOUT),
            _maxout_slope,
        )
    return ACTIVATIONS[name]


def _maxout_slope(x: Numbers) -> Numbers:
    weights, biases = _MAXOUT
    winner = (np.outer(weights, x) + biases[:, None]).argmax(axis=0)
    return np.asarray(weights[winner], np.float64)


def _plane(function: Activation, at: float, found: tuple[float, float]) -> Plane:
    x = np.linspace(-_REACH, _REACH, 601)
    values, slopes = function.value(x), function.slope(x)
    both = np.concatenate([values, slopes])
    low, high = float(both.min()), float(both.max())
    margin = 0.08 * (high - low)
    value, slope = found
    reach = 1.2
    tangent = np.array(
        [[at - reach, value - reach * slope], [at + reach, value + reach * slope]]
    )
    marks = np.array([[at, value], [at, slope]])
    return Plane(
        x_range=(-_REACH, _REACH),
        y_range=(low - margin, high + margin),
        x_label="sum v",
        y_label="output",
        paths=(
            PlanePath.curve(x, values, f"{function.title} φ"),
            PlanePath.curve(x, slopes, "derivative φ'", color=1),
            PlanePath(places=tangent, style="dashed", color=-1),
        ),
        points=(PlanePoints(places=marks, marker="ring"),),
        formula=_formula(function, at, found),
    )


def _formula(function: Activation, at: float, found: tuple[float, float]) -> str:
    value, slope = found
    return (
        rf"$\varphi(v) = {function.formula},\quad \varphi({at:g}) = "
        rf"{amount(value)},\quad \varphi'({at:g}) = {amount(slope)}$"
    )


def _table(slope: float) -> Table:
    """Return the table of all functions' statistics for normally distributed sums."""
    x = np.linspace(-_REACH, _REACH, _DENSE)
    weights = np.exp(-np.square(x) / 2)
    weights /= weights.sum()
    names = (*ACTIVATIONS, "parametric ReLU", "maxout")
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (name, *_means(activation_of(name, slope), x, weights)) for name in names
    )
    return Table(
        columns=("function", "mean output", "mean slope", "largest slope",
                 "flat in [−6, 6], %"),
        rows=rows,
    )  # fmt: skip


def _means(function: Activation, x: Numbers, weights: Numbers) -> tuple[float, ...]:
    """Return mean output, mean and largest slope, and the share of flat range, %."""
    steep = np.abs(function.slope(x))
    return (
        round(float(function.value(x) @ weights), 9),
        float(steep @ weights),
        float(steep.max()),
        100 * float((steep < _SMALL).mean()),
    )
