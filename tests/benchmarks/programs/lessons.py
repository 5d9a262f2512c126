"""Print how long each lesson takes to its first picture in the window, ms.

The second time that it is chosen: libraries are loaded, as in a lecture.
"""

import tempfile
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from nnviz.base.shipped.samples import sample_photos
from nnviz.gui.shell import app
from nnviz.gui.state.settings import scratch_settings
from nnviz.gui.workspaces.learn.workspace import LEARN

PATIENCE = 120.0
UNTIMED = {"loss_plane"}
"""Lessons that ask the network thousands of times before there is anything to show."""


def wait(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        QApplication.processEvents()
        time.sleep(0.001)
        if time.monotonic() > end:
            raise TimeoutError


def first_picture(window, name: str) -> float:
    bench = window.app
    seen: list[float] = []

    def note(_: object) -> None:
        seen.append(time.perf_counter())

    for signal in (bench.runs.reported, bench.runs.finished, bench.runs.failed):
        signal.connect(note)
    began = time.perf_counter()
    bench.choice.choose(name, {})
    if not bench.runs.automatic:
        bench.runs.run()
    wait(lambda: bool(seen))
    window.stage.center.result.repaint()
    QApplication.processEvents()
    painted = time.perf_counter() - began
    for signal in (bench.runs.reported, bench.runs.finished, bench.runs.failed):
        signal.disconnect(note)
    bench.stop()
    wait(lambda: not bench.runs.running)
    return 1000 * painted


def main() -> None:
    app.make_application()
    with tempfile.TemporaryDirectory() as folder:
        window = app.make_window(scratch_settings(Path(folder)))
        window.resize(1280, 720)
        window.show()
        app.start_engine(window.app)
        bench = window.app
        bench.open_model("bundled:objects")
        bench.open_files([str(sample_photos()[0])])
        wait(lambda: bench.selection.image and bench.selection.model)
        window.enter(LEARN)
        names = [each.name for each in bench.choice.offered()]
        for name in names:
            first_picture(window, name)
        for name in names:
            if name not in UNTIMED:
                print(name, round(first_picture(window, name), 1), flush=True)
        window.close()
        bench.shutdown()


main()
