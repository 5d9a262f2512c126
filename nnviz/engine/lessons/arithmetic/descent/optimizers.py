"""Optimizers as update rules, in float64: identical to torch.optim's."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.lessons.arithmetic.descent.surfaces import Surface

Numbers = NDArray[np.float64]
_FARTHEST = 1e6
Rule = Callable[["Settings", "Memory", Numbers], Numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Hyperparameters of the update rules.

    Attributes:
        rate: learning rate ε.
        momentum: fraction α of the velocity that is kept.
        decay: fraction ρ of the mean square that RMSProp and AdaDelta keep.
        first: fraction β₁ of the mean gradient that Adam keeps.
        second: fraction β₂ of the mean square that Adam keeps.
        tiny: δ, added to the root.
    """

    rate: float = 0.01
    momentum: float = 0.9
    decay: float = 0.99
    first: float = 0.9
    second: float = 0.999
    tiny: float = 1e-8


@dataclass(slots=True)
class Memory:
    """State of an optimizer between steps, by name, with the step count."""

    steps: int = 0
    kept: dict[str, Numbers] = field(default_factory=dict)

    def mean(self, name: str, value: Numbers, share: float) -> Numbers:
        """Update a running mean, share · old + (1 − share) · value, and return it."""
        old = self.kept.get(name, np.zeros_like(value))
        self.kept[name] = share * old + (1 - share) * value
        return self.kept[name]

    def total(self, name: str, value: Numbers, share: float = 1.0) -> Numbers:
        """Update a running sum, share · old + value, and return it."""
        old = self.kept.get(name, np.zeros_like(value))
        self.kept[name] = share * old + value
        return self.kept[name]


def _sgd(settings: Settings, _: Memory, slope: Numbers) -> Numbers:
    return -settings.rate * slope


def _momentum(settings: Settings, memory: Memory, slope: Numbers) -> Numbers:
    return -settings.rate * memory.total("velocity", slope, settings.momentum)


def _nesterov(settings: Settings, memory: Memory, slope: Numbers) -> Numbers:
    """Return Nesterov's step in torch's form, for the look-ahead point θ + μv."""
    velocity = memory.total("velocity", slope, settings.momentum)
    return -settings.rate * (slope + settings.momentum * velocity)


def _adagrad(settings: Settings, memory: Memory, slope: Numbers) -> Numbers:
    squares = memory.total("squares", slope**2)
    return -settings.rate * slope / (np.sqrt(squares) + settings.tiny)


def _rmsprop(settings: Settings, memory: Memory, slope: Numbers) -> Numbers:
    squares = memory.mean("squares", slope**2, settings.decay)
    return -settings.rate * slope / (np.sqrt(squares) + settings.tiny)


def _adadelta(settings: Settings, memory: Memory, slope: Numbers) -> Numbers:
    squares = memory.mean("squares", slope**2, settings.decay)
    moves = memory.kept.get("moves", np.zeros_like(slope))
    move = slope * np.sqrt(moves + settings.tiny) / np.sqrt(squares + settings.tiny)
    memory.mean("moves", move**2, settings.decay)
    return -settings.rate * move


def _adam(settings: Settings, memory: Memory, slope: Numbers) -> Numbers:
    mean = memory.mean("mean", slope, settings.first)
    squares = memory.mean("squares", slope**2, settings.second)
    mean = mean / (1 - settings.first**memory.steps)
    squares = squares / (1 - settings.second**memory.steps)
    return -settings.rate * mean / (np.sqrt(squares) + settings.tiny)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "SGD": _sgd,
        "momentum": _momentum,
        "Nesterov": _nesterov,
        "AdaGrad": _adagrad,
        "AdaDelta": _adadelta,
        "RMSProp": _rmsprop,
        "Adam": _adam,
    }
)
"""First-order rules by name; each returns the update of the parameters."""
OPTIMIZERS = (*RULES, "Newton")
FORMULAS: Mapping[str, str] = MappingProxyType(
    {
        "SGD": r"\Delta\theta = -\epsilon g",
        "momentum": r"v \leftarrow \alpha v - \epsilon g,\ \Delta\theta = v",
        "Nesterov": r"v \leftarrow \alpha v - \epsilon\,g(\theta + \alpha v)",
        "AdaGrad": r"\Delta\theta = -\epsilon g / (\sqrt{\Sigma g^2} + \delta)",
        "AdaDelta": r"\Delta\theta = -g\,RMS(\Delta\theta) / RMS(g)",
        "RMSProp": r"\Delta\theta = -\epsilon g / \sqrt{\overline{g^2}}",
        "Adam": r"\Delta\theta = -\epsilon \hat{m} / (\sqrt{\hat{v}} + \delta)",
        "Newton": r"\Delta\theta = -H^{-1} g",
    }
)


def newton_step(hessian: Numbers, slope: Numbers) -> Numbers:
    """Return Newton's step −H⁻¹g, by the pseudo-inverse if H is singular."""
    return -np.linalg.pinv(hessian) @ slope


def best_step(hessian: Numbers, slope: Numbers) -> float:
    """Return ε* = gᵀg / gᵀHg, the optimal step along the gradient of a quadratic.

    Infinity where the surface does not curve upward along the gradient.
    """
    bend = float(slope @ hessian @ slope)
    return float(slope @ slope) / bend if bend > 0 else float("inf")


def descend(
    name: str, surface: Surface, start: Numbers, settings: Settings
) -> Iterator[Numbers]:
    """Yield the start and each following point of a descent, endlessly.

    Args:
        name: one of ``OPTIMIZERS``.
        surface: the function to minimize.
        start: (2,).
        settings: of the rule.
    """
    memory, at = Memory(), np.array(start, np.float64)
    while True:
        yield at
        slope = surface.gradient(at)
        memory.steps += 1
        if name == "Newton":
            move = newton_step(surface.hessian(at), slope)
        else:
            move = RULES[name](settings, memory, slope)
        at = at + move


def follow(places: Iterator[Numbers], steps: int) -> tuple[Numbers, int]:
    """Collect a path; return it and the number of its steps before divergence.

    Args:
        places: the start and the point after each step.
        steps: number of steps to collect.

    Returns:
        (steps + 1, 2); a path that diverges, beyond a million, repeats its last point.
    """
    path: list[Numbers] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for place in places:
            if len(path) > steps or not (np.abs(place) < _FARTHEST).all():
                break
            path.append(place)
    made = len(path) - 1
    return np.array(path + [path[-1]] * (steps - made)), made


def search_line(
    surface: Surface, at: Numbers, direction: Numbers, *, first: float = 1.0
) -> float:
    """Return the step of a backtracking line search (Armijo's condition, c = 10⁻⁴).

    Args:
        surface: the function to minimize.
        at: the point, (2,).
        direction: of the search, (2,); downhill.
        first: step that is tried first.
    """
    height = float(surface.value(at[0], at[1]))
    slope = float(surface.gradient(at) @ direction)
    step = first
    for _ in range(60):
        there = at + step * direction
        if float(surface.value(there[0], there[1])) <= height + 1e-4 * step * slope:
            return step
        step /= 2
    return 0.0
