"""Readable live bars: values smoothed over time, and a steady order.

Each value follows ``s += (1 - exp(-dt / tau)) * (x - s)``: exponential smoothing by a
time constant, which is correct for unevenly spaced samples (A. Eckner, "Algorithms for
unevenly spaced time series", 2019, EMA_last; for evenly spaced ones it is Brown's
simple exponential smoothing of 1956).
"""

import math
from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np

from nnviz.base.results import Ranking

_GONE = 1e-4
"""Fraction of the range below which a class that is no longer listed is dropped."""


@dataclass(slots=True)
class SmoothRanking:
    """Smooths the rankings of successive frames.

    Attributes:
        time_constant: seconds after which 63 % of a change is visible; 0 shows each
            frame's own values.
        margin: fraction of the range by which a class must exceed the one above it to
            swap with it at once.
        patience: seconds after which any lead suffices.
    """

    time_constant: float = 0.4
    margin: float = 0.03
    patience: float = 1.0
    _values: dict[int, float] = field(default_factory=dict, init=False)
    _labels: dict[int, str] = field(default_factory=dict, init=False)
    _order: list[int] = field(default_factory=list, init=False)
    _time: float | None = field(default=None, init=False)
    _ahead: dict[tuple[int, int], float] = field(default_factory=dict, init=False)
    """Time since when a class has exceeded the one above it."""

    def clear(self) -> None:
        """Reset, for another network or source."""
        self._values.clear()
        self._labels.clear()
        self._order.clear()
        self._ahead.clear()
        self._time = None

    def update(self, ranking: Ranking, time: float) -> Ranking:
        """Add a frame's ranking and return the smoothed one.

        A class that a frame does not list counts as the lowest possible value: 0 for
        probabilities, else the last listed one.

        Args:
            ranking: of one frame.
            time: capture time of the frame, s; must not decrease.

        Returns:
            The same number of rows, descending up to ``margin``.
        """
        weight = self._weight(time)
        listed = dict(
            zip(ranking.indices.tolist(), ranking.values.tolist(), strict=True)
        )
        self._labels |= zip(ranking.indices.tolist(), ranking.labels, strict=True)
        low, high = _limits(ranking)
        for index in listed.keys() | self._values.keys():
            new = listed.get(index, low)
            # Classes of the first ranking start at their values, later ones rise from
            # the lowest.
            old = self._values.get(index, low if self._values else new)
            self._values[index] = old + weight * (new - old)
        self._forget(listed.keys(), low + _GONE * (high - low))
        self._sort(self.margin * (high - low))
        shown = self._order[: len(listed)]
        return Ranking(
            labels=tuple(self._labels[index] for index in shown),
            values=np.array([self._values[index] for index in shown], np.float64),
            indices=np.array(shown, np.int64),
            unit=ranking.unit,
            limits=ranking.limits,
        )

    def _weight(self, time: float) -> float:
        """Return the weight of the new values."""
        before, self._time = self._time, time
        if before is None or self.time_constant <= 0:
            return 1.0
        return 1 - math.exp(-max(0.0, time - before) / self.time_constant)

    def _forget(self, listed: Container[int], floor: float) -> None:
        gone = [
            index
            for index, value in self._values.items()
            if index not in listed and value <= floor
        ]
        for index in gone:
            del self._values[index], self._labels[index]
            self._ahead = {k: v for k, v in self._ahead.items() if index not in k}

    def _sort(self, margin: float) -> None:
        """Sort stably: a class passes another if clearly or lastingly ahead."""
        kept = [index for index in self._order if index in self._values]
        new = [index for index in self._values if index not in kept]
        order = kept + sorted(new, key=lambda index: -self._values[index])
        lead = margin if self._order else 0.0
        for end in range(1, len(order)):
            place = end
            while place and self._passes(order[place], order[place - 1], lead):
                order[place - 1 : place + 1] = order[place], order[place - 1]
                place -= 1
        self._order = order

    def _passes(self, lower: int, upper: int, lead: float) -> bool:
        now = self._time or 0.0
        if self._values[lower] <= self._values[upper]:
            self._ahead.pop((lower, upper), None)
            return False
        since = self._ahead.setdefault((lower, upper), now)
        large = self._values[lower] > self._values[upper] + lead
        return large or now - since >= self.patience


def _limits(ranking: Ranking) -> tuple[float, float]:
    """Return the limits of the scale, or the smallest and largest listed value."""
    if ranking.limits is not None:
        return ranking.limits
    return float(ranking.values.min(initial=0)), float(ranking.values.max(initial=0))
