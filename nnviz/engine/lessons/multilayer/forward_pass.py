"""Forward pass of a multilayer perceptron: the values of every unit, layer by layer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Title
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import sum_of_products
from nnviz.engine.lessons.arithmetic.neurons.multilayer_perceptron import (
    Layer,
    Pass,
    forward,
)
from nnviz.engine.lessons.arithmetic.neurons.network_graph import network_graph
from nnviz.engine.lessons.arithmetic.neurons.network_text import read_layers
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
INPUTS = "0.05 0.1"
WEIGHTS = "0.15 0.2; 0.25 0.3 | 0.4 0.45; 0.5 0.55"
BIASES = "0.35 0.35 | 0.6 0.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardPassParams:
    """Parameters: inputs, weights and biases of a small network."""

    inputs: Annotated[NumberRows, Essential(), Help("Input numbers.")] = INPUTS
    weights: Annotated[
        NumberRows,
        Essential(),
        Help(
            "One matrix for each layer, one row for each unit: semicolons between "
            "rows, | between layers."
        ),
    ] = WEIGHTS
    biases: Annotated[
        NumberRows, Essential(), Help("One number per unit, | between layers.")
    ] = BIASES
    activation: Annotated[
        Literal["sigmoid", "tanh", "ReLU", "step", "linear"],
        Essential(),
        Help("Activation function of the hidden units."),
    ] = "sigmoid"
    output: Annotated[
        Literal["sigmoid", "tanh", "linear"],
        Title("Output activation"),
        Help("Activation function of the last layer's units."),
    ] = "sigmoid"


@register(
    "forward_pass",
    title="Forward pass",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Multilayer perceptron", 1),
)
class ForwardPass:
    """Lesson: forward propagation, unit by unit."""

    Params: ClassVar[type] = ForwardPassParams
    shows: ClassVar[str] = (
        "A small network computes its output: each unit adds its weighted inputs and "
        "its bias and passes the sum through its activation function."
    )
    reading: ClassVar[str] = (
        "Each step fills in one unit. The matrices below the diagram say the same: "
        "weights times inputs, plus biases."
    )
    misleads: ClassVar[str] = (
        "A real network computes all units of a layer at once; one by one is for "
        "reading only."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "XOR": {
            "inputs": "1 0",
            "weights": "1 1; 1 1 | 1 -1",
            "biases": "-0.5 -1.5 | -0.5",
            "activation": "step",
            "output": "linear",
        },
    }

    def run(self, ctx: Context, params: ForwardPassParams) -> Iterator[Report]:
        """Yield the inputs, then a report for each unit."""
        inputs = parse_matrix(params.inputs, "--inputs", 8).ravel()
        layers = read_layers(params.weights, params.biases, len(inputs))
        layers = with_activations(layers, params.activation, params.output)
        total = 1 + sum(len(layer.biases) for layer in layers)
        yield from stepped(ctx, _reports(layers, inputs), total, "unit")


def with_activations(
    layers: Sequence[Layer], hidden: str, output: str
) -> tuple[Layer, ...]:
    """Return layers with other activation functions."""
    last = len(layers) - 1
    return tuple(
        Layer(each.weights, each.biases, output if index == last else hidden)
        for index, each in enumerate(layers)
    )


def _reports(
    layers: Sequence[Layer], inputs: Numbers
) -> Iterator[tuple[Mapping[str, float], Report]]:
    run = forward(layers, inputs[None])
    graph = network_graph(layers, run, known=0)
    yield {"units": 0.0}, Report({"network": graph}, ("the inputs",))
    number = 0
    for index, layer in enumerate(layers):
        for unit in range(len(layer.biases)):
            number += 1
            results = {
                "network": network_graph(layers, run, known=number),
                "layer": _matrix(layers, run, index, unit),
            }
            output = float(run.outputs[index + 1][0, unit])
            measured = {"units": float(number), "output": output}
            yield measured, Report(results, (f"layer {index + 1}",))


def _matrix(layers: Sequence[Layer], run: Pass, place: int, unit: int) -> Matrix:
    """Return a layer as weights ⊙ inputs + biases = sums → outputs, up to a unit."""
    layer = layers[place]
    known = (np.arange(len(layer.biases)) <= unit)[:, None]
    inputs, sums = run.outputs[place][0], run.sums[place][0]
    outputs = run.outputs[place + 1][0][:, None]
    row = (unit, 0, 1, len(inputs))
    terms = [*layer.weights[unit], layer.biases[unit]]
    return Matrix(
        grids=(
            Grid(values=layer.weights.copy(), title="weights", window=row),
            Grid(values=inputs[:, None].copy(), title="inputs", operator="·"),
            Grid(values=layer.biases[:, None].copy(), title="biases", operator="+"),
            Grid.so_far(sums[:, None], known, "sums", "="),
            Grid.so_far(outputs, known, layer.activation, "→", (unit, 0, 1, 1)),
        ),
        formula=sum_of_products(terms, [*inputs, 1.0], float(sums[unit])),
    )
