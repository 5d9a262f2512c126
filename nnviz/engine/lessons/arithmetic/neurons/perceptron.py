"""Perceptron: Rosenblatt's rule, its convergence bound, the maximum margin.

Rosenblatt 1958 (doi:10.1037/h0042519); the bound by Novikoff 1962.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PerceptronStep:
    """One update, or one pass over inputs that were all classified correctly.

    Attributes:
        pass_number: from 1.
        indices: inputs presented since the last update.
        outputs: 0 or 1 for each of them, before the update.
        errors: target minus output for each of them.
        before: weights that the outputs were computed with.
        weights: after the update.
    """

    pass_number: int
    indices: tuple[int, ...]
    outputs: Numbers
    errors: Numbers
    before: Numbers
    weights: Numbers

    @property
    def changed(self) -> bool:
        """Whether an input was misclassified."""
        return bool(np.any(self.errors))


def decide(inputs: Numbers, weights: Numbers) -> Numbers:
    """Return 1 where the weighted sum is zero or more, else 0."""
    return (inputs @ weights >= 0).astype(np.float64)


def learn_perceptron(
    inputs: Numbers,
    targets: Numbers,
    weights: Numbers,
    *,
    rate: float = 1.0,
    batch: int = 1,
    passes: int = 100,
) -> Iterator[PerceptronStep]:
    """Yield the steps of Rosenblatt's rule until a whole pass changes nothing.

    Args:
        inputs: (N, D), presented in this order; a bias is an input that is always 1.
        targets: 0 or 1, (N,).
        weights: at the start, (D,).
        rate: factor of each update.
        batch: inputs whose updates are summed before the weights change.
        passes: number of passes after which the rule gives up.
    """
    for number in range(1, passes + 1):
        changed = False
        for start in range(0, len(inputs), batch):
            part = slice(start, start + batch)
            outputs = decide(inputs[part], weights)
            errors = targets[part] - outputs
            before, weights = weights, weights + rate * errors @ inputs[part]
            indices = tuple(range(start, start + len(outputs)))
            step = PerceptronStep(number, indices, outputs, errors, before, weights)
            changed |= step.changed
            yield step
        if not changed:
            return


def find_maximum_margin(
    points: Numbers, targets: Numbers
) -> tuple[Numbers, float, float] | None:
    """Return the maximum-margin line between two classes: a hard-margin linear SVM.

    The line is midway between the nearest points of the two convex hulls, which in the
    plane are a vertex of one and a vertex or an edge of the other.

    Args:
        points: (N, 2).
        targets: 0 or 1, (N,).

    Returns:
        Its unit normal (2,), its offset (normal · x + offset = 0 on it) and the
        distance to the nearest points; None where no line separates the classes.
    """
    first, second = points[targets == 1], points[targets == 0]
    if not len(first) or not len(second):
        return None
    from_second = _shortest(second, first)
    to_first = -_shortest(first, second)
    gap = min(from_second, to_first, key=lambda each: float(each @ each))
    width = float(np.linalg.norm(gap))
    if width == 0:
        return None
    normal = gap / width
    low, high = float((first @ normal).min()), float((second @ normal).max())
    if low <= high:
        return None
    return normal, -(low + high) / 2, (low - high) / 2


def _shortest(corners: Numbers, others: Numbers) -> Numbers:
    """Return the shortest vector from a segment of ``corners`` to another point."""
    starts = corners[:, None, None, :]
    along = corners[None, :, None, :] - starts
    towards = others[None, None, :, :] - starts
    length = np.square(along).sum(-1)
    share = (along * towards).sum(-1) / np.where(length > 0, length, 1)
    gaps = towards - np.clip(share, 0, 1)[..., None] * along
    gaps = gaps.reshape(-1, corners.shape[1])
    return np.asarray(gaps[np.square(gaps).sum(-1).argmin()], np.float64)


def convergence_bound(inputs: Numbers, targets: Numbers, separator: Numbers) -> float:
    """Return the upper bound on the rule's updates from zero weights, η = 1.

    β‖w₀‖²/α², with α the smallest w₀ · x over the inputs of class 1 and the negated
    ones of class 0, and β the largest ‖x‖².

    Args:
        inputs: (N, D).
        targets: 0 or 1, (N,).
        separator: weights w₀ that separate the classes, (D,).

    Returns:
        The bound; infinity where ``separator`` does not separate them.
    """
    turned = np.where(targets[:, None] > 0, inputs, -inputs)
    nearest = float((turned @ separator).min())
    if nearest <= 0:
        return float("inf")
    longest = float(np.square(inputs).sum(axis=1).max())
    return longest * float(separator @ separator) / nearest**2
