"""Text notation of small networks: rows separated by semicolons, layers by bars."""

import numpy as np

from nnviz.base.errors import UsageError
from nnviz.engine.lessons.arithmetic.neurons.multilayer_perceptron import Layer
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix

_MOST_UNITS, _MOST_LAYERS = 8, 6


def read_layers(weights: str, biases: str, inputs: int) -> tuple[Layer, ...]:
    """Parse linear layers from their weights and biases.

    Args:
        weights: one matrix (units, inputs) per layer: "0.1 0.2; 0.3 0.4 | 1 -1".
        biases: one number per unit: "0 0 | 0.5".
        inputs: number of inputs.

    Raises:
        UsageError: not numbers, or shapes that do not fit together.
    """
    parts, shifts = weights.split("|"), biases.split("|")
    if len(parts) != len(shifts):
        reason = f"{len(shifts)} layers of biases for {len(parts)} of weights"
        raise UsageError("--biases", reason, "write one for each layer, | between")
    if len(parts) > _MOST_LAYERS:
        raise UsageError("--weights", f"{len(parts)} layers", f"at most {_MOST_LAYERS}")
    layers: list[Layer] = []
    for index, (part, shift) in enumerate(zip(parts, shifts, strict=True), 1):
        matrix = parse_matrix(part, "--weights", _MOST_UNITS)
        bias = parse_matrix(shift, "--biases", _MOST_UNITS).ravel()
        _check_shapes(index, matrix, bias, inputs)
        layers.append(Layer(np.ascontiguousarray(matrix), bias, "linear"))
        inputs = len(matrix)
    return tuple(layers)


def _check_shapes(
    place: int, matrix: np.ndarray, bias: np.ndarray, inputs: int
) -> None:
    """Refuse weights that do not match the inputs, or biases that do not match them."""
    if matrix.shape[1] != inputs:
        reason = f"layer {place} has {matrix.shape[1]} weights per unit"
        raise UsageError("--weights", reason, f"write {inputs}: one for each input")
    if len(bias) != len(matrix):
        reason = f"layer {place} has {len(bias)} for {len(matrix)} units"
        raise UsageError("--biases", reason, "write one for each unit")
