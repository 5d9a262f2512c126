"""Linear layers collapse into one: w₁w₀x = wx."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Title
from nnviz.base.results import Report, Table
from nnviz.engine.lessons.arithmetic.neurons.activations import ACTIVATIONS
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearLayersParams:
    """Parameters: two layers and an input."""

    first: Annotated[
        NumberRows,
        Essential(),
        Title("First layer"),
        Help("Weights, one row per unit."),
    ] = "1 -1; 2 0.5; -1 1"
    second: Annotated[
        NumberRows,
        Essential(),
        Title("Second layer"),
        Help("Weights, one row per unit."),
    ] = "0.5 1 -2; 1 -1 0.5"
    inputs: Annotated[NumberRows, Essential(), Help("Input numbers.")] = "1 2"
    activation: Annotated[
        Literal["linear", "ReLU", "tanh"],
        Essential(),
        Title("Between them"),
        Help("Activation of the first layer; linear means none."),
    ] = "linear"


@register(
    "linear_layers",
    title="Linear layers collapse",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Multilayer perceptron", 3),
)
class LinearLayers:
    """Lesson: two linear layers equal one, with the product of their weights."""

    Params: ClassVar[type] = LinearLayersParams
    shows: ClassVar[str] = (
        "Without a nonlinear activation between them two layers do what one layer with "
        "the product of their weights does: depth gains nothing."
    )
    reading: ClassVar[str] = (
        "Compare the last grid with the one before: equal for linear layers, for every "
        "input; different as soon as an activation bends the values in between."
    )
    misleads: ClassVar[str] = (
        "The function is the same; learning is not: gradient descent on two linear "
        "layers takes another path than on one."
    )
    presets: ClassVar[Presets] = {"demo": {}, "ReLU between": {"activation": "ReLU"}}

    def run(self, ctx: Context, params: LinearLayersParams) -> Iterator[Report]:
        """Yield one report: the product of the matrices, and both outputs."""
        ctx.check()
        first = parse_matrix(params.first, "--first", 8)
        second = parse_matrix(params.second, "--second", 8)
        inputs = parse_matrix(params.inputs, "--inputs", 8).ravel()
        _check_shapes(first, second, inputs)
        hidden = ACTIVATIONS[params.activation].value(first @ inputs)
        two, one = second @ hidden, second @ first @ inputs
        gap = float(np.abs(two - one).max())
        same = "the same" if np.isclose(gap, 0, atol=1e-12) else f"differ by {gap:.3g}"
        results = {
            "product": _product(first, second),
            "outputs": _outputs(hidden, two, one),
            "values": _table(two, one),
        }
        yield Report(results, (f"two layers and one: {same}",))


def _check_shapes(first: Numbers, second: Numbers, inputs: Numbers) -> None:
    if first.shape[1] != len(inputs):
        reason = f"{first.shape[1]} weights per unit for {len(inputs)} inputs"
        raise UsageError("--first", reason, "write one for each input")
    if second.shape[1] != len(first):
        reason = f"{second.shape[1]} weights per unit for {len(first)} hidden units"
        raise UsageError("--second", reason, "write one for each row of --first")


def _product(first: Numbers, second: Numbers) -> Matrix:
    return Matrix(
        grids=(
            Grid(values=second, title="w1"),
            Grid(values=first, title="w0", operator="·"),
            Grid(values=second @ first, title="w", operator="="),
        ),
        formula=r"$w_1 (w_0\,x) = (w_1 w_0)\,x = w\,x$",
    )


def _outputs(hidden: Numbers, two: Numbers, one: Numbers) -> Matrix:
    return Matrix(
        grids=(
            Grid(values=hidden[:, None].copy(), title="hidden"),
            Grid(values=two[:, None].copy(), title="two layers", operator="→"),
            Grid(values=one[:, None].copy(), title="one layer", operator="|"),
        ),
    )


def _table(two: Numbers, one: Numbers) -> Table:
    return Table(
        columns=("output", "two layers", "one layer"),
        rows=tuple(
            (float(index), float(a), float(b))
            for index, (a, b) in enumerate(zip(two, one, strict=True), 1)
        ),
    )
