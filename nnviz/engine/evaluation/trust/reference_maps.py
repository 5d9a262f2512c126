"""Reference maps that do not depend on the network, as baselines of the measures."""

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float64]


def random_map(size: tuple[int, int], random: np.random.Generator) -> Map:
    """Return a map of uniform noise, (H, W)."""
    return random.random(size)


def edge_map(image: NDArray[np.floating]) -> Map:
    """Return the gradient magnitude of the image's brightness (Sobel), (H, W).

    Args:
        image: (H, W, C).
    """
    gray = np.pad(image.mean(axis=2, dtype=np.float64), 1, mode="edge")
    down = gray[2:] - gray[:-2]
    across = gray[:, 2:] - gray[:, :-2]
    down = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    across = across[:-2] + 2 * across[1:-1] + across[2:]
    edges: Map = np.hypot(down, across)
    return edges
