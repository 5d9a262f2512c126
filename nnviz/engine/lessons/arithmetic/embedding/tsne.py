"""t-SNE: stochastic neighbor embedding with Student's t (van der Maaten & Hinton 2008).

JMLR 9:2579.  Exact, for a few hundred points; its forces are springs between the points
of the map.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingStep:
    """One step of t-SNE's gradient descent.

    Attributes:
        places: of the points in the map, (N, 2), after it.
        divergence: KL(P‖Q) before it, without exaggeration, nats.
        gradient: ∂KL/∂y, (N, 2), of the exaggerated P.
    """

    places: Numbers
    divergence: float
    gradient: Numbers


def square_distances(points: Numbers) -> Numbers:
    """Return squared Euclidean distances between points (N, D), (N, N)."""
    squares = np.square(points).sum(axis=1)
    found = squares[:, None] + squares[None] - 2 * points @ points.T
    np.fill_diagonal(found, 0)
    return np.asarray(np.maximum(found, 0), np.float64)


def neighbor_probabilities(points: Numbers, perplexity: float) -> Numbers:
    """Return the symmetric affinities p (N, N) of a given perplexity.

    Each point's Gaussian is widened by bisection until 2^entropy of its neighbors'
    probabilities is the perplexity; then p = (p_j|i + p_i|j) / 2N.
    """
    squared = square_distances(points)
    count = len(points)
    wanted = np.log(min(perplexity, (count - 1) * 0.99))
    low, high = np.zeros(count), np.full(count, np.inf)
    precision = np.full(count, 1 / max(float(np.median(squared)), _TINY))
    conditional = _conditional(squared, precision)
    for _ in range(64):
        too_wide = _entropy(conditional) > wanted
        low = np.where(too_wide, precision, low)
        high = np.where(too_wide, high, precision)
        precision = np.where(np.isinf(high), 2 * precision, (low + high) / 2)
        conditional = _conditional(squared, precision)
    return (conditional + conditional.T) / (2 * count)


def _conditional(squared: Numbers, precision: Numbers) -> Numbers:
    scores = -squared * precision[:, None]
    np.fill_diagonal(scores, -np.inf)
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float64)


def _entropy(conditional: Numbers) -> Numbers:
    logs = np.log(np.maximum(conditional, _TINY))
    return np.asarray(-(conditional * logs).sum(axis=1), np.float64)


def map_probabilities(places: Numbers) -> tuple[Numbers, Numbers]:
    """Return the map's affinities q (N, N) and its kernel (1 + d²)⁻¹, zero diagonal."""
    kernel = 1 / (1 + square_distances(places))
    np.fill_diagonal(kernel, 0)
    return kernel / kernel.sum(), kernel


def kl_divergence(p: Numbers, q: Numbers) -> float:
    """Return KL(P‖Q) in nats."""
    return float((p * np.log(np.maximum(p, _TINY) / np.maximum(q, _TINY))).sum())


def spring_forces(p: Numbers, places: Numbers) -> tuple[Numbers, Numbers]:
    """Return the attractive and the repulsive force on each point, (N, 2) each.

    Their sum is the negative of the gradient 4 Σ (p − q)(1 + d²)⁻¹(y_i − y_j).
    """
    q, kernel = map_probabilities(places)
    return -4 * _pull(p * kernel, places), 4 * _pull(q * kernel, places)


def _pull(stiffness: Numbers, places: Numbers) -> Numbers:
    total: Numbers = stiffness.sum(axis=1)[:, None]
    pulled: Numbers = total * places - stiffness @ places
    return pulled


def embed(
    p: Numbers,
    places: Numbers,
    *,
    rate: float,
    exaggeration: float = 4.0,
    exaggerated: int = 100,
) -> Iterator[EmbeddingStep]:
    """Yield the steps of gradient descent with momentum and gains, endlessly.

    Args:
        p: from ``neighbor_probabilities``.
        places: at the start, (N, 2).
        rate: learning rate.
        exaggeration: factor of p in the first steps, so that clusters form.
        exaggerated: number of those steps.
    """
    speed, gains = np.zeros_like(places), np.ones_like(places)
    number = 0
    while True:
        early = number < exaggerated
        q, kernel = map_probabilities(places)
        stronger = p * (exaggeration if early else 1)
        gradient = 4 * _pull((stronger - q) * kernel, places)
        grows = np.sign(gradient) != np.sign(speed)
        gains = np.maximum(np.where(grows, gains + 0.2, gains * 0.8), 0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gains * gradient
        places = places + speed
        places = places - places.mean(axis=0)
        yield EmbeddingStep(places, kl_divergence(p, q), gradient)
        number += 1
