"""Trust in maps: figures with intervals, judged beside maps that know nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, fmean, stdev

_Z = NormalDist().inv_cdf(0.975)


class Verdict(StrEnum):
    """A figure beside that of a random map and of an edge map of the same images."""

    PASS = "pass"  # noqa: S105  no password
    """Better than both."""
    CAUTION = "caution"
    """Better than one of them."""
    FAIL = "fail"
    """Better than neither."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over images with its 95 % confidence interval.

    Attributes:
        mean: of the images.
        low: where the interval begins; NaN for a single image.
        high: where it ends.
        count: of images.
    """

    mean: float
    low: float
    high: float
    count: int


def estimate(values: Sequence[float]) -> Estimate:
    """Return a mean with its interval: Wilson's for hits and misses, else Student's.

    Args:
        values: one an image, in [0, 1]; at least one.
    """
    count, mean = len(values), fmean(values)
    if set(values) <= {0.0, 1.0}:
        middle = (mean + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
        spread = mean * (1 - mean) / count + _Z**2 / (4 * count**2)
        half = _Z * math.sqrt(spread) / (1 + _Z**2 / count)
        return Estimate(mean, middle - half, middle + half, count)
    if count == 1:
        return Estimate(mean, math.nan, math.nan, count)
    half = _student(count - 1) * stdev(values) / math.sqrt(count)
    return Estimate(mean, max(0.0, mean - half), min(1.0, mean + half), count)


def _student(freedom: int) -> float:
    """Return the 97.5 % point of Student's t (Abramowitz & Stegun 1964, 26.7.5)."""
    z, n = _Z, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def judge(
    values: Sequence[float],
    references: Sequence[Sequence[float]],
    *,
    higher_is_better: bool,
) -> Verdict:
    """Return the verdict on a figure: paired differences, 95 % intervals above zero.

    Args:
        values: one an image.
        references: the figures of maps that know nothing, of the same images.
        higher_is_better: of the figure.
    """
    sign = 1 if higher_is_better else -1
    better = 0
    for reference in references:
        gains = [sign * (a - b) for a, b in zip(values, reference, strict=True)]
        better += len(gains) > 1 and _mean_low(gains) > 0
    if better == len(references):
        return Verdict.PASS
    return Verdict.CAUTION if better else Verdict.FAIL


def judge_likeness(values: Sequence[float]) -> Verdict:
    """Return the verdict on likenesses to maps of random networks, one an image.

    Pass where the whole interval lies below 0.5, fail where it lies above.
    """
    found = estimate(values)
    if found.high < _ALIKE:
        return Verdict.PASS
    return Verdict.FAIL if found.low > _ALIKE else Verdict.CAUTION


def _mean_low(gains: Sequence[float]) -> float:
    half = _student(len(gains) - 1) * stdev(gains) / math.sqrt(len(gains))
    return fmean(gains) - half


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What a score measures.

    Attributes:
        name: "deletion".
        higher_is_better: or lower.
        help: one sentence.
    """

    name: str
    higher_is_better: bool
    help: str


RANDOMIZED = "randomized"
"""The figure that needs no other map: one that stays the same shows the image alone."""
_ALIKE = 0.5
"""Rank correlation from which on two maps count as alike."""
ON_MARK = "on_mark"
"""The figure that says what a network looks at: no merit or fault of the map."""
FIGURES = (
    Figure(
        name="deletion",
        higher_is_better=False,
        help="area under the probability while pixels are removed, the map's first",
    ),
    Figure(
        name="insertion",
        higher_is_better=True,
        help="area under the probability while pixels appear, the map's first",
    ),
    Figure(
        name="pointing",
        higher_is_better=True,
        help="how often the map's largest value lies inside the object",
    ),
    Figure(
        name="energy",
        higher_is_better=True,
        help="share of the map's positive values inside the object",
    ),
    Figure(
        name="iou",
        higher_is_better=True,
        help="intersection over union of map and object at the best threshold",
    ),
    Figure(
        name=RANDOMIZED,
        higher_is_better=False,
        help="likeness to the map of the network with random weights in its upper half",
    ),
    Figure(
        name=ON_MARK,
        higher_is_better=False,
        help="share of the map's positive values on the planted mark",
    ),
)
"""All figures, in the order of the table's columns."""
REFERENCES = ("random", "edges")
"""Maps that know nothing of the network; each is in the table as a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One figure of one method.

    Attributes:
        figure: its name.
        estimate: over the images.
        verdict: None for the maps that others are judged by, and for ``ON_MARK``.
    """

    figure: str
    estimate: Estimate
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodScores:
    """All figures of one method.

    Attributes:
        method: its name, or one of ``REFERENCES``.
        scores: by figure, in the order of ``FIGURES``.
    """

    method: str
    scores: tuple[Score, ...]

    def score(self, figure: str) -> Score | None:
        """Return one of the figures; None where it was not measured."""
        return next((each for each in self.scores if each.figure == figure), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """How far the maps of some methods can be trusted.

    Attributes:
        reference: of the network.
        data: what it was measured on.
        images: how many.
        rows: of the methods, then of ``REFERENCES``.
        notes: what was left out and what the figures mean.
        seconds: that it took.
    """

    reference: str
    data: str = ""
    images: int
    rows: tuple[MethodScores, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
