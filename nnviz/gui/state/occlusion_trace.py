"""Trace of a score while parts of an image are hidden by hand."""

import csv
import io
import time
from dataclasses import dataclass

_MOST = 20_000
"""Maximum number of points kept."""
_HEAD = ("seconds", "y", "x", "score", "hidden share")


@dataclass(frozen=True, slots=True)
class TracePoint:
    """One answer of the network.

    Attributes:
        seconds: since the trace began.
        y: center of the hidden region, as a fraction of the image's height.
        x: likewise, of the image's width.
        score: score of the target.
        share: fraction of the image that is hidden.
    """

    seconds: float
    y: float
    x: float
    score: float
    share: float


class OcclusionTrace:
    """The answers since the start of the trace."""

    def __init__(self) -> None:
        self.points: list[TracePoint] = []
        self._began = time.monotonic()

    def clear(self) -> None:
        """Restart the trace."""
        self.points.clear()
        self._began = time.monotonic()

    def add(self, center: tuple[float, float], score: float, share: float) -> None:
        """Add an answer; the center is NaN where nothing is hidden."""
        if len(self.points) < _MOST:
            passed = time.monotonic() - self._began
            self.points.append(TracePoint(passed, *center, score, share))

    def text(self) -> str:
        """Return the trace as CSV."""
        lines = io.StringIO()
        writer = csv.writer(lines)
        writer.writerow(_HEAD)
        for each in self.points:
            row = each.seconds, each.y, each.x, each.score, each.share
            writer.writerow([f"{value:.6g}" for value in row])
        return lines.getvalue()
