"""Hopfield network, an associative memory: doi:10.1073/pnas.79.8.2554 (1982)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RecallStep:
    """One asynchronous update of a unit.

    Attributes:
        unit: index of the updated unit; -1 at the start.
        state: −1 or 1 for each unit, (N,).
        energy: −½ sᵀWs; never rises.
    """

    unit: int
    state: Numbers
    energy: float


def store_hebbian(patterns: Numbers) -> Numbers:
    """Return the Hebbian weights (N, N) = (1/N) Σ x xᵀ without the diagonal.

    Args:
        patterns: −1 or 1, (P, N).
    """
    weights = patterns.T @ patterns / patterns.shape[1]
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float64)


def store_projection(patterns: Numbers) -> Numbers:
    """Return the projection rule's weights, which store any independent patterns.

    The pseudo-inverse rule (Personnaz et al. 1985): projection onto their span.
    """
    weights = np.linalg.pinv(patterns) @ patterns
    np.fill_diagonal(weights, 0)
    return np.asarray(weights, np.float64)


def energy_of(weights: Numbers, state: Numbers) -> float:
    """Return the energy −½ sᵀWs."""
    return float(-0.5 * state @ weights @ state)


def recall(
    weights: Numbers, state: Numbers, order: NDArray[np.int64]
) -> Iterator[RecallStep]:
    """Yield the start and each flipped unit until the state is stable.

    Args:
        weights: symmetric, (N, N), zero diagonal.
        state: −1 or 1, (N,).
        order: of the updates, repeated cyclically, (N,).
    """
    yield RecallStep(-1, state, energy_of(weights, state))
    changed = True
    while changed:
        changed = False
        for unit in order:
            drive = float(weights[unit] @ state)
            if drive * state[unit] >= 0:
                continue
            state = state.copy()
            state[unit] = -state[unit]
            changed = True
            yield RecallStep(int(unit), state, energy_of(weights, state))
