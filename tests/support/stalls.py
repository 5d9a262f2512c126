"""How long the thread of a window is busy at a stretch, in its own processor time."""

import time

from PySide6.QtCore import QAbstractEventDispatcher


class StallProbe:
    """Notes the longest stretch between two times that the event loop was idle.

    Processor time of this thread alone, so that other work on the machine counts
    nothing.
    """

    def __init__(self):
        self.stretches = []
        self._since = time.thread_time()
        self._what = "start"
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(self._wake)
        dispatcher.aboutToBlock.connect(self._rest)

    def during(self, what, act):
        """Do something that counts as one stretch, and name what follows.

        Args:
            what: is done.
            act: does it; a text that it returns is added to the name.
        """
        self._what = what
        self._since = time.thread_time()
        detail = act()
        if isinstance(detail, str):
            self._what = f"{what}: {detail}"
        self._rest()
        self._what = f"after {self._what}"

    def worst(self):
        """Return seconds and name of the longest stretch."""
        return max(self.stretches)

    def _wake(self):
        self._since = time.thread_time()

    def _rest(self):
        now = time.thread_time()
        self.stretches.append((now - self._since, self._what))
        self._since = now
