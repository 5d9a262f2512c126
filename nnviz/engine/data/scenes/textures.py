"""Textures of shapes: two-tone patterns."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.data.scenes.noise import fractal_noise

TEXTURES = ("plain", "striped", "checked", "dotted", "zigzag", "mottled")
COLORS = {
    "red": (0.80, 0.12, 0.12),
    "orange": (0.93, 0.48, 0.08),
    "yellow": (0.93, 0.83, 0.15),
    "green": (0.16, 0.60, 0.20),
    "turquoise": (0.12, 0.72, 0.70),
    "blue": (0.13, 0.27, 0.78),
    "purple": (0.48, 0.18, 0.66),
    "pink": (0.95, 0.52, 0.70),
}
"""Each color's RGB in [0, 1]."""

_PERIODS = 8
"""Repetitions of the pattern across a tile."""
_SUPERSAMPLING = 4
_SMALLEST, _LARGEST = 4, 64


def sample(
    texture: str,
    period: float,
    turn: float,
    origin: NDArray[np.float64],
    size: tuple[int, int],
) -> NDArray[np.float32]:
    """Sample a texture over a window, 0 for its first tone and 1 for its second.

    Args:
        texture: one of ``TEXTURES``.
        period: of the pattern, px.
        turn: rotation of the pattern, radians.
        origin: the pattern's origin in the window (x, y), px.
        size: height and width of the window, px.

    Returns:
        float32 (height, width) in [0, 1].
    """
    height, width = size
    if texture == "plain":
        return np.zeros(size, np.float32)
    # A tile about as fine as its display, so that sampling it does not alias.
    fineness = 2 ** round(math.log2(min(max(period, _SMALLEST), _LARGEST)))
    scale = fineness / period
    cosine, sine = scale * np.cos(turn), scale * np.sin(turn)
    matrix = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0]])
    matrix[:, 2] = -matrix[:, :2] @ origin
    return window_of(_tile(texture, fineness), matrix, (width, height))


def window_of(
    tile: NDArray[np.float32], matrix: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Sample a periodic tile over a window, bilinearly, (height, width).

    Args:
        tile: (H, W), periodic.
        matrix: from coordinates in the window to coordinates in the tile, (2, 3).
        size: width and height of the window, px.
    """
    import cv2

    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    wrapped = cv2.BORDER_WRAP
    window = cv2.warpAffine(tile, matrix, size, flags=flags, borderMode=wrapped)
    return np.asarray(window, np.float32)


@cache
def _tile(texture: str, period: int) -> NDArray[np.float32]:
    """Draw a periodic tile of a texture, ``period`` px a repetition."""
    side = _PERIODS * period
    fine = side * _SUPERSAMPLING
    u = (np.arange(fine, dtype=np.float32) + 0.5) * _PERIODS / fine
    x, y = np.meshgrid(u, u)
    match texture:
        case "striped":
            on = y % 1 < 0.5  # noqa: PLR2004
        case "checked":
            on = (x % 1 < 0.5) ^ (y % 1 < 0.5)  # noqa: PLR2004
        case "dotted":
            on = (x % 1 - 0.5) ** 2 + (y % 1 - 0.5) ** 2 < 0.3**2
        case "zigzag":
            on = (y + np.abs(x % 1 - 0.5)) % 1 < 0.5  # noqa: PLR2004
        case _:
            on = fractal_noise(fine, 3.0, 0, coarsest=2 * _PERIODS) > 0.5  # noqa: PLR2004
    blocks = on.reshape(side, _SUPERSAMPLING, side, _SUPERSAMPLING)
    return np.asarray(blocks.mean((1, 3)), np.float32)
