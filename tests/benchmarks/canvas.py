"""What the views cost the GUI thread: wall time, and its own processor time.

The processor's time tells of the work, also where something else runs beside it.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

from nnviz.base.results import Mosaic
from tests.benchmarks.figures import Figure, benchmark

_ROUNDS = 25


@benchmark
def canvas() -> Iterator[Figure]:
    """From a result to painted pixels, at 1280 x 720, without a screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication([])
    assert application is not None
    yield from _mosaics(((512, 28, 6), (64, 224, 30), (2048, 7, 12)))
    yield from _pictures()


def _mosaics(cases: tuple[tuple[int, int, float], ...]) -> Iterator[Figure]:
    from nnviz.gui.views.results.mosaic import MosaicView

    view = MosaicView()
    view.resize(1280, 720)
    view.show()
    target = _pixmap(view)
    for count, side, goal in cases:
        made = [_mosaic(count, side, seed) for seed in range(2)]

        def show(turn: int, made: list[Mosaic] = made) -> None:
            view.show_result(made[turn % 2], None)
            view.canvas.render(target)

        name = f"{count} tiles of {side} x {side}, set and painted"
        yield from _figures(name, show, goal)
    view.close()


def _pictures() -> Iterator[Figure]:
    from nnviz.gui.views.canvas.canvas import Canvas

    shown = Canvas()
    shown.resize(1280, 720)
    shown.show()
    target = _pixmap(shown)
    random = np.random.default_rng(0)
    frames = random.integers(0, 256, (2, 720, 1280, 3), np.uint8)

    def show(turn: int) -> None:
        shown.set_image(frames[turn % 2])
        shown.render(target)

    yield from _figures("720p picture, set and painted", show, 1)
    shown.close()


def _figures(name: str, show: Callable[[int], None], goal: float) -> Iterator[Figure]:
    """Yield medians of processor time, and of wall time as a remark."""
    wall, own = [], []
    for turn in range(_ROUNDS + 2):
        begun, worked = time.perf_counter(), time.thread_time()
        show(turn)
        own.append((time.thread_time() - worked) * 1e3)
        wall.append((time.perf_counter() - begun) * 1e3)
    yield Figure(f"{name}, processor", statistics.median(own[2:]), goal, "ms")
    yield Figure(f"{name}, wall", statistics.median(wall[2:]), goal, "ms", stretch=True)


def _pixmap(widget):
    from PySide6.QtGui import QPixmap

    return QPixmap(widget.size())


def _mosaic(count: int, side: int, seed: int) -> Mosaic:
    values = np.random.default_rng(seed).standard_normal((count, side, side))
    return Mosaic(
        tiles=values.astype(np.float32),
        order=np.random.default_rng(seed).permutation(count),
        signed=True,
        shared_scale=True,
        unit="activation",
        noun="channel",
        layer="layer",
    )
