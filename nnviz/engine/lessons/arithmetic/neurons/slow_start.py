"""Learning of a saturated sigmoid neuron with quadratic loss and cross-entropy."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

LossName = Literal["quadratic", "cross-entropy"]


@dataclass(frozen=True, slots=True)
class SlowStartStep:
    """State of a sigmoid neuron with one weight and a bias.

    Attributes:
        weight: w.
        bias: b.
        output: σ(wx + b).
        loss: of that output.
        gradient: ∂C/∂w at that output.
    """

    weight: float
    bias: float
    output: float
    loss: float
    gradient: float


def learn(
    weight: float,
    bias: float,
    *,
    loss: LossName,
    rate: float,
    x: float = 1.0,
    target: float = 0.0,
) -> Iterator[SlowStartStep]:
    """Yield the neuron at its start and after each descent step, endlessly."""
    while True:
        output = 1 / (1 + math.exp(-(weight * x + bias)))
        gap = output - target
        delta = gap * output * (1 - output) if loss == "quadratic" else gap
        yield SlowStartStep(
            weight, bias, output, _loss(output, target, loss), delta * x
        )
        weight -= rate * delta * x
        bias -= rate * delta


def _loss(output: float, target: float, loss: LossName) -> float:
    if loss == "quadratic":
        return (output - target) ** 2 / 2
    return -target * math.log(output) - (1 - target) * math.log1p(-output)
