"""Readable live bars: values smoothed over time, and a steady order.

Each value follows ``s += (1 - exp(-dt / tau)) * (x - s)``: exponential smoothing by a
time constant, which is right for samples that come at uneven times (A. Eckner,
"Algorithms for unevenly spaced time series", 2019, EMA_last; for even ones it is
Brown's simple exponential smoothing of 1956).
"""

import math
from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np

from nnviz.base.results import Ranking

_GONE = 1e-4
"""Share of the range below which a class that is not listed any more is forgotten."""


@dataclass(slots=True)
class SmoothRanking:
    """Smooths the rankings of successive frames.

    Attributes:
        time_constant: after so many seconds 63 % of a change can be seen; 0 shows each
            frame's own values.
        margin: share of the range by which a class must be ahead of the one above it
            to change places with it at once.
        patience: seconds after which being ahead at all is enough.
    """

    time_constant: float = 0.4
    margin: float = 0.03
    patience: float = 1.0
    _values: dict[int, float] = field(default_factory=dict, init=False)
    _labels: dict[int, str] = field(default_factory=dict, init=False)
    _order: list[int] = field(default_factory=list, init=False)
    _time: float | None = field(default=None, init=False)
    _ahead: dict[tuple[int, int], float] = field(default_factory=dict, init=False)
    """Since when a class has been ahead of the one above it."""

    def clear(self) -> None:
        """Reset, for another network or source."""
        self._values.clear()
        self._labels.clear()
        self._order.clear()
        self._ahead.clear()
        self._time = None

    def update(self, ranking: Ranking, time: float) -> Ranking:
        """Add a frame's ranking and return the smoothed one.

        A class that a frame does not list counts as the lowest value that it could
        have: 0 for probabilities, else the last one listed.

        Args:
            ranking: of one frame.
            time: when the frame was taken, s; not before that of the last call.

        Returns:
            As many rows as were given; from the top they fall, but for ``margin``.
        """
        weight = self._weight(time)
        listed = dict(
            zip(ranking.indices.tolist(), ranking.values.tolist(), strict=True)
        )
        self._labels |= zip(ranking.indices.tolist(), ranking.labels, strict=True)
        low, high = _limits(ranking)
        for index in listed.keys() | self._values.keys():
            new = listed.get(index, low)
            # A class that appears later rises from nothing, the first ones are there.
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
