"""Linear heads: multinomial logistic regression by L-BFGS, and ridge regression."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_PASSES = 300
_TOLERANCE = 1e-7
_LEAST_SPREAD = 1e-6
_PENALTIES = tuple(10.0**exponent for exponent in range(-2, 6))


@dataclass(frozen=True, slots=True, eq=False)
class LinearHead:
    """Weights of a linear layer for unstandardized features.

    Attributes:
        weight: float32 (K, D).
        bias: float32 (K,).
    """

    weight: Tensor
    bias: Tensor

    def __call__(self, features: Tensor) -> Tensor:
        """Return the outputs (N, K) for features (N, D)."""
        return functional.linear(features, self.weight, self.bias)


def fit_logistic_regression(
    features: Tensor, targets: Tensor, classes: int, strength: float = 1.0
) -> LinearHead:
    """Fit multinomial logistic regression with an L2 penalty by L-BFGS.

    Minimizes ``strength * sum(cross entropy) + |W|^2 / 2`` on standardized features, in
    float64 from zero; the bias is not penalized.  The problem is convex: it has one
    minimum, and no random numbers are needed.

    Args:
        features: (N, D).
        targets: int64 (N,), below ``classes``.
        classes: number of outputs.
        strength: of the data relative to the penalty; scikit-learn's ``C``.
    """
    x, mean, spread = _standardized(features)
    weight = torch.zeros(classes, x.shape[1], dtype=x.dtype, requires_grad=True)
    bias = torch.zeros(classes, dtype=x.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=_PASSES,
        tolerance_grad=_TOLERANCE,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        logits = functional.linear(x, weight, bias)
        data = functional.cross_entropy(logits, targets, reduction="sum")
        value = (strength * data + weight.square().sum() / 2) / len(x)
        torch.autograd.backward(value)
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return _unstandardized(weight.detach(), bias.detach(), mean, spread)


def fit_ridge(features: Tensor, targets: Tensor) -> LinearHead:
    """Fit ridge regression with the penalty of least leave-one-out error.

    Hoerl & Kennard 1970 (doi:10.1080/00401706.1970.10488634); leave-one-out residuals
    in closed form (Allen's PRESS) from the dual.

    Args:
        features: (N, D).
        targets: (N,).
    """
    x, mean, spread = _standardized(features)
    center = targets.double().mean()
    y = targets.double() - center
    values, vectors = torch.linalg.eigh(x @ x.T)
    best, chosen = float("inf"), y
    for penalty in _PENALTIES:
        inverse = (vectors / (values.clamp(min=0) + penalty)) @ vectors.T
        dual = inverse @ y
        error = (dual / inverse.diagonal()).square().mean().item()
        if error < best:
            best, chosen = error, dual
    return _unstandardized((x.T @ chosen)[None], center[None], mean, spread)


def _standardized(features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return standardized features, their means and their standard deviations."""
    x = features.double()
    mean, spread = x.mean(0), x.std(0, correction=0).clamp(min=_LEAST_SPREAD)
    return (x - mean) / spread, mean, spread


def _unstandardized(
    weight: Tensor, bias: Tensor, mean: Tensor, spread: Tensor
) -> LinearHead:
    """Convert a head for standardized features to one for unstandardized features."""
    plain = weight / spread
    return LinearHead(plain.float(), (bias - plain @ mean).float())
