"""Coalitions of superpixels, and the linear models of LIME and KernelSHAP.

LIME: Ribeiro et al. 2016, arXiv:1602.04938.  KernelSHAP: Lundberg & Lee 2017,
arXiv:1705.07874, section 4.1.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Kept = NDArray[np.bool_]
Numbers = NDArray[np.float64]
_MOST_REGIONS = 16
"""With more regions there are too many coalitions to score all of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Coalitions:
    """Coalitions of regions, with the weights of their scores.

    Attributes:
        kept: (N, M), whether a region is seen.
        weights: (N,), of the squared errors.
        complete: whether all coalitions occur exactly once, so that the fit is exact.
    """

    kept: Kept
    weights: Numbers
    complete: bool = False

    def __len__(self) -> int:
        """Return the number of coalitions."""
        return len(self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted linear model: the contribution of each region to the score.

    Attributes:
        values: (M,).
        errors: (M,), standard errors; zero where nothing was estimated.
        explained: fraction of the scores' weighted variance that the model explains.
    """

    values: Numbers
    errors: Numbers
    explained: float


def lime_coalitions(
    regions: int, count: int, width: float, random: np.random.Generator
) -> Coalitions:
    """Sample coalitions as LIME does, the whole image first.

    Each region is kept with probability 1/2; weights are the square root of exp(-d^2 /
    width^2), d the cosine distance to the whole image.
    """
    kept = random.random((count, regions)) < 0.5  # noqa: PLR2004  a fair coin
    kept[0] = True
    share = kept.mean(1)
    distances = 1 - np.sqrt(share)  # of 0/1 vectors to that of ones
    return Coalitions(kept, np.sqrt(np.exp(-(distances**2) / width**2)))


def fit_lime(coalitions: Coalitions, scores: Numbers, ridge: float = 1.0) -> Fit:
    """Fit LIME's linear model: ridge regression with an intercept.

    Args:
        coalitions: N of M regions.
        scores: (N,).
        ridge: penalty of the squared weights; the intercept has none.
    """
    x, w = coalitions.kept.astype(np.float64), coalitions.weights
    mean_x, mean_y = w @ x / w.sum(), float(w @ scores / w.sum())
    centered, target = x - mean_x, scores - mean_y
    gram = centered.T @ (w[:, None] * centered) + ridge * np.eye(x.shape[1])
    inverse = np.linalg.inv(gram).astype(np.float64)
    values = inverse @ (centered.T @ (w * target))
    return _fit(values, centered, target, w, inverse)


def shapley_coalitions(
    regions: int, count: int, random: np.random.Generator
) -> Coalitions:
    """Sample coalitions by the Shapley kernel, never the empty or the whole one.

    If there are at most ``count``, all of them with the kernel's weights; else sizes
    drawn from the kernel and regions at random, each with its complement (Covert & Lee
    2021, arXiv:2012.01536, section 4.2), all of weight 1.

    Args:
        regions: M, at least 2.
        count: approximate number of coalitions.
        random: source of the draws.
    """
    if regions <= _MOST_REGIONS and 2**regions - 2 <= count:
        return _all_coalitions(regions)
    sizes = np.arange(1, regions)
    chances = 1 / (sizes * (regions - sizes))
    drawn = random.choice(sizes, -(-count // 2), p=chances / chances.sum())
    kept = np.zeros((2 * len(drawn), regions), np.bool_)
    for index, size in enumerate(drawn):
        kept[2 * index, random.permutation(regions)[:size]] = True
        kept[2 * index + 1] = ~kept[2 * index]
    return Coalitions(kept, np.ones(len(kept)))


def _all_coalitions(regions: int) -> Coalitions:
    kept, weights = [], []
    for size in range(1, regions):
        weight = (regions - 1) / (comb(regions, size) * size * (regions - size))
        for chosen in combinations(range(regions), size):
            row = np.zeros(regions, np.bool_)
            row[list(chosen)] = True
            kept.append(row)
            weights.append(weight)
    return Coalitions(np.array(kept), np.array(weights), complete=True)


def fit_shapley(
    coalitions: Coalitions, scores: Numbers, whole: float, none: float
) -> Fit:
    """Fit Shapley values: regression constrained to add up to the score's difference.

    Args:
        coalitions: of M regions, none empty and none whole.
        scores: (N,).
        whole: the score with all regions.
        none: the score without any.
    """
    x, w = coalitions.kept.astype(np.float64), coalitions.weights
    # The last region gets the remainder of the difference.
    last, due = x[:, -1:], whole - none
    reduced = x[:, :-1] - last
    target = scores - none - last[:, 0] * due
    # If the coalitions do not determine some region's value, it stays zero.
    gram = reduced.T @ (w[:, None] * reduced)
    inverse = np.linalg.pinv(gram, hermitian=True).astype(np.float64)
    values = inverse @ (reduced.T @ (w * target))
    found = _fit(values, reduced, target, w, inverse)
    errors = np.zeros(x.shape[1])
    if not coalitions.complete:
        covariance = _covariance(values, reduced, target, w, inverse, together=2)
        errors[:-1] = np.sqrt(np.diag(covariance).clip(min=0))
        errors[-1] = np.sqrt(max(0.0, covariance.sum()))
    return Fit(np.append(values, due - values.sum()), errors, found.explained)


def _fit(
    values: Numbers, x: Numbers, target: Numbers, w: Numbers, inverse: Numbers
) -> Fit:
    covariance = _covariance(values, x, target, w, inverse)
    rest = float(w @ np.square(target - x @ values))
    spread = float(w @ np.square(target - w @ target / w.sum()))
    explained = 1 - rest / spread if spread else 1.0
    return Fit(values, np.sqrt(np.diag(covariance).clip(min=0)), explained)


def _covariance(
    values: Numbers,
    x: Numbers,
    target: Numbers,
    w: Numbers,
    inverse: Numbers,
    together: int = 1,
) -> Numbers:
    """Return White's heteroscedasticity-consistent covariance of the values.

    Args:
        values: of the regression.
        x: its regressors.
        target: the values that they are fitted to.
        w: weights.
        inverse: of the weighted Gram matrix.
        together: number of rows that were drawn together: a coalition and its
            complement.
    """
    pull = (w * (target - x @ values))[:, None] * x
    if together > 1:
        pull = np.add.reduceat(pull, np.arange(0, len(pull), together))
    covariance: Numbers = inverse @ (pull.T @ pull) @ inverse
    return covariance
