"""Surfaces to descend on: values, gradients and Hessians in closed form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Surface:
    """A function of two variables.

    Attributes:
        title: shown to users.
        formula: in TeX for matplotlib's mathtext.
        value: of x and y, elementwise.
        gradient: at a point (2,).
        hessian: at a point (2, 2).
        window: left, right, bottom, top of the part that is shown.
        start: default starting point of a descent.
        minima: positions of its minima, (M, 2); none for a saddle.
        rate: learning rate that suits plain gradient descent.
    """

    title: str
    formula: str
    value: Callable[[Numbers, Numbers], Numbers]
    gradient: Callable[[Numbers], Numbers]
    hessian: Callable[[Numbers], Numbers]
    window: tuple[float, float, float, float]
    start: tuple[float, float]
    minima: tuple[tuple[float, float], ...]
    rate: float


CONDITION = 20.0
"""Condition number of the canyon: ratio of its Hessian's eigenvalues."""


def _canyon_gradient(at: Numbers) -> Numbers:
    return np.array([at[0], CONDITION * at[1]])


def _saddle_gradient(at: Numbers) -> Numbers:
    return np.array([2 * at[0], -2 * at[1]])


def _beale_terms(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    return 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3


def _beale(x: Numbers, y: Numbers) -> Numbers:
    first, second, third = _beale_terms(x, y)
    return first**2 + second**2 + third**2


def _beale_jacobian(x: float, y: float) -> Numbers:
    return np.array(
        [[y - 1, x], [y**2 - 1, 2 * x * y], [y**3 - 1, 3 * x * y**2]], np.float64
    )


def _beale_gradient(at: Numbers) -> Numbers:
    terms = np.array(_beale_terms(at[0], at[1]))
    return np.asarray(2 * terms @ _beale_jacobian(*at), np.float64)


def _beale_hessian(at: Numbers) -> Numbers:
    x, y = at
    jacobian = _beale_jacobian(x, y)
    first, second, third = _beale_terms(x, y)
    mixed = first + second * 2 * y + third * 3 * y**2
    bent = second * 2 * x + third * 6 * x * y
    curved = np.array([[0, mixed], [mixed, bent]])
    return np.asarray(2 * (jacobian.T @ jacobian + curved), np.float64)


def _rosenbrock(x: Numbers, y: Numbers) -> Numbers:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def _rosenbrock_gradient(at: Numbers) -> Numbers:
    x, y = at
    return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


def _rosenbrock_hessian(at: Numbers) -> Numbers:
    x, y = at
    return np.array([[2 - 400 * (y - 3 * x**2), -400 * x], [-400 * x, 200]])


def _himmelblau(x: Numbers, y: Numbers) -> Numbers:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def _himmelblau_gradient(at: Numbers) -> Numbers:
    x, y = at
    first, second = x**2 + y - 11, x + y**2 - 7
    return np.array([4 * x * first + 2 * second, 2 * first + 4 * y * second])


def _himmelblau_hessian(at: Numbers) -> Numbers:
    x, y = at
    mixed = 4 * (x + y)
    return np.array([[12 * x**2 + 4 * y - 42, mixed], [mixed, 4 * x + 12 * y**2 - 26]])


SURFACES: Mapping[str, Surface] = MappingProxyType(
    {
        "canyon": Surface(
            "Canyon",
            r"\frac{1}{2}(x^2 + 20\,y^2)",
            lambda x, y: (x**2 + CONDITION * y**2) / 2,
            _canyon_gradient,
            lambda _: np.diag([1.0, CONDITION]),
            (-4.5, 1.5, -1.6, 1.6),
            (-4.0, 1.0),
            ((0.0, 0.0),),
            0.09,
        ),
        "saddle": Surface(
            "Saddle",
            r"x^2 - y^2",
            lambda x, y: x**2 - y**2,
            _saddle_gradient,
            lambda _: np.diag([2.0, -2.0]),
            (-2.0, 2.0, -2.0, 2.0),
            (-1.6, 0.01),
            (),
            0.05,
        ),
        "Beale": Surface(
            "Beale",
            r"(1.5-x+xy)^2 + (2.25-x+xy^2)^2 + (2.625-x+xy^3)^2",
            _beale,
            _beale_gradient,
            _beale_hessian,
            (-1.0, 4.5, -2.0, 2.0),
            (1.0, 1.5),
            ((3.0, 0.5),),
            0.005,
        ),
        "Rosenbrock": Surface(
            "Rosenbrock",
            r"(1-x)^2 + 100\,(y-x^2)^2",
            _rosenbrock,
            _rosenbrock_gradient,
            _rosenbrock_hessian,
            (-2.0, 2.0, -1.0, 3.0),
            (-1.5, 2.0),
            ((1.0, 1.0),),
            0.001,
        ),
        "Himmelblau": Surface(
            "Himmelblau",
            r"(x^2+y-11)^2 + (x+y^2-7)^2",
            _himmelblau,
            _himmelblau_gradient,
            _himmelblau_hessian,
            (-5.0, 5.0, -5.0, 5.0),
            (0.0, 4.5),
            (
                (3.0, 2.0),
                (-2.805118, 3.131312),
                (-3.779310, -3.283186),
                (3.584428, -1.848126),
            ),
            0.01,
        ),
    }
)
"""By name; minima of Himmelblau's function to six decimals."""


def condition_number(hessian: Numbers) -> float:
    """Return the Hessian's condition number, by absolute eigenvalues."""
    sizes = np.abs(np.linalg.eigvalsh(hessian))
    return float(sizes.max() / sizes.min()) if sizes.min() > 0 else float("inf")
