"""Attributions by gradients, each as a function of a batch of images."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nnviz.engine.attribution.paths.quadrature import quadrature
from nnviz.engine.nn.gradients import Check, Rule, Score, gradient
from nnviz.engine.nn.relu_backward import ReluRule, changed_relus

RuleName = Literal["gradient", "input x gradient", "guided", "integrated"]


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """The gradient itself."""

    score: Score
    check: Check

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the gradients of a batch."""
        return gradient(self.score, pixels, self.check)[1]


@dataclass(frozen=True, slots=True, eq=False)
class TimesInput:
    """The pixel times its gradient."""

    score: Score
    check: Check

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the products of a batch."""
        return pixels * gradient(self.score, pixels, self.check)[1]


@dataclass(frozen=True, slots=True, eq=False)
class Guided:
    """Guided backpropagation."""

    score: Score
    check: Check

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the guided gradients of a batch."""
        with changed_relus(ReluRule.GUIDED):
            return gradient(self.score, pixels, self.check)[1]


@dataclass(frozen=True, slots=True, eq=False)
class Integrated:
    """Integrated gradients from a black image, by Gauss-Legendre."""

    score: Score
    check: Check
    steps: int

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the integrated gradients of a batch."""
        points, weights = quadrature("gausslegendre", self.steps)
        total = torch.zeros_like(pixels)
        for point, weight in zip(points.tolist(), weights.tolist(), strict=True):
            total += weight * gradient(self.score, point * pixels, self.check)[1]
        return pixels * total


def rule_of(name: RuleName, score: Score, check: Check, steps: int) -> Rule:
    """Return a rule by name.

    Args:
        name: "gradient", "input x gradient", "guided" or "integrated".
        score: the function to differentiate.
        check: called before and after every module.
        steps: points on the path, for integrated gradients.
    """
    match name:
        case "gradient":
            return Plain(score, check)
        case "input x gradient":
            return TimesInput(score, check)
        case "guided":
            return Guided(score, check)
        case "integrated":
            return Integrated(score, check, steps)
