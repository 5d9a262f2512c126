"""Self-organizing map (Kohonen 1982, doi:10.1007/BF00337288)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MapStep:
    """One update of the map by an input.

    Attributes:
        nodes: weights of the nodes, (rows × columns, D).
        winner: index of the best matching node.
        sample: the presented input, (D,).
        radius: of the neighborhood, in nodes.
        rate: how far the winner moves toward the sample.
    """

    nodes: Numbers
    winner: int
    sample: Numbers
    radius: float
    rate: float


def grid_distances(rows: int, columns: int) -> Numbers:
    """Return squared distances between nodes on the grid, (R · C, R · C)."""
    row, column = np.divmod(np.arange(rows * columns, dtype=np.float64), columns)
    places = np.stack([row, column], axis=1)
    found: Numbers = np.square(places[:, None] - places[None]).sum(axis=-1)
    return found


def learn_map(
    samples: Numbers,
    nodes: Numbers,
    distances: Numbers,
    *,
    radius: tuple[float, float],
    rate: tuple[float, float],
) -> Iterator[MapStep]:
    """Yield a step for each sample: the winner and its neighbors move toward it.

    Args:
        samples: in the order of presentation, (N, D).
        nodes: at the start, (M, D).
        distances: squared, between nodes on their grid, (M, M).
        radius: first and last standard deviation of the neighborhood, in nodes.
        rate: first and last; radius and rate fall geometrically.
    """
    count = max(1, len(samples) - 1)
    for number, sample in enumerate(samples):
        share = number / count
        spread = radius[0] * (radius[1] / radius[0]) ** share
        pull = rate[0] * (rate[1] / rate[0]) ** share
        winner = int(np.square(nodes - sample).sum(axis=1).argmin())
        near = np.exp(-distances[winner] / (2 * spread**2))
        nodes = nodes + pull * near[:, None] * (sample - nodes)
        yield MapStep(nodes, winner, sample, spread, pull)


def quantization_error(samples: Numbers, nodes: Numbers) -> float:
    """Return the mean distance from a sample to its nearest node."""
    gaps = np.square(samples[:, None] - nodes[None]).sum(axis=-1)
    return float(np.sqrt(gaps.min(axis=1)).mean())
