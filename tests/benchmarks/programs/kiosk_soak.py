"""A kiosk on a camera that is unplugged now and then, under its watchdog, for long.

Usage: kiosk_soak.py MINUTES

The kiosk runs as ``nnviz --kiosk script:FILE`` runs it: a watchdog, and a window in a
process of its own that is locked and goes back to its start after each pause.  Every
minute one line of figures goes to the standard error; the last ones, as of all
programs here, to the standard output.
"""

import itertools
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QMenu

from nnviz.base.video import SourceState, SourceStatus
from nnviz.cli import kiosk as command
from nnviz.gui.shell import app, kiosk
from nnviz.runtime.watchdog import Watchdog
from tests.support.videos import unplugging_script

WATCHED = "--watched"
IDLE = "20"
"""Seconds until it goes back to its start."""
LOOK_MS = 500


class Observer:
    """Notes what visitors would see, and what the processes take.

    Args:
        stand: the kiosk that runs in this process.
        notes: the file that gets a line of JSON a minute.
        seconds: after which the kiosk is left.
    """

    def __init__(self, stand: kiosk.Kiosk, notes: Path, seconds: float) -> None:
        self._stand, self._notes = stand, notes
        self._began = self._told = time.monotonic()
        self._end = self._began + seconds
        self._live = stand._app.live
        self._frames = self._lost = self._back = self._opened = 0
        self._was_lost = False
        self._live.shown.connect(self._count)
        self._live.status_changed.connect(self._hear)
        self._timer = QTimer(stand, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _count(self, _shown: object) -> None:
        self._frames += 1

    def _hear(self, status: SourceStatus | None) -> None:
        state = None if status is None else status.state
        if state is SourceState.RUNNING:
            self._back += self._was_lost
            self._was_lost = False
        elif status is not None and status.error is not None and not self._was_lost:
            self._was_lost = True
            self._lost += 1

    def _look(self) -> None:
        self._opened += sum(
            isinstance(each, QDialog | QMenu) and each.isVisible()
            for each in QApplication.topLevelWidgets()
        )
        now = time.monotonic()
        if now >= self._told + 60:
            self._told += 60
            self._tell(now)
        if now >= self._end:
            self._tell(now)
            self._stand.leave()

    def _tell(self, now: float) -> None:
        process = psutil.Process()
        family = [process, *process.children(recursive=True)]
        noted = {
            "minutes": round((now - self._began) / 60, 2),
            "rss_mib": sum(each.memory_info().rss for each in family) / 2**20,
            "threads": process.num_threads(),
            "files": process.num_fds(),
            "processor_s": sum(process.cpu_times()[:2]),
            "frames": self._frames,
            "lost": self._lost,
            "back": self._back,
            "restarts": self._stand.restarts,
            "opened": self._opened,
        }
        with self._notes.open("a") as lines:
            lines.write(json.dumps(noted) + "\n")
        words = (f"{name} {value:.6g}" for name, value in noted.items())
        print("  ".join(words), file=sys.stderr, flush=True)


def follow(script: str, notes: str, minutes: str) -> int:
    """Run the window of the kiosk, observed."""
    order = command.read([f"script:{script}", "--idle", IDLE, WATCHED])
    begin = kiosk.Kiosk.begin

    def begin_observed(stand: kiosk.Kiosk) -> None:
        begin(stand)
        stand.observer = Observer(stand, Path(notes), 60 * float(minutes))

    kiosk.Kiosk.begin = begin_observed
    return app.run_kiosk(order)


def watch(minutes: str) -> None:
    """Run the watchdog over the window and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = unplugging_script(folder, float(minutes))
        notes = folder / "notes"
        words = [str(script), str(notes), minutes, WATCHED]
        dog = Watchdog([sys.executable, __file__, *words])
        print("status", dog.run())
        print("starts", dog.starts)
        report([json.loads(line) for line in notes.read_text().splitlines()])


def report(notes: list[dict[str, float]]) -> None:
    quarter = max(len(notes) // 4, 1)
    early, late = notes[quarter : 2 * quarter] or notes, notes[-quarter:]
    for name in ("rss_mib", "threads", "files"):
        medians = [statistics.median(each[name] for each in p) for p in (early, late)]
        print(f"{name}_grown", medians[1] - medians[0])
    last = notes[-1]
    still = sum(
        each["frames"] == before["frames"]
        for before, each in itertools.pairwise(notes[:-1])
    )
    print("minutes_without_frames", still)
    for name in ("rss_mib", "frames", "lost", "back", "restarts", "opened"):
        print(name, last[name])


if __name__ == "__main__":
    if sys.argv[-1] == WATCHED:
        sys.exit(follow(*sys.argv[1:4]))
    watch(sys.argv[1])
