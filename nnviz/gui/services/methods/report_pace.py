"""The pace at which the curves of a run are drawn while it goes on.

A small network reports every 30 ms, and drawing its curves takes as long: half of the
training's time.  A person reads a few curves a second.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from nnviz.base.results import Curves, Report

_SHARE = 0.03
"""Of the time, that curves may take the window's thread."""
_PAINTED = 2.0
"""Times as long as to lay curves out takes it to lay them out and paint them."""


class ReportPace:
    """Pace of a run's reports: curves take at most a share of the time.

    A report that is not due may be dropped: a later one, or the run's end, shows more.
    """

    def __init__(self) -> None:
        self._due = 0.0

    def restart(self) -> None:
        """Let the next report be shown at once."""
        self._due = 0.0

    def is_due(self, report: Report) -> bool:
        """Return whether a report is to be shown now; all but curves always are."""
        return not isinstance(report.main, Curves) or time.monotonic() >= self._due

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Measure what showing a report takes, in the block."""
        begun = time.thread_time()
        yield
        taken = _PAINTED * (time.thread_time() - begun)
        self._due = time.monotonic() + taken / _SHARE
