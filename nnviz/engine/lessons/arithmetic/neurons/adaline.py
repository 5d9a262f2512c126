"""The delta rule (ADALINE), Hebb's rule and Oja's rule of a linear neuron.

Widrow & Hoff 1960; Hebb 1949; Oja 1982 (doi:10.1007/BF00275687).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LinearStep:
    """One update of a linear neuron.

    Attributes:
        indices: inputs that were presented.
        outputs: weighted sums before the update.
        weights: after it.
        error: half the mean squared error over all inputs after it; NaN where there
            are no targets.
    """

    indices: tuple[int, ...]
    outputs: Numbers
    weights: Numbers
    error: float


def half_mean_square(inputs: Numbers, targets: Numbers, weights: Numbers) -> float:
    """Return ½ mean (d − w·x)²."""
    return float(np.square(targets - inputs @ weights).mean()) / 2


def learn_adaline(
    inputs: Numbers, targets: Numbers, weights: Numbers, *, rate: float, batch: int
) -> Iterator[LinearStep]:
    """Yield the steps of the delta rule, Δw = η mean (d − w·x) x, endlessly.

    Args:
        inputs: (N, D).
        targets: any numbers, (N,).
        weights: at the start, (D,).
        rate: η.
        batch: inputs averaged in one step.
    """
    while True:
        for start in range(0, len(inputs), batch):
            part = slice(start, start + batch)
            outputs = inputs[part] @ weights
            slope = (targets[part] - outputs) @ inputs[part] / len(outputs)
            weights = weights + rate * slope
            yield LinearStep(
                tuple(range(start, start + len(outputs))),
                outputs,
                weights,
                half_mean_square(inputs, targets, weights),
            )


def learn_hebb(
    inputs: Numbers, weights: Numbers, *, rate: float, oja: bool
) -> Iterator[LinearStep]:
    """Yield the steps of Hebb's rule, Δw = η y x, or Oja's, Δw = η y (x − y w).

    Hebb's weights grow without bound; Oja's keep unit length and converge to the first
    principal component of centered inputs.
    """
    while True:
        for index, point in enumerate(inputs):
            output = point @ weights
            decay = output * weights if oja else 0.0
            weights = weights + rate * output * (point - decay)
            yield LinearStep((index,), np.array([output]), weights, float("nan"))
