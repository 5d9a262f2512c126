"""Style images drawn by the program, free of others' rights."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
ColorImage = NDArray[np.float32]
"""(S, S, 3) in [0, 1]."""

SIDE = 512
_TESSERAE = 36
"""Stones of a mosaic along one side."""
_GROUT = np.array((0.93, 0.90, 0.84))
_SHORE = ("#0b2545", "#13547a", "#1f8a9c", "#80ced7", "#f4ead5", "#f4c95d", "#e4572e")
_GLASS = ("#7a1f3d", "#c8553d", "#f28f3b", "#ffd275", "#2d6a6a", "#14394d", "#3c1642")
_NIGHT = ("#0a1128", "#14306b", "#2f6fb0", "#8fc3dd", "#f7ecb0", "#f2b632", "#1f5a6b")
_RIM = 0.40
"""Distance from the center of a band of paint at which its darker rim begins."""


def marbling(side: int = SIDE) -> ColorImage:
    """Draw marbling: combed bands of color that fold into one another."""
    y, x = _places(side)
    comb = 0.035 * np.sin(2 * np.pi * (7 * x + 0.2 * _smooth(side, 1, 3)))
    down = y + 0.10 * _smooth(side, 2, 2.5) + comb
    across = x + 0.10 * _smooth(side, 3, 2.5)
    # Warping with itself folds the bands back onto themselves.
    fold = _sampled(_smooth(side, 4, 2.0), down, across)
    bands = 21 * (down + 0.16 * fold)
    tone = _painted(np.floor(bands) / 7, _SHORE)
    rim = np.clip((np.abs(bands % 1 - 0.5) - _RIM) / (0.5 - _RIM), 0, 1)
    fine = 1 + 0.05 * _smooth(side, 5, 60)
    return _clipped(tone * (1 - 0.45 * rim[..., None]) * fine[..., None])


def mosaic(side: int = SIDE) -> ColorImage:
    """Draw a mosaic: small stones with light joints along winding rows."""
    rng = np.random.default_rng(11)
    jitter = rng.uniform(0.22, 0.78, (_TESSERAE, _TESSERAE, 2))
    y, x = _places(side)
    bent = (y + 0.05 * np.sin(2 * np.pi * x), x + 0.05 * np.sin(2 * np.pi * y))
    stone, gap = _cells(np.stack(bent, -1) * _TESSERAE, jitter)
    tones = (
        0.5 + 0.24 * _smooth(_TESSERAE, 12, 2) + rng.normal(0, 0.07, (_TESSERAE,) * 2)
    )
    light = rng.normal(1, 0.10, (_TESSERAE, _TESSERAE, 1))
    stones = (_painted(tones, _GLASS) * light).reshape(-1, 3)
    joint = np.clip(1.5 - gap / _TESSERAE * side / 2.5, 0, 1)[..., None]
    face = stones[stone] * (1 + 0.06 * _smooth(side, 13, 40)[..., None])
    return _clipped(face * (1 - joint) + _GROUT * joint)


def strokes(side: int = SIDE) -> ColorImage:
    """Draw thick, short, curved brush strokes that follow a swirl."""
    down, across = np.gradient(_smooth(side, 21, 2.2))
    length = np.hypot(down, across) + 1e-6
    along = (-across / length, down / length)
    dabs = _smeared(_smooth(side, 23, 42), along, 13)
    tones = 0.45 + 0.20 * _smooth(side, 22, 2.6) + 0.16 * dabs / dabs.std()
    bristles = _smeared(_smooth(side, 24, 90), along, 16)
    light = np.gradient(bristles / bristles.std())
    lit = 1 + 0.16 * (light[0] - light[1])
    return _clipped(_painted(tones, _NIGHT) * lit[..., None])


PATTERNS: dict[str, Callable[[], ColorImage]] = {
    "marbling": marbling,
    "mosaic": mosaic,
    "strokes": strokes,
}
"""Functions that draw them, by name."""


@cache
def pattern(name: str) -> ColorImage:
    """Return a pattern by name, read-only."""
    picture = PATTERNS[name]()
    picture.flags.writeable = False
    return picture


def _places(side: int) -> tuple[Numbers, Numbers]:
    """Return the coordinates y and x of each pixel's center in [0, 1)."""
    line = (np.arange(side) + 0.5) / side
    y, x = np.meshgrid(line, line, indexing="ij")
    return y, x


def _smooth(side: int, seed: int, cycles: float) -> Numbers:
    """Return smooth periodic noise of mean 0 and standard deviation 1.

    Args:
        side: of the square, px.
        seed: of the noise.
        cycles: approximate number of waves per side.
    """
    white = np.fft.rfft2(np.random.default_rng(seed).standard_normal((side, side)))
    y, x = np.fft.fftfreq(side, 1 / side)[:, None], np.fft.rfftfreq(side, 1 / side)
    frequency = np.hypot(y, x)
    band = frequency * np.exp(-((frequency / cycles) ** 2))
    values: Numbers = np.fft.irfft2(white * band, (side, side))
    values /= values.std()
    return values


def _sampled(field: Numbers, y: Numbers, x: Numbers) -> Numbers:
    """Sample a periodic field at coordinates in units of its side."""
    side = len(field)
    found: Numbers = field[_wrapped(y * side, side), _wrapped(x * side, side)]
    return found


def _wrapped(places: Numbers, side: int) -> Numbers:
    whole: Numbers = np.floor(places).astype(int) % side
    return whole


def _painted(values: Numbers, colors: Sequence[str]) -> Numbers:
    """Map values (turns) to a color wheel, RGB (..., 3), blended between colors."""
    wheel = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colors])
    place = (values % 1) * len(colors)
    first = place.astype(int) % len(colors)
    share = np.clip(2 * (place % 1) - 1, 0, 1)[..., None]
    painted: Numbers
    painted = wheel[first] * (1 - share) + wheel[(first + 1) % len(colors)] * share
    return painted


def _cells(places: Numbers, centers: Numbers) -> tuple[Numbers, Numbers]:
    """Return each point's nearest Voronoi center, and its lead over the second.

    Args:
        places: (S, S, 2), in units of a cell.
        centers: (K, K, 2), one in each cell of a grid that repeats.

    Returns:
        Index of the center, row by row, and the difference of the two distances.
    """
    count = len(centers)
    cell = np.floor(places).astype(int)
    best, second = (np.full(places.shape[:2], np.inf) for _ in range(2))
    index = np.zeros(places.shape[:2], int)
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            near = cell + np.array((row, column))
            y, x = near[..., 0] % count, near[..., 1] % count
            far = np.linalg.norm(near + centers[y, x] - places, axis=2)
            nearer = far < best
            second = np.where(nearer, best, np.minimum(second, far))
            index = np.where(nearer, y * count + x, index)
            best = np.minimum(best, far)
    return index, second - best


def _smeared(field: Numbers, along: tuple[Numbers, Numbers], reach: int) -> Numbers:
    """Line integral convolution of a field along a flow (Cabral & Leedom 1993).

    Args:
        field: (S, S), periodic.
        along: steps of 1 px down and to the right.
        reach: steps in either direction.
    """
    side = len(field)
    total = field.copy()
    for way in (1, -1):
        y, x = np.mgrid[:side, :side] + 0.5
        for _ in range(reach):
            here = _wrapped(y, side), _wrapped(x, side)
            y, x = y + way * along[0][here], x + way * along[1][here]
            total += field[_wrapped(y, side), _wrapped(x, side)]
    return total / (2 * reach + 1)


def _clipped(picture: Numbers) -> ColorImage:
    return np.clip(picture, 0, 1).astype(np.float32)
