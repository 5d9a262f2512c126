"""How long the thread of a window is busy at a stretch, in its own processor time."""

import sys
import threading
import time
import traceback

from PySide6.QtCore import QAbstractEventDispatcher

_LONG = 0.2
"""s of a stretch after which the thread's stack is noted."""
_PAUSE = 0.02
_FRAMES = 12
"""The innermost frames of a stack that are noted."""


class StallProbe:
    """Notes the longest stretch between two times that the event loop was idle.

    Processor time of this thread alone, so that other work on the machine counts
    nothing.
    """

    def __init__(self):
        self.stretches = []
        self._since = time.thread_time()
        self._what = "start"
        self._stack = ""
        self._frames = []
        """Released by the watched thread: with a frame may go widgets of its own."""
        dispatcher = QAbstractEventDispatcher.instance()
        dispatcher.awake.connect(self._wake)
        dispatcher.aboutToBlock.connect(self._rest)
        threading.Thread(
            target=self._watch, args=(threading.get_ident(),), daemon=True
        ).start()

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
        self.stretches.append((now - self._since, self._what + self._stack))
        self._frames.clear()
        self._since, self._stack = now, ""

    def _watch(self, thread):
        """Note the stack of the watched thread once in each long stretch."""
        clock = time.pthread_getcpuclockid(thread)
        while True:
            if time.clock_gettime(clock) - self._since > _LONG and not self._stack:
                self._frames.append(sys._current_frames().get(thread))
                lines = traceback.format_stack(self._frames[-1])[-_FRAMES:]
                self._stack = "\n" + "".join(lines)
            time.sleep(_PAUSE)
