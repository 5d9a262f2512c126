"""Activation functions of neurons and their derivatives."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Klambauer et al. 2017, arXiv:1706.02515: mean 0 and variance 1 are a fixed point."""
LEAK = 0.01
RELU6_TOP = 6.0


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation function of a neuron with its derivative.

    Attributes:
        title: shown to users.
        formula: in TeX for matplotlib's mathtext.
        value: the function, elementwise.
        slope: its derivative, elementwise; at a kink, the left one.
    """

    title: str
    formula: str
    value: Callable[[Numbers], Numbers]
    slope: Callable[[Numbers], Numbers]


def sigmoid(x: Numbers) -> Numbers:
    """Return the logistic function, safe from overflow."""
    small = np.exp(-np.abs(x))
    found: Numbers = np.where(x >= 0, 1, small) / (1 + small)
    return found


def elu(x: Numbers, alpha: float = 1.0) -> Numbers:
    """Return the exponential linear unit (Clevert et al. 2015, arXiv:1511.07289)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_slope(x: Numbers, alpha: float = 1.0) -> Numbers:
    """Return the derivative of the exponential linear unit."""
    return np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))


def _step(x: Numbers) -> Numbers:
    return (x >= 0).astype(np.float64)


def _relu_slope(x: Numbers) -> Numbers:
    return (x > 0).astype(np.float64)


def _hard_sigmoid(x: Numbers) -> Numbers:
    return np.clip(x / 4 + 0.5, 0, 1)


def _hard_sigmoid_slope(x: Numbers) -> Numbers:
    return (np.abs(x) < 2).astype(np.float64) / 4  # noqa: PLR2004  its ramp's ends


def _hard_tanh_slope(x: Numbers) -> Numbers:
    return (np.abs(x) < 1).astype(np.float64)


def _sigmoid_slope(x: Numbers) -> Numbers:
    return sigmoid(x) * sigmoid(-x)


def _relu6_slope(x: Numbers) -> Numbers:
    return ((x > 0) & (x < RELU6_TOP)).astype(np.float64)


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "step": Activation("step", r"1\ \mathrm{if}\ v \geq 0", _step, np.zeros_like),
        "linear": Activation("linear", r"v", np.copy, np.ones_like),
        "sigmoid": Activation(
            "sigmoid", r"\frac{1}{1+e^{-v}}", sigmoid, _sigmoid_slope
        ),
        "hard sigmoid": Activation(
            "hard sigmoid",
            r"\min(1, \max(0, \frac{v}{4} + \frac{1}{2}))",
            _hard_sigmoid,
            _hard_sigmoid_slope,
        ),
        "tanh": Activation(
            "tanh", r"\tanh v", np.tanh, lambda x: 1 - np.square(np.tanh(x))
        ),
        "hard tanh": Activation(
            "hard tanh",
            r"\min(1, \max(-1, v))",
            lambda x: np.clip(x, -1, 1),
            _hard_tanh_slope,
        ),
        "ReLU": Activation(
            "ReLU", r"\max(0, v)", lambda x: np.maximum(x, 0), _relu_slope
        ),
        "softplus": Activation(
            "softplus", r"\ln(1+e^{v})", lambda x: np.logaddexp(0, x), sigmoid
        ),
        "leaky ReLU": Activation(
            "leaky ReLU",
            r"\max(0.01\,v, v)",
            lambda x: np.where(x > 0, x, LEAK * x),
            lambda x: np.where(x > 0, 1.0, LEAK),
        ),
        "ELU": Activation("ELU", r"v\ \mathrm{or}\ e^{v}-1", elu, elu_slope),
        "SELU": Activation(
            "SELU",
            r"1.051\,(v\ \mathrm{or}\ 1.673\,(e^{v}-1))",
            lambda x: SELU_SCALE * elu(x, SELU_ALPHA),
            lambda x: SELU_SCALE * elu_slope(x, SELU_ALPHA),
        ),
        "ReLU6": Activation(
            "ReLU6",
            r"\min(6, \max(0, v))",
            lambda x: np.clip(x, 0, RELU6_TOP),
            _relu6_slope,
        ),
    }
)


def maxout(x: Numbers, weights: Numbers, biases: Numbers) -> Numbers:
    """Return maxout: the maximum of linear functions (Goodfellow et al. 2013).

    Args:
        x: (N,).
        weights: slope of each piece, (K,).
        biases: offset of each piece, (K,).
    """
    found: Numbers = (np.outer(weights, x) + biases[:, None]).max(axis=0)
    return found


def softmax(scores: Numbers) -> Numbers:
    """Return softmax along the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float64)


def sigmoid_of_slope(x: float, steepness: float) -> float:
    """Return a sigmoid of adjustable steepness (λ of the course)."""
    scaled = steepness * x
    if scaled >= 0:
        return 1 / (1 + math.exp(-scaled))
    return math.exp(scaled) / (1 + math.exp(scaled))
