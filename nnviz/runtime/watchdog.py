"""Watchdog: restarts a process that crashes or hangs."""

import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from nnviz.base.host.child_processes import child_environment
from nnviz.base.kiosk import FAREWELL

_STARTING, _STUCK = 120.0, 20.0
"""Seconds without a heartbeat after which a process counts as stuck, at its start and
later.
"""
_SETTLED = 30
"""Heartbeats after which a process has started."""
_LOOK = 0.5
_QUICK = 30.0
"""A process that ends sooner than this, s, failed at its start."""
_PAUSES = (0.0, 1.0, 5.0, 20.0, 60.0)
"""Seconds before the next start, by the number of consecutive quick ends."""
_WRONG_USE = 2


@dataclass(slots=True)
class _Pulse:
    """The last sign of life of a process."""

    heard: float
    beats: int = 0
    leaving: bool = False


class Watchdog:
    """Restarts a command until it exits successfully.

    The command must write a line every second while it is responsive.

    Args:
        command: program and arguments.
        starting: seconds without a line that it may take while it starts, and after
            ``FAREWELL``, before it is killed.
        stuck: likewise, later.
        settled: lines after which it has started: before, it loads its libraries.
        pauses: seconds before the next start, by the number of consecutive quick ends.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        starting: float = _STARTING,
        stuck: float = _STUCK,
        settled: int = _SETTLED,
        pauses: Sequence[float] = _PAUSES,
    ) -> None:
        self._command = list(command)
        self._starting, self._stuck, self._pauses = starting, stuck, pauses
        self._settled = settled
        self.starts = 0

    def run(self) -> int:
        """Run until success or a usage error; return the exit status."""
        quick = 0
        while True:
            self.starts += 1
            began = time.monotonic()
            status, pulse = self._follow()
            if pulse.leaving:
                return 0
            if status == 0 or (status == _WRONG_USE and not pulse.beats):
                return status
            quick = quick + 1 if time.monotonic() - began < _QUICK else 0
            time.sleep(self._pauses[min(quick, len(self._pauses) - 1)])

    def _follow(self) -> tuple[int, _Pulse]:
        """Start the command; return its exit status, and what it wrote last."""
        process = subprocess.Popen(  # noqa: S603  the program itself
            self._command, stdout=subprocess.PIPE, env=child_environment()
        )
        pulse = _Pulse(time.monotonic())
        listener = threading.Thread(
            target=_listen, args=(process, pulse), name="watchdog", daemon=True
        )
        listener.start()
        try:
            while process.poll() is None:
                time.sleep(_LOOK)
                runs = pulse.beats >= self._settled and not pulse.leaving
                limit = self._stuck if runs else self._starting
                if time.monotonic() - pulse.heard > limit:
                    process.kill()
            return process.wait(), pulse
        finally:
            process.kill()
            process.wait()
            listener.join()


def _listen(process: "subprocess.Popen[bytes]", pulse: _Pulse) -> None:
    """Record the time of each line until the process ends."""
    if process.stdout is None:
        return
    with process.stdout as lines:
        for line in lines:
            pulse.heard = time.monotonic()
            pulse.beats += 1
            pulse.leaving |= line == FAREWELL
