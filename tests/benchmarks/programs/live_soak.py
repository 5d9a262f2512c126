"""Follow a camera with faults for long; print how memory, rate and age change.

Usage: live_soak.py MINUTES
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from PySide6.QtCore import QTimer

from nnviz.base.video import SourceKind, SourceRequest
from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import LIVE
from nnviz.gui.state.settings import Settings
from tests.support.videos import soak_script

SECONDS = 60 * float(sys.argv[1])
EVERY_MS = 1000


def main() -> None:
    application = app.make_application()
    process, began = psutil.Process(), time.monotonic()
    samples: list[tuple[float, float, float, float]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = soak_script(folder, SECONDS / 60)
        window = app.make_window(Settings(folder / "settings.json"))
        window.resize(1440, 900)
        window.show()
        app.start_engine(window.app)
        live = window.app.live
        live.request = SourceRequest(kind=SourceKind.SCRIPT, address=str(script))
        window.enter(LIVE)
        window.app.open_model("bundled:objects")

        def sample() -> None:
            shown, now = live.last, time.monotonic() - began
            if shown is not None and shown.run is not None:
                size = process.memory_info().rss / 2**20
                figures = shown.figures
                samples.append((now, size, figures.rate, figures.age))
            if now > SECONDS:
                window.close()

        timer = QTimer()
        timer.timeout.connect(sample)
        timer.start(EVERY_MS)
        application.exec()
        window.app.shutdown()
    report(samples)


def report(samples: list[tuple[float, float, float, float]]) -> None:
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]

    def median(part: list[tuple[float, float, float, float]], column: int) -> float:
        return statistics.median(row[column] for row in part)

    print("grown_mib", median(late, 1) - median(early, 1))
    print("slower", median(early, 2) / median(late, 2))
    print("older", median(late, 3) / median(early, 3))
    print("frames_per_second", median(late, 2))
    print("age_ms", 1e3 * median(late, 3))
    print("rss_mib", median(late, 1))


main()
