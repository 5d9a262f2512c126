"""Linear probes: logistic regression on features, judged by cross-validation.

Alain and Bengio 2016, arXiv:1610.01644.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

FOLDS = 5
_PENALTY = 1e-3
"""Of the squared weights, on features of unit variance."""
_ITERATIONS = 60
Check = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class LinearProbe:
    """A logistic regression on standardized features.

    Attributes:
        weight: (K, d), for features that are not standardized.
        bias: (K,).
    """

    weight: Tensor
    bias: Tensor

    def logits(self, features: Tensor) -> Tensor:
        """Return the logits of features (n, d)."""
        return features @ self.weight.T + self.bias


def fit_probe(
    features: Tensor,
    labels: Tensor,
    classes: int,
    penalty: float = _PENALTY,
    check: Check = lambda: None,
) -> LinearProbe:
    """Fit by L-BFGS: mean cross entropy plus ``penalty`` / 2 times squared weights.

    Args:
        features: float32 (n, d).
        labels: int64 (n,), in [0, classes).
        classes: number of classes.
        penalty: on features of mean 0 and variance 1.
        check: raises to stop.
    """
    mean = features.mean(0)
    spread = features.std(0, correction=0)
    scale = torch.where(spread > 0, 1 / spread.clamp_min(1e-12), 0)
    standard = (features - mean) * scale
    weight = torch.zeros(classes, features.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=_ITERATIONS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        check()
        optimizer.zero_grad()
        logits = standard @ weight.T + bias
        found = functional.cross_entropy(logits, labels)
        found = found + penalty / 2 * weight.square().sum()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    plain = weight.detach() * scale
    return LinearProbe(plain, bias.detach() - plain @ mean)


def held_out_probabilities(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    classes: int,
    *,
    seed: int = 0,
    check: Check = lambda: None,
) -> NDArray[np.float32]:
    """Return out-of-fold probabilities (n, classes) of linear probes.

    Each of ``FOLDS`` parts, stratified by class, is predicted by a probe trained on the
    others.
    """
    folds = stratified_folds(labels, FOLDS, seed)
    values = torch.from_numpy(np.asarray(features, np.float32))
    truth = torch.from_numpy(np.asarray(labels, np.int64))
    found = np.zeros((len(labels), classes), np.float32)
    for fold in range(FOLDS):
        part = torch.from_numpy(folds == fold)
        if not bool(part.any()) or bool(part.all()):
            continue
        probe = fit_probe(values[~part], truth[~part], classes, check=check)
        found[part.numpy()] = probe.logits(values[part]).softmax(1).numpy()
    return found


def stratified_folds(
    labels: NDArray[np.int64], folds: int, seed: int
) -> NDArray[np.int64]:
    """Return the stratified fold of each image, (n,)."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    found = np.empty(len(labels), np.int64)
    found[order] = np.arange(len(labels)) % folds
    return found
