"""Scores of attribution maps with intervals, judged against baseline maps."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist, fmean, stdev

_Z = NormalDist().inv_cdf(0.975)


class Verdict(StrEnum):
    """The verdict on a score: whether it beats a random map's and an edge map's."""

    PASS = "pass"  # noqa: S105  no password
    """Better than both reference maps."""
    CAUTION = "caution"
    """Better than one of them."""
    FAIL = "fail"
    """Better than neither."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over images with its 95 % confidence interval.

    Attributes:
        mean: of the images.
        low: lower end of the interval; NaN for a single image.
        high: upper end of the interval.
        count: number of images.
    """

    mean: float
    low: float
    high: float
    count: int


def estimate(
    values: Sequence[float], limits: tuple[float, float] = (0.0, 1.0)
) -> Estimate:
    """Return a mean with its interval: Wilson's for hits and misses, else Student's.

    Args:
        values: one value an image; at least one.
        limits: smallest and largest possible value.
    """
    count, mean = len(values), fmean(values)
    if set(values) <= {0.0, 1.0} and limits == (0.0, 1.0) and count > 1:
        middle = (mean + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
        spread = mean * (1 - mean) / count + _Z**2 / (4 * count**2)
        half = _Z * math.sqrt(spread) / (1 + _Z**2 / count)
        return Estimate(mean, middle - half, middle + half, count)
    if count == 1:
        return Estimate(mean, math.nan, math.nan, count)
    half = _student(count - 1) * stdev(values) / math.sqrt(count)
    low, high = max(limits[0], mean - half), min(limits[1], mean + half)
    return Estimate(mean, low, high, count)


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
    relative: bool = False,
) -> Verdict | None:
    """Return the verdict on a figure: paired differences, 95 % intervals above zero.

    None for a single image, which gives no interval.

    Args:
        values: one value an image.
        references: the figures of the reference maps for the same images.
        higher_is_better: whether a higher figure is better.
        relative: divide differences by sums where no value is negative: for one image
            under several conditions, which change all its figures together.
    """
    if len(values) == 1:
        return None
    sign = 1 if higher_is_better else -1
    better = 0
    for reference in references:
        pairs = list(zip(values, reference, strict=True))
        shared = relative and all(min(pair) >= 0 for pair in pairs)
        gains = [sign * (a - b) / ((a + b) or 1 if shared else 1) for a, b in pairs]
        better += _mean_low(gains) > 0
    if better == len(references):
        return Verdict.PASS
    return Verdict.CAUTION if better else Verdict.FAIL


def judge_completeness(errors: Sequence[float]) -> Verdict:
    """Return the verdict on relative completeness errors.

    Pass up to 5 % on average, caution up to 20 %.
    """
    error = fmean(errors)
    if error <= _SMALL_ERROR:
        return Verdict.PASS
    return Verdict.CAUTION if error <= _LARGE_ERROR else Verdict.FAIL


def judge_likeness(values: Sequence[float]) -> Verdict | None:
    """Return the verdict on how similar maps are to those of randomized networks.

    Pass where the whole interval lies below 0.5, fail where it lies above; None for a
    single image.
    """
    if len(values) == 1:
        return None
    found = estimate(values)
    if found.high < _ALIKE:
        return Verdict.PASS
    return Verdict.FAIL if found.low > _ALIKE else Verdict.CAUTION


def _mean_low(gains: Sequence[float]) -> float:
    half = _student(len(gains) - 1) * stdev(gains) / math.sqrt(len(gains))
    return fmean(gains) - half


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric of attribution maps, such as deletion.

    Attributes:
        name: "deletion".
        higher_is_better: whether a higher figure is better.
        help: one sentence.
        limits: smallest and largest possible value.
        percent: whether it is shown in percent.
    """

    name: str
    higher_is_better: bool
    help: str
    limits: tuple[float, float] = (0.0, 1.0)
    percent: bool = False


RANDOMIZED = "randomized"
"""The figure judged without reference maps: a map that does not change under random
weights shows only the image.
"""
_ALIKE = 0.5
"""Rank correlation at and above which two maps count as alike."""
COMPLETENESS = "completeness"
"""The figure of attributions that should add up; judged by fixed limits."""
_SMALL_ERROR, _LARGE_ERROR = 0.05, 0.2
SENSITIVITY = "max_sensitivity"
"""The figure without a verdict: a reference map, which ignores the network, never
changes.
"""
ON_MARK = "on_mark"
"""The figure that says what a network looks at: not a merit or fault of the map."""
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
        name="drop",
        higher_is_better=False,
        help=(
            "fraction of the probability that is lost when the image is faded by "
            "the map (average drop)"
        ),
    ),
    Figure(
        name="increase",
        higher_is_better=True,
        help="how often the probability rises when the image is faded by the map "
        "(increase in confidence)",
    ),
    Figure(
        name="road",
        higher_is_better=True,
        help="half the fall of the score with the most instead of the least relevant "
        "pixels removed and filled by their neighbors (ROAD), mean over 10 to 90 %",
        limits=(-math.inf, math.inf),
    ),
    Figure(
        name="infidelity",
        higher_is_better=False,
        help=(
            "squared error with which the map predicts the effect of removing "
            "squares, as a fraction; 0 predicts everything, 1 nothing"
        ),
        limits=(0.0, math.inf),
    ),
    Figure(
        name=COMPLETENESS,
        higher_is_better=False,
        help=(
            "how far the attributions' sum is from the difference in score, as a "
            "fraction of it"
        ),
        limits=(0.0, math.inf),
        percent=True,
    ),
    Figure(
        name=SENSITIVITY,
        higher_is_better=False,
        help="largest relative change of the map under noise of 0.02, too small to see",
        limits=(0.0, math.inf),
    ),
    Figure(
        name="pointing",
        higher_is_better=True,
        help="how often the map's largest value lies inside the object",
    ),
    Figure(
        name="energy",
        higher_is_better=True,
        help="fraction of the map's positive values inside the object",
    ),
    Figure(
        name="iou",
        higher_is_better=True,
        help="intersection over union of map and object at the best threshold",
    ),
    Figure(
        name=RANDOMIZED,
        higher_is_better=False,
        help=(
            "similarity to the map of the network with random weights in its upper half"
        ),
    ),
    Figure(
        name=ON_MARK,
        higher_is_better=False,
        help="fraction of the map's positive values on the planted mark",
    ),
)
"""All figures, in the order of the table's columns."""
_BY_NAME = {each.name: each for each in FIGURES}
_UNJUDGED = (ON_MARK, SENSITIVITY)
REFERENCES = ("random", "edges")
"""Reference maps, which ignore the network; each has a row in the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The score of one method on one metric.

    Attributes:
        figure: its name.
        estimate: over the images.
        verdict: None for the reference maps and for ``ON_MARK``.
    """

    figure: str
    estimate: Estimate
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodScores:
    """The scores of one method on all metrics.

    Attributes:
        method: its name, or one of ``REFERENCES``.
        scores: by figure, in the order of ``FIGURES``.
    """

    method: str
    scores: tuple[Score, ...]

    def score(self, figure: str) -> Score | None:
        """Return the score on one metric; None where it was not measured."""
        return next((each for each in self.scores if each.figure == figure), None)


Rows = tuple[MethodScores, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """Scores of the maps of several methods, and how far they can be trusted.

    Attributes:
        reference: of the network.
        data: the data it was measured on.
        images: number of images.
        rows: one for each method, then one for each of ``REFERENCES``.
        notes: omissions, and the meaning of the figures.
        seconds: duration of the measurement.
    """

    reference: str
    data: str = ""
    images: int
    rows: tuple[MethodScores, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def figure_called(name: str) -> Figure:
    """Return a metric by its name."""
    return _BY_NAME[name]


def scores_of(
    found: Mapping[str, Mapping[str, Sequence[float]]], *, relative: bool = False
) -> Rows:
    """Return the scores of several maps, with intervals and verdicts.

    Args:
        found: map -> figure -> one number an image; includes ``REFERENCES`` where
            figures are judged against them.
        relative: as in ``judge``.
    """
    return tuple(
        MethodScores(method=name, scores=tuple(_scores(found, name, relative=relative)))
        for name in found
    )


def _scores(
    found: Mapping[str, Mapping[str, Sequence[float]]], name: str, *, relative: bool
) -> Iterator[Score]:
    for figure in FIGURES:
        values = found[name].get(figure.name)
        if values:
            yield Score(
                figure=figure.name,
                estimate=estimate(values, figure.limits),
                verdict=_verdict(found, name, figure, relative=relative),
            )


def _verdict(
    found: Mapping[str, Mapping[str, Sequence[float]]],
    name: str,
    figure: Figure,
    *,
    relative: bool,
) -> Verdict | None:
    values = found[name][figure.name]
    if name in REFERENCES or figure.name in _UNJUDGED:
        return None
    if figure.name == RANDOMIZED:
        return judge_likeness(values)
    if figure.name == COMPLETENESS:
        return judge_completeness(values)
    references = [found[each][figure.name] for each in REFERENCES]
    higher = figure.higher_is_better
    return judge(values, references, higher_is_better=higher, relative=relative)
