"""Optimizers, schedules, initializations, losses and penalties of training runs."""

import math
from collections.abc import Callable, Iterable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

OptimizerName = Literal[
    "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamw"
]
Schedule = Literal["constant", "cosine", "steps", "one cycle"]
Initialization = Literal["kaiming", "xavier", "small normal", "large normal", "zeros"]
LossName = Literal["cross entropy", "squared error"]
_MOMENTUM = 0.9
_WARM_UP = 0.3
_FALLS = (0.5, 0.75)
"""Fractions of a run after which the schedule "steps" divides the rate by ten."""


def make_optimizer(
    name: OptimizerName, weights: Iterable[Tensor], rate: float
) -> torch.optim.Optimizer:
    """Build an optimizer with torch's default constants; momentum is 0.9."""
    return _MAKERS[name](list(weights), rate)


def _sgd(weights: list[Tensor], rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(weights, rate)


def _momentum(weights: list[Tensor], rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(weights, rate, momentum=_MOMENTUM)


def _nesterov(weights: list[Tensor], rate: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(weights, rate, momentum=_MOMENTUM, nesterov=True)


_MAKERS: dict[OptimizerName, Callable[[list[Tensor], float], torch.optim.Optimizer]]
_MAKERS = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


def scheduled(schedule: Schedule, progress: float) -> float:
    """Return the learning rate's factor at a progress in [0, 1] of the run."""
    match schedule:
        case "constant":
            return 1.0
        case "cosine":
            return (1 + math.cos(math.pi * progress)) / 2
        case "steps":
            falls = sum(progress >= fall for fall in _FALLS)
            return float(0.1**falls)
        case "one cycle":
            if progress < _WARM_UP:
                return max(progress / _WARM_UP, 0.04)
            return (1 + math.cos(math.pi * (progress - _WARM_UP) / (1 - _WARM_UP))) / 2


def initialize(net: nn.Module, how: Initialization, generator: torch.Generator) -> None:
    """Initialize the weights of convolutions and linear layers; biases become 0."""
    draw: dict[Initialization, Callable[[Tensor], object]] = {
        "kaiming": lambda w: nn.init.kaiming_normal_(w, generator=generator),
        "xavier": lambda w: nn.init.xavier_normal_(w, generator=generator),
        "small normal": lambda w: nn.init.normal_(w, 0, 0.01, generator=generator),
        "large normal": lambda w: nn.init.normal_(w, 0, 1.0, generator=generator),
        "zeros": nn.init.zeros_,
    }
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear | nn.ConvTranspose2d):
            draw[how](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def loss_of(
    logits: Tensor, labels: Tensor, name: LossName, smoothing: float = 0.0
) -> Tensor:
    """Return the mean loss of logits (N, K) for classes (N,).

    The squared error of the softmax to the one-hot classes, summed over the classes.

    Args:
        logits: (N, K).
        labels: int64 (N,).
        name: of the loss.
        smoothing: fraction of the target that is spread over all classes (Szegedy et
            al. 2016, arXiv:1512.00567, sec. 7).
    """
    if name == "cross entropy":
        return functional.cross_entropy(logits, labels, label_smoothing=smoothing)
    classes = logits.shape[1]
    target = functional.one_hot(labels, classes).to(logits.dtype)
    target = target * (1 - smoothing) + smoothing / classes
    return (logits.softmax(1) - target).square().sum(1).mean()


def penalty(net: nn.Module, l1: float, l2: float) -> Tensor | float:
    """Return ``l1 * sum |w| + l2 / 2 * sum w^2`` over weights without biases."""
    if not (l1 or l2):
        return 0.0
    kernels = (nn.Conv2d, nn.Linear, nn.ConvTranspose2d)
    weights = [m.weight for m in net.modules() if isinstance(m, kernels)]
    total: Tensor | float = 0.0
    for weight in weights:
        if l1:
            total = total + l1 * weight.abs().sum()
        if l2:
            total = total + l2 / 2 * weight.square().sum()
    return total
