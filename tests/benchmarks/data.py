"""A data set of a million records: opened, scrolled, pulled and zoomed."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.figures import Figure, benchmark

_RECORDS = 1_000_000
_FRAMES = 240
_GIB = 2**30


@benchmark
def data() -> Iterator[Figure]:
    """The Data workspace at 1440 x 900 over a synthetic index, without a screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from nnviz.media.index import write_synthetic_index

    with tempfile.TemporaryDirectory(prefix="nnviz-bench-") as folder:
        index = write_synthetic_index(Path(folder, "index"), _RECORDS)
        yield from _figures(str(index), folder)


def _figures(index: str, folder: str) -> Iterator[Figure]:
    from nnviz.gui.services.bridge import Bridge
    from nnviz.gui.shell import app
    from nnviz.gui.state.settings import Settings
    from nnviz.gui.workspaces.data.workspace import DATA

    app.make_application()
    window = app.make_window(Settings(Path(folder, "settings.json")))
    window.resize(1440, 900)
    window.show()
    window.app.attach(Bridge())
    window.enter(DATA)
    _settle(lambda: window.app.bridge is not None, 3.0)
    before, begun = _own_bytes(), time.perf_counter()
    worked = time.process_time()
    window.app.datasets.open(index)
    wall = window.stage.center.page("wall").content.grid
    _wait(lambda: len(wall.order) == _RECORDS and wall.covered)
    opened = time.perf_counter() - begun
    worked = time.process_time() - worked
    yield Figure("1,000,000 records, opened, processor", worked, 2.0, "s")
    title = "1,000,000 records, opened to painted"
    yield Figure(title, opened, 2.0, "s", stretch=True)
    yield from _wall_figures(wall)
    window.stage.center.set_mode("map")
    points = window.stage.center.page("map").content.map
    _wait(lambda: points.fresh)
    yield from _map_figures(points)
    grown = (_own_bytes() - before) / _GIB
    yield Figure("memory of the workspace, own pages", grown, 1.5, "GiB")
    window.close()
    window.app.shutdown()


def _wall_figures(wall) -> Iterator[Figure]:
    bar = wall.verticalScrollBar()

    def line(turn: int) -> None:
        bar.setValue(40 * turn)

    def page(turn: int) -> None:
        bar.setValue(bar.maximum() * (turn * 37 % _FRAMES) // _FRAMES)

    yield from _frames("wall, scrolled by lines", line, wall.viewport())
    yield from _frames("wall, thrown about", page, wall.viewport())
    wall.set_side(24)
    _wait(lambda: wall.covered)
    yield from _frames("wall, 24 px, thrown about", page, wall.viewport())


def _map_figures(points) -> Iterator[Figure]:
    def pull(turn: int) -> None:
        points.move_by(9 if turn % 80 < 40 else -9, 4)

    def zoom(turn: int) -> None:
        points.zoom_by(1.06 if turn % 120 < 60 else 1 / 1.06)

    yield from _frames("map, pulled", pull, points)
    yield from _frames("map, zoomed", zoom, points)
    begun = time.perf_counter()
    _wait(lambda: points.fresh)
    seconds = time.perf_counter() - begun
    yield Figure("map, painted in full after a move", seconds, 1.0, "s", stretch=True)


def _frames(name: str, act: Callable[[int], None], widget) -> Iterator[Figure]:
    """Yield time of a frame: act, everything the event loop has, paint."""
    from PySide6.QtWidgets import QApplication

    took, own = [], []
    for turn in range(_FRAMES):
        begun, worked = time.perf_counter(), time.thread_time()
        act(turn)
        QApplication.processEvents()
        widget.repaint()
        took.append(1e3 * (time.perf_counter() - begun))
        own.append(1e3 * (time.thread_time() - worked))
        time.sleep(max(0.0, 1 / 60 - took[-1] / 1e3))
    yield Figure(f"{name}, processor", statistics.mean(own), 1e3 / 30, "ms")
    most = float(np.percentile(own, 99))
    yield Figure(f"{name}, processor, 99 % of frames", most, 50, "ms")
    # Of a clock they are as good as the machine is free.
    wall = statistics.mean(took)
    yield Figure(f"{name}, frame", wall, 1e3 / 30, "ms", stretch=True)
    most = float(np.percentile(took, 99))
    yield Figure(f"{name}, 99 % of frames", most, 50, "ms", stretch=True)


def _wait(done: Callable[[], bool], seconds: float = 60.0) -> None:
    _settle(done, seconds)
    if not done():
        raise TimeoutError("it was not painted")


def _settle(done: Callable[[], bool], seconds: float) -> None:
    from PySide6.QtWidgets import QApplication

    end = time.perf_counter() + seconds
    while not done() and time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def _own_bytes() -> int:
    """Return the memory of this process that no file backs."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (each for each in lines if each.startswith("RssAnon"))
    return int(line.split()[1]) * 1024
