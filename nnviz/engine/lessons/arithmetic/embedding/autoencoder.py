"""Autoencoder with one code layer, linear or not, trained by Adam on all data at once.

Baldi & Hornik 1989 (doi:10.1016/0893-6080(89)90014-2): the linear one with a squared
loss finds the subspace of the first principal components.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.lessons.arithmetic.descent.optimizers import RULES, Memory, Settings
from nnviz.engine.lessons.arithmetic.neurons.multilayer_perceptron import (
    Gradient,
    Layer,
    backward,
    forward,
    make_layers,
)

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class AutoencoderStep:
    """One epoch.

    Attributes:
        layers: encoder and decoder after it.
        loss: mean squared error of a value before it.
    """

    layers: tuple[Layer, ...]
    loss: float


def make_autoencoder(
    inputs: int, hidden: int, code: int, activation: str, random: np.random.Generator
) -> tuple[Layer, ...]:
    """Return inputs → hidden → code → hidden → inputs; hidden 0 leaves those out.

    The code and the output are linear.
    """
    wide = (hidden,) if hidden else ()
    sizes = (inputs, *wide, code, *wide, inputs)
    layers = make_layers(sizes, activation, "linear", random)
    middle = len(layers) // 2 - 1
    return tuple(
        Layer(layer.weights, layer.biases, "linear") if place == middle else layer
        for place, layer in enumerate(layers)
    )


def encode(layers: tuple[Layer, ...], data: Numbers) -> Numbers:
    """Return the codes (N, K) of data (N, D)."""
    return forward(layers[: len(layers) // 2], data).outputs[-1]


def decode(layers: tuple[Layer, ...], codes: Numbers) -> Numbers:
    """Return data (N, D) from codes (N, K)."""
    return forward(layers[len(layers) // 2 :], codes).outputs[-1]


def train(
    layers: tuple[Layer, ...],
    data: Numbers,
    *,
    rate: float,
    noise: float,
    random: np.random.Generator,
) -> Iterator[AutoencoderStep]:
    """Yield an epoch after the other, without end.

    Args:
        layers: of ``make_autoencoder``.
        data: (N, D).
        rate: of Adam.
        noise: standard deviation of what is added to the inputs (a denoising
            autoencoder, Vincent et al. 2008); the goal stays clean.
        random: source of the noise.
    """
    memories = [(Memory(), Memory()) for _ in layers]
    settings = Settings(rate=rate)
    while True:
        spoiled = data + random.normal(0, noise, data.shape) if noise else data
        run = forward(layers, spoiled)
        gap = run.outputs[-1] - data
        gradients = backward(layers, run, 2 * gap / gap.size)
        layers = tuple(
            _move(layer, gradient, memory, settings)
            for layer, gradient, memory in zip(layers, gradients, memories, strict=True)
        )
        yield AutoencoderStep(layers, float(np.square(gap).mean()))


def _move(
    layer: Layer,
    gradient: Gradient,
    memory: tuple[Memory, Memory],
    settings: Settings,
) -> Layer:
    for each in memory:
        each.steps += 1
    adam = RULES["Adam"]
    return Layer(
        layer.weights + adam(settings, memory[0], gradient.weights),
        layer.biases + adam(settings, memory[1], gradient.biases),
        layer.activation,
    )
