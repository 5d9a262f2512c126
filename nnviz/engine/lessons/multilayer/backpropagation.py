"""Backpropagation: the partial derivatives of a small network, one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range, Title
from nnviz.base.results import Report, Result, Table
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.neurons.multilayer_perceptron import (
    Layer,
    Partial,
    backward,
    descend,
    forward,
    partial_derivatives,
)
from nnviz.engine.lessons.arithmetic.neurons.network_graph import network_graph
from nnviz.engine.lessons.arithmetic.neurons.network_text import read_layers
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackpropagationParams:
    """Parameters: a small network, one input with its target, and the learning rate."""

    inputs: Annotated[NumberRows, Essential(), Help("Input numbers.")] = "0.05 0.1"
    targets: Annotated[
        NumberRows,
        Essential(),
        Help("Target output, one number per unit of the last layer."),
    ] = "0.01 0.99"
    weights: Annotated[
        NumberRows,
        Essential(),
        Help(
            "One matrix for each layer, one row for each unit: semicolons between "
            "rows, | between layers."
        ),
    ] = "0.15 0.2; 0.25 0.3 | 0.4 0.45; 0.5 0.55"
    biases: Annotated[
        NumberRows, Essential(), Help("One number per unit, | between layers.")
    ] = "0.35 0.35 | 0.6 0.6"
    activation: Annotated[
        Literal["sigmoid", "tanh", "ReLU", "linear"],
        Essential(),
        Help("Activation function of all units."),
    ] = "sigmoid"
    rate: Annotated[
        float,
        Range(0.001, 10, log=True),
        Essential(),
        Title("Learning rate η"),
        Help("Factor of the gradient in each step."),
    ] = 0.5


@register(
    "backpropagation",
    title="Backpropagation",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Rumelhart, Hinton & Williams 1986", "doi:10.1038/323533a0"),
    capabilities=lesson("Multilayer perceptron", 5),
)
class Backpropagation:
    """Lesson: the chain rule, from the error back to each weight."""

    Params: ClassVar[type] = BackpropagationParams
    shows: ClassVar[str] = (
        "The error of the output is propagated back: each unit's error (δ) is the "
        "slope of its activation times the weighted errors of the units after it; a "
        "weight's derivative is that error times the value that came in along it."
    )
    reading: ClassVar[str] = (
        "Each step computes one number, and the formula shows how. The last step "
        "moves all weights against their derivatives, and the loss falls."
    )
    misleads: ClassVar[str] = (
        "Derivatives hold for small steps only: a large learning rate can raise the "
        "loss although each derivative is right."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "one unit per layer": {
            "inputs": "1.5",
            "targets": "0.5",
            "weights": "0.8 | -0.6 | 1.2",
            "biases": "0.1 | 0.2 | 0",
        },
        "vanishing": {
            "inputs": "4",
            "targets": "0",
            "weights": "2 | 2 | 2",
            "biases": "1 | 1 | 1",
        },
    }

    def run(self, ctx: Context, params: BackpropagationParams) -> Iterator[Report]:
        """Yield the forward pass, each derivative, and the resulting descent step."""
        layers, inputs, targets = read_network(params)
        partials = list(partial_derivatives(layers, inputs, targets))
        reports = _reports(layers, inputs, targets, partials, params.rate)
        yield from stepped(ctx, reports, len(partials) + 2, "derivative")


def read_network(
    params: BackpropagationParams,
) -> tuple[tuple[Layer, ...], Numbers, Numbers]:
    """Parse the network, the input and the target.

    Raises:
        UsageError: not numbers, or the numbers of targets and outputs differ.
    """
    inputs = parse_matrix(params.inputs, "--inputs", 8).ravel()
    targets = parse_matrix(params.targets, "--targets", 8).ravel()
    layers = tuple(
        Layer(each.weights, each.biases, params.activation)
        for each in read_layers(params.weights, params.biases, len(inputs))
    )
    if len(targets) != len(layers[-1].biases):
        reason = f"{len(targets)} targets for {len(layers[-1].biases)} outputs"
        raise UsageError("--targets", reason, "write one for each output")
    return layers, inputs, targets


def _loss(layers: Sequence[Layer], inputs: Numbers, targets: Numbers) -> float:
    gap = forward(layers, inputs[None]).outputs[-1][0] - targets
    return float(gap @ gap) / 2


def _reports(
    layers: tuple[Layer, ...],
    inputs: Numbers,
    targets: Numbers,
    partials: Sequence[Partial],
    rate: float,
) -> Iterator[tuple[Mapping[str, float], Report]]:
    run = forward(layers, inputs[None])
    loss = _loss(layers, inputs, targets)
    units = sum(len(layer.biases) for layer in layers)
    first = network_graph(layers, run, known=units)
    words = f"loss ½ Σ (y − d)² = {amount(loss, 5)}"
    yield {"loss": loss}, Report({"network": first}, ("forward pass", words))
    details: dict[tuple[int, int], str] = {}
    for number, partial in enumerate(partials, 1):
        if partial.quantity == "delta":
            details[partial.layer, partial.unit] = f"δ = {amount(partial.value)}"
        results: dict[str, Result] = {
            "network": network_graph(layers, run, known=units, details=details),
            "gradient": _matrix(layers, partials, number),
            "derivatives": _table(partials[:number]),
        }
        measured = {"loss": loss, "derivative": partial.value}
        yield measured, Report(results, (write_partial(partial), words))
    yield _stepped_down(layers, inputs, targets, rate, loss)


def _stepped_down(
    layers: tuple[Layer, ...],
    inputs: Numbers,
    targets: Numbers,
    rate: float,
    loss: float,
) -> tuple[Mapping[str, float], Report]:
    """Return the report of the descent step."""
    run = forward(layers, inputs[None])
    gradients = backward(layers, run, run.outputs[-1] - targets)
    moved = descend(layers, gradients, rate)
    after = _loss(moved, inputs, targets)
    units = sum(len(layer.biases) for layer in layers)
    graph = network_graph(moved, forward(moved, inputs[None]), known=units)
    change = f"{amount(loss, 5)} → {amount(after, 5)}"
    words = f"after one step with η = {rate:g}: loss {change}"
    return {"loss": after}, Report({"network": graph}, (words,))


def name_partial(partial: Partial) -> str:
    """Return a derivative's name, "∂C/∂w 2.1,3": layer, unit, source, from 1."""
    unit = f"{partial.layer + 1}.{partial.unit + 1}"
    if partial.quantity == "delta":
        return f"δ {unit}"
    if partial.quantity == "bias":
        return f"∂C/∂b {unit}"
    return f"∂C/∂w {unit},{partial.source + 1}"


def write_partial(partial: Partial) -> str:
    """Return a derivative's formula with its numbers."""
    head, *rest = (
        "·".join(term(value) for value in factors) for factors in partial.factors
    )
    if partial.quantity == "delta":
        inner = " + ".join(rest)
        body = f"{head} · ({inner})" if len(rest) > 1 else f"{head} · {inner}"
    else:
        body = head
    equals = f" = {amount(partial.value)}" if body != term(partial.value) else ""
    return f"{name_partial(partial)} = {body}{equals}"


def _matrix(
    layers: Sequence[Layer], partials: Sequence[Partial], number: int
) -> Matrix:
    """Return the current layer's weights, with its derivatives so far."""
    place = partials[number - 1].layer
    layer = layers[place]
    slopes, known = _derivatives(layer, place, partials[:number])
    columns = (*(f"w{i + 1}" for i in range(layer.weights.shape[1])), "b")
    rows = tuple(f"unit {unit + 1}" for unit in range(len(layer.biases)))
    values = np.column_stack([layer.weights, layer.biases])
    weights = Grid(
        values=values, title=f"layer {place + 1}", rows=rows, columns=columns
    )
    found = Grid(
        values=slopes,
        title="derivatives",
        operator="∂C/∂",
        rows=rows,
        columns=columns,
        known=known,
    )
    return Matrix(grids=(weights, found))


def _derivatives(
    layer: Layer, place: int, partials: Sequence[Partial]
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return a layer's derivatives by weights and biases, with the known ones' mask."""
    slopes = np.zeros((len(layer.biases), layer.weights.shape[1] + 1))
    known = np.zeros(slopes.shape, bool)
    for partial in partials:
        if partial.layer == place and partial.quantity != "delta":
            slopes[partial.unit, partial.source] = partial.value
            known[partial.unit, partial.source] = True
    return slopes, known


def _table(partials: Sequence[Partial]) -> Table:
    return Table(
        columns=("derivative", "value", "made of"),
        rows=tuple(
            (
                name_partial(each),
                each.value,
                write_partial(each).split(" = ", 1)[1].rsplit(" = ", 1)[0],
            )
            for each in partials
        ),
    )
