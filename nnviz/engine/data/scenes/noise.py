"""Fractal noise, periodic at its edges, for clouds, stone and bark."""

from functools import cache

import numpy as np
from numpy.typing import NDArray


@cache
def fractal_noise(
    side: int, slope: float, seed: int, coarsest: int = 1
) -> NDArray[np.float32]:
    """Return noise with a power spectrum that falls as ``f ** -slope``.

    Filtered in Fourier space (Voss 1985, "Random fractal forgeries"); natural
    images have slopes near 2 (Field 1987, doi:10.1364/JOSAA.4.002379).

    Args:
        side: of the square, px.
        slope: 1 rough to 4 smooth.
        seed: of the noise.
        coarsest: lowest frequency, cycles per side.

    Returns:
        float32 (side, side), uniformly distributed over [0, 1].
    """
    rng = np.random.default_rng((side, seed))
    white = np.fft.rfft2(rng.standard_normal((side, side), np.float32))
    y, x = np.fft.fftfreq(side, 1 / side)[:, None], np.fft.rfftfreq(side, 1 / side)
    frequency = np.hypot(y, x)
    kept = frequency >= coarsest
    gain = np.where(kept, np.maximum(frequency, 1) ** (-slope / 2), 0)
    values = np.fft.irfft2(white * gain, (side, side))
    # A sixteenth of the values is enough to estimate the ranks of all.
    known = np.sort(values.ravel()[::16])
    spread = np.interp(values.ravel(), known, np.linspace(0, 1, known.size))
    return spread.astype(np.float32).reshape(side, side)


@cache
def grain() -> NDArray[np.float32]:
    """Return a fixed sequence of Gaussian numbers, for sensor noise."""
    return np.random.default_rng(0).standard_normal(2**20, np.float32)
