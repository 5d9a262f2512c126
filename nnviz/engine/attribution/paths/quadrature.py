"""Quadrature rules on [0, 1]: points and weights."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Quadrature = Literal["gausslegendre", "midpoint", "left", "right", "trapezoid"]
Numbers = NDArray[np.float64]


def quadrature(rule: Quadrature, count: int) -> tuple[Numbers, Numbers]:
    """Return ascending points in [0, 1] and weights that add up to 1, (count,) each.

    Gauss-Legendre integrates polynomials up to degree 2 count - 1 exactly; it, midpoint
    ("riemann_middle"), left and right are captum's.  Captum's trapezoid has weights
    that sum to 1 - 1/count only; here they sum to 1.

    Args:
        rule: determines the positions of the points.
        count: at least 1; the trapezoid rule needs 2.
    """
    even = np.arange(count, dtype=np.float64)
    same = np.full(count, 1 / count)
    match rule:
        case "gausslegendre":
            points, weights = np.polynomial.legendre.leggauss(count)
            return (1 + points) / 2, weights / 2
        case "midpoint":
            return (even + 0.5) / count, same
        case "left":
            return even / count, same
        case "right":
            return (even + 1) / count, same
        case "trapezoid":
            ends = np.full(count, 1 / (count - 1))
            ends[[0, -1]] /= 2
            return even / (count - 1), ends


def spread_out(count: int) -> NDArray[np.int64]:
    """Return an order of 0 ... count - 1 of which every prefix is evenly spread.

    The van der Corput sequence in base 2: an average over the first few of many points
    approximates that over all of them.
    """
    bits = max(1, (count - 1).bit_length())
    codes = np.arange(1 << bits)
    reversed_bits = np.zeros_like(codes)
    for index in range(bits):
        reversed_bits |= ((codes >> index) & 1) << (bits - 1 - index)
    return reversed_bits[reversed_bits < count].astype(np.int64)
