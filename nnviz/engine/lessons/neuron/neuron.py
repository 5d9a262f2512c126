"""Neuron: weighted sum, bias and activation function, McCulloch & Pitts 1943."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints, PlaneRegion
from nnviz.base.parameters import Essential, Help, NumberRows, Range, Title, When
from nnviz.base.results import Diagram, DiagramEdge, DiagramNode, Report, Result
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.neurons.activations import ACTIVATIONS
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import (
    boundary_path,
    grid_of,
    input_axes,
    window_around,
)
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_STEEP = frozenset({"sigmoid", "tanh"})
_PLANE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronParams:
    """Parameters: inputs, weights, bias and the activation function."""

    inputs: Annotated[NumberRows, Essential(), Help("Input numbers, up to eight.")] = (
        "1 0.5"
    )
    weights: Annotated[
        NumberRows,
        Essential(),
        Help("As many weights as inputs; a negative one inhibits."),
    ] = "0.8 -1.2"
    bias: Annotated[
        float, Range(-10, 10), Essential(), Help("Bias, added to the sum.")
    ] = 0.3
    activation: Annotated[
        Literal[
            "step", "linear", "sigmoid", "hard sigmoid", "tanh", "hard tanh", "ReLU"
        ],
        Essential(),
        Help("Activation function, which turns the sum into the output."),
    ] = "sigmoid"
    steepness: Annotated[
        float,
        Range(0.1, 50, log=True),
        Title("Steepness λ"),
        When("activation", ("sigmoid", "tanh")),
        Help("Factor of the sum; a large value turns the sigmoid into a step."),
    ] = 1.0


@register(
    "neuron",
    title="Neuron",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("McCulloch & Pitts 1943", "doi:10.1007/BF02478259"),
    capabilities=lesson("Neuron", 1),
)
class Neuron:
    """Lesson: a neuron's weighted sum, bias and activation."""

    Params: ClassVar[type] = NeuronParams
    shows: ClassVar[str] = (
        "A neuron multiplies each input by its weight, adds the products and a bias, "
        "and passes the sum through an activation function."
    )
    reading: ClassVar[str] = (
        "Each step adds one product. On the curve the ring is the sum and its output; "
        "with two inputs the plane shows where the sum is zero: the decision boundary, "
        "at right angles to the weights."
    )
    misleads: ClassVar[str] = (
        "One neuron separates by a straight line only, however steep its activation "
        "is. A biological neuron also has time and shape, which this model leaves out."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "AND": {
            "inputs": "1 1",
            "weights": "1 1",
            "bias": -1.5,
            "activation": "step",
        },
        "OR": {"inputs": "0 1", "weights": "1 1", "bias": -0.5, "activation": "step"},
    }

    def run(self, ctx: Context, params: NeuronParams) -> Iterator[Report]:
        """Yield a report for each product, one for the bias, one for the output."""
        inputs, weights = read_inputs(params)
        total = len(inputs) + 2
        yield from stepped(ctx, _steps(inputs, weights, params), total)


def read_inputs(params: NeuronParams) -> tuple[Numbers, Numbers]:
    """Parse inputs and weights.

    Raises:
        UsageError: not numbers, or the numbers of weights and inputs differ.
    """
    inputs = parse_matrix(params.inputs, "--inputs", 8).ravel()
    weights = parse_matrix(params.weights, "--weights", 8).ravel()
    if len(inputs) != len(weights):
        raise UsageError(
            "--weights",
            f"{len(weights)} weights for {len(inputs)} inputs",
            "write one weight for each input",
        )
    return inputs, weights


def activate(sums: Numbers, params: NeuronParams) -> Numbers:
    """Apply the activation function to weighted sums."""
    steep = params.steepness if params.activation in _STEEP else 1.0
    return ACTIVATIONS[params.activation].value(steep * sums)


def _steps(
    inputs: Numbers, weights: Numbers, params: NeuronParams
) -> Iterator[tuple[Mapping[str, float], Report]]:
    sums = np.cumsum([*(inputs * weights), params.bias])
    v = float(sums[-1])
    y = float(activate(np.array([v]), params)[0])
    rest: dict[str, Result] = {"activation": _curve(v, params)}
    if len(inputs) == _PLANE:
        rest["boundary"] = _boundary(inputs, weights, params)
    for step, value in enumerate([*sums, v]):
        done = step == len(sums)
        graph = _graph(inputs, weights, params, step + 1, (float(value), y))
        words = _formula(inputs, weights, params, (v, y))
        numbers = {"sum": float(value)} | ({"output": y} if done else {})
        yield numbers, Report({"neuron": graph, **rest}, words)


def _graph(
    inputs: Numbers,
    weights: Numbers,
    params: NeuronParams,
    step: int,
    found: tuple[float, float],
) -> Diagram:
    """Return the diagram of the neuron with the values known after a step."""
    count = len(inputs)
    v, y = found
    nodes = (
        *_input_nodes(inputs, weights, step),
        DiagramNode(name="b", title="bias", detail=amount(params.bias)),
        DiagramNode(
            name="sum", title=f"Σ = {amount(v)}", kind="join", detail="sum", value=v
        ),
        _output_node(y if step > count + 1 else None, params.activation),
    )
    edges = (
        *(
            DiagramEdge(source=index, target=count + 1, value=float(weight))
            for index, weight in enumerate(weights)
        ),
        DiagramEdge(source=count, target=count + 1),
        DiagramEdge(source=count + 1, target=count + 2),
    )
    return Diagram(nodes=nodes, edges=edges)


def _input_nodes(inputs: Numbers, weights: Numbers, step: int) -> Iterator[DiagramNode]:
    """Yield the inputs with their weights, and the products computed so far."""
    for index, (value, weight) in enumerate(zip(inputs, weights, strict=True)):
        product = f" = {amount(value * weight)}" if index < step else ""
        yield DiagramNode(
            name=f"x{index}",
            title=f"x{index + 1} = {amount(value)}",
            kind="input",
            detail=f"× {amount(weight)}{product}",
            value=float(value),
        )


def _output_node(y: float | None, activation: str) -> DiagramNode:
    title = "y" if y is None else f"y = {amount(y)}"
    return DiagramNode(
        name="phi", title=title, kind="activation", detail=activation, value=y
    )


def _curve(v: float, params: NeuronParams) -> Plane:
    """Plot the activation function, with the neuron's sum on it."""
    reach = max(4.0, 1.25 * abs(v))
    x = np.linspace(-reach, reach, 401)
    y = activate(x, params)
    at = np.array([[v, float(activate(np.array([v]), params)[0])]])
    low, high = float(y.min()), float(y.max())
    margin = 0.1 * (high - low)
    return Plane(
        x_range=(-reach, reach),
        y_range=(low - margin, high + margin),
        x_label="sum v",
        y_label="output y",
        paths=(PlanePath(places=np.stack([x, y], axis=1), name=params.activation),),
        points=(PlanePoints(places=at, marker="ring", labels=(amount(at[0, 1]),)),),
        formula=rf"$y = {ACTIVATIONS[params.activation].formula}$",
    )


def _boundary(inputs: Numbers, weights: Numbers, params: NeuronParams) -> Plane:
    """Plot the output over the plane of two inputs."""
    window = window_around(np.array([inputs, [2.0, 2.0], [-2.0, -2.0]]), 0)
    x, y = grid_of(window)
    sums = weights[0] * x[None] + weights[1] * y[:, None] + params.bias
    return Plane(
        **input_axes(window),
        region=PlaneRegion(values=sums, kind="signed", unit="sum"),
        paths=boundary_path(weights, params.bias, window, name="w · x + b = 0"),
        points=(PlanePoints(places=inputs[None].copy(), labels=("x",)),),
    )


def _formula(
    inputs: Numbers, weights: Numbers, params: NeuronParams, found: tuple[float, float]
) -> tuple[str, ...]:
    products = " + ".join(
        f"{term(weight)}·{term(value)}"
        for value, weight in zip(inputs, weights, strict=True)
    )
    v, y = found
    return (
        f"v = {products} + {term(params.bias)} = {amount(v)}",
        f"y = {params.activation}({amount(v)}) = {amount(y)}",
    )
