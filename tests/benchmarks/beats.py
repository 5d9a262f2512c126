"""A timer of the GUI's thread that measures how late it is called."""

import time

from PySide6.QtCore import Qt, QTimer

BEAT = 0.010
"""s from one beat to the next."""


class Beats:
    """A 10 ms timer and how late each of its beats was, s."""

    def __init__(self):
        self.late: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def begin(self) -> None:
        self._timer.start(round(1e3 * BEAT))

    def end(self) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._last:
            self.late.append(max(0.0, now - self._last - BEAT))
        self._last = now
