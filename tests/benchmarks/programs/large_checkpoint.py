"""Open a large file of weights in the window's worker; print what it costs.

``python large_checkpoint.py FILE`` prints ``peak``, the highest resident memory above
the one before, in sizes of the weights, ``p99.9`` and ``worst`` lateness of a 10 ms
timer of the GUI meanwhile, ms, and ``seconds``.  ``python large_checkpoint.py FILE S``
stops the opening after S seconds and prints ``left``, the memory that stayed, likewise,
and ``files``, how many temporary ones.  Linux only: it resets the kernel's peak.
"""

import gc
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer

from nnviz.base.events import Policy
from nnviz.base.requests import LoadModel, ModelRequest
from nnviz.gui.services.bridge import Bridge
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.shell import app
from tests.benchmarks.beats import Beats

SMALL = "zoo:resnet18@random"
"""Opened first, so that libraries are there before anything is measured."""
BYTES_OF_FLOAT = 4


class Opening:
    """Opens a small network, then the file; stops after some seconds if given.

    Args:
        bridge: to the worker.
        path: of the file.
        patience: s until it is stopped, 0 for never.
        finish: called at the end.
    """

    def __init__(self, bridge, path, patience, finish):
        self.path, self.patience, self.finish = path, patience, finish
        self.jobs, self.lane = Jobs(), Lane("open", Policy.QUEUE)
        self.jobs.attach(bridge)
        self.beats = Beats()
        self._open(SMALL).done.connect(self._begin)

    def _open(self, reference: str):
        request = LoadModel(ModelRequest(reference=reference, device="cpu"))
        job = self.jobs.submit(request, self.lane)
        job.failed.connect(lambda error: sys.exit(str(error)))
        return job

    def _begin(self, _info: object) -> None:
        self.before, self.files = resident("VmRSS"), temporary_files()
        Path("/proc/self/clear_refs").write_text("5")
        self.began = time.perf_counter()
        job = self._open(self.path)
        if self.patience:
            job.done.connect(lambda _info: sys.exit("was open before it was stopped"))
            job.cancelled.connect(self._stopped)
            QTimer.singleShot(round(1e3 * self.patience), job.cancel)
        else:
            self.beats.begin()
            job.done.connect(self._opened)

    def _opened(self, info) -> None:
        self.beats.end()
        late = np.array(self.beats.late) * 1e3
        weights = info.parameters * BYTES_OF_FLOAT
        print("peak", (resident("VmHWM") - self.before) / weights)
        print("kept", (resident("VmRSS") - self.before) / weights)
        print("p99.9", np.quantile(late, 0.999))
        print("worst", late.max())
        print("seconds", time.perf_counter() - self.began)
        self.finish()

    def _stopped(self, _nothing: None) -> None:
        gc.collect()
        left = resident("VmRSS") - self.before
        print("left", left / Path(self.path).stat().st_size)
        print("files", len(temporary_files() - self.files))
        self.finish()


def resident(name: str) -> int:
    """Return a figure of this process that the kernel keeps, B."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return 1024 * int(line.split()[1])


def temporary_files() -> set[Path]:
    """Return what the program has among the temporary files."""
    return set(Path(tempfile.gettempdir()).glob("nnviz-*"))


def main() -> None:
    path, *rest = sys.argv[1:]
    application = app.make_application()
    bridge = Bridge()
    opening = Opening(bridge, path, float(rest[0]) if rest else 0.0, application.quit)
    application.exec()
    del opening
    bridge.shutdown()


main()
