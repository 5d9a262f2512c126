"""Multilayer perceptron: forward propagation, backpropagation, gradient descent.

Rumelhart, Hinton & Williams 1986 (doi:10.1038/323533a0).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.lessons.arithmetic.neurons.activations import ACTIVATIONS

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A fully connected layer.

    Attributes:
        weights: (outputs, inputs).
        biases: (outputs,).
        activation: a name of ``ACTIVATIONS``.
    """

    weights: Numbers
    biases: Numbers
    activation: str


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """Values of one forward pass.

    Attributes:
        sums: v of each layer, (N, outputs).
        outputs: φ(v) of each layer; the input comes first.
    """

    sums: tuple[Numbers, ...]
    outputs: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gradient:
    """Gradients of a layer by backpropagation.

    Attributes:
        delta: ∂C/∂v, (N, outputs).
        weights: ∂C/∂w, (outputs, inputs).
        biases: ∂C/∂b, (outputs,).
    """

    delta: Numbers
    weights: Numbers
    biases: Numbers


def make_layers(
    sizes: Sequence[int], activation: str, output: str, random: np.random.Generator
) -> tuple[Layer, ...]:
    """Initialize layers with Glorot's uniform weights and zero biases.

    Args:
        sizes: inputs, hidden units of each layer, outputs.
        activation: of the hidden layers.
        output: activation of the last one.
        random: source of the weights.
    """
    layers = []
    for index, (before, after) in enumerate(pairwise(sizes)):
        bound = np.sqrt(6 / (before + after))
        last = index == len(sizes) - 2
        layers.append(
            Layer(
                random.uniform(-bound, bound, (after, before)),
                np.zeros(after),
                output if last else activation,
            )
        )
    return tuple(layers)


def forward(layers: Sequence[Layer], inputs: Numbers) -> Pass:
    """Return weighted sums and outputs of every layer for inputs (N, D)."""
    sums: list[Numbers] = []
    outputs: list[Numbers] = [inputs]
    for layer in layers:
        sums.append(outputs[-1] @ layer.weights.T + layer.biases)
        outputs.append(ACTIVATIONS[layer.activation].value(sums[-1]))
    return Pass(tuple(sums), tuple(outputs))


def backward(
    layers: Sequence[Layer], run: Pass, error: Numbers
) -> tuple[Gradient, ...]:
    """Return the gradients of every layer by backpropagation.

    δ⁽ᴸ⁾ = φ'(v) ∂C/∂y and δ⁽ˡ⁾ = φ'(v⁽ˡ⁾) Σ w δ⁽ˡ⁺¹⁾.

    Args:
        layers: the network.
        run: its forward pass.
        error: ∂C/∂y of the last layer's outputs, (N, outputs).
    """
    found: list[Gradient] = []
    for place in reversed(range(len(layers))):
        slope = ACTIVATIONS[layers[place].activation].slope(run.sums[place])
        delta = slope * error
        found.append(Gradient(delta, delta.T @ run.outputs[place], delta.sum(axis=0)))
        error = delta @ layers[place].weights
    return tuple(reversed(found))


def descend(
    layers: Sequence[Layer], gradients: Sequence[Gradient], rate: float
) -> tuple[Layer, ...]:
    """Return the layers after one step of gradient descent."""
    return tuple(
        Layer(
            layer.weights - rate * gradient.weights,
            layer.biases - rate * gradient.biases,
            layer.activation,
        )
        for layer, gradient in zip(layers, gradients, strict=True)
    )


def cross_entropy(layers: Sequence[Layer], inputs: Numbers, targets: Numbers) -> float:
    """Return the mean binary cross-entropy of a network with one sigmoid output."""
    scores = forward(layers, inputs).sums[-1][:, 0]
    return float((np.logaddexp(0, scores) - targets * scores).mean())


def classification_error(run: Pass, targets: Numbers) -> Numbers:
    """Return ∂C/∂y of cross-entropy, so that ``backward`` yields δ = (y − d)/N.

    With δ = (y − d)/N at the output, the sigmoid's derivative cancels; the result is
    divided by it here so that ``backward`` yields that δ.
    """
    outputs = run.outputs[-1]
    slope = np.maximum(outputs * (1 - outputs), np.finfo(float).tiny)
    return np.asarray((outputs - targets[:, None]) / len(outputs) / slope, np.float64)


def train_classifier(
    layers: tuple[Layer, ...],
    inputs: Numbers,
    targets: Numbers,
    rate: float,
    epochs: int,
) -> tuple[Layer, ...]:
    """Train by full-batch gradient descent for some epochs; return the layers."""
    for _ in range(epochs):
        run = forward(layers, inputs)
        gradients = backward(layers, run, classification_error(run, targets))
        layers = descend(layers, gradients, rate)
    return layers


def collapse(layers: Sequence[Layer]) -> Layer:
    """Collapse a stack of linear layers into one: w₁w₀x = wx."""
    weights = np.eye(layers[0].weights.shape[1])
    biases = np.zeros(len(weights))
    for layer in layers:
        weights = layer.weights @ weights
        biases = layer.weights @ biases + layer.biases
    return Layer(weights, biases, "linear")


@dataclass(frozen=True, slots=True)
class Partial:
    """A partial derivative with its factors.

    Attributes:
        layer: index of the layer, from 0.
        quantity: "delta", "weight" or "bias".
        unit: index of the unit in the layer.
        source: index of the preceding unit, for a weight; -1 otherwise.
        value: of the derivative.
        factors: of the product, or sum of products, that the derivative is.
    """

    layer: int
    quantity: str
    unit: int
    source: int
    value: float
    factors: tuple[tuple[float, ...], ...]


def partial_derivatives(
    layers: Sequence[Layer], inputs: Numbers, targets: Numbers
) -> Iterator[Partial]:
    """Yield each partial derivative of ½ Σ (d − y)² for one input, last layer first.

    Args:
        layers: the network.
        inputs: (D,).
        targets: (outputs,).
    """
    run = forward(layers, inputs[None])
    gradients = backward(layers, run, run.outputs[-1] - targets)
    for place in reversed(range(len(layers))):
        slopes = ACTIVATIONS[layers[place].activation].slope(run.sums[place])[0]
        for unit, slope in enumerate(slopes):
            delta = float(gradients[place].delta[0, unit])
            if place == len(layers) - 1:
                error = float(run.outputs[-1][0, unit] - targets[unit])
                sums: tuple[tuple[float, ...], ...] = ((error,),)
            else:
                after = layers[place + 1].weights[:, unit]
                sums = _pairs(after, gradients[place + 1].delta[0])
            yield Partial(place, "delta", unit, -1, delta, ((float(slope),), *sums))
            for source, output in enumerate(run.outputs[place][0]):
                value = float(gradients[place].weights[unit, source])
                factors = ((delta, float(output)),)
                yield Partial(place, "weight", unit, source, value, factors)
            yield Partial(place, "bias", unit, -1, delta, ((delta,),))


def _pairs(weights: Numbers, deltas: Numbers) -> tuple[tuple[float, float], ...]:
    """Return the factor pairs of the products that sum up to a delta."""
    pairs = zip(weights, deltas, strict=True)
    return tuple((float(weight), float(delta)) for weight, delta in pairs)


def boundary(layers: Sequence[Layer], xs: Numbers, ys: Numbers) -> Numbers:
    """Return the first output over a grid of the plane, (len(ys), len(xs))."""
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    return forward(layers, grid).outputs[-1][:, 0].reshape(len(ys), len(xs))
