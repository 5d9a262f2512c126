"""The pace at which the curves of a run are drawn while it goes on.

A small network reports every 30 ms, and drawing its curves takes as long: half of the
training's time.  A person reads a few curves a second.
"""

import time

from nnviz.base.results import Curves, Report

_SHARE = 0.025
"""Of the time, that the window's thread may work between two drawings of curves."""
_SHORTEST, _LONGEST = 0.2, 2.0
"""Seconds between two drawings of curves: at least, and at most where others keep the
window's thread busy."""


class ReportPace:
    """Pace of a run's reports: curves wait until the window's thread has rested.

    Its work since the last drawing counts, with the painting that followed.  A report
    that is not due may be dropped: a later one, or the run's end, shows more.  The
    first points are always due: building the empty plot before them takes longest.
    """

    def __init__(self) -> None:
        self._drawn: tuple[float, float] | None = None
        self._empty = False

    def restart(self) -> None:
        """Let the next report be shown at once."""
        self._drawn = None

    def is_due(self, report: Report) -> bool:
        """Return whether a report is to be shown now; all but curves always are."""
        if self._drawn is None or not isinstance(report.main, Curves):
            return True
        if self._empty and len(report.main.x):
            return True
        passed = time.monotonic() - self._drawn[0]
        worked = time.thread_time() - self._drawn[1]
        rested = passed >= _SHORTEST and worked <= _SHARE * passed
        return rested or passed >= _LONGEST

    def note_shown(self, report: Report) -> None:
        """Measure the time from now on: a report is about to be shown."""
        self._empty = isinstance(report.main, Curves) and not len(report.main.x)
        self._drawn = time.monotonic(), time.thread_time()
