"""Draw a patch over an image in the window; print the time between answers.

Usage: occluder.py MODEL

The patch has its usual size and moves every 12 ms, faster than answers come.
"""

import math
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import EXPLAIN
from nnviz.gui.state.modes import OCCLUDER
from nnviz.gui.state.settings import Settings
from nnviz.media.encode import write_png
from tests.benchmarks.engine import photo

MODEL = sys.argv[1]
WARM, SECONDS = 3.0, 8.0
MOVE_MS = 12
PATIENCE = 120.0


def wait(seconds: float) -> float:
    """Let the window run; return how long it did, s."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    began = time.perf_counter()
    loop.exec()
    return time.perf_counter() - began


def until(happened) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            sys.exit("nothing happened")
        wait(0.05)


class Hand:
    """Moves over the image and counts answers."""

    def __init__(self, page) -> None:
        self.canvas, self.moves, self.answers = page.canvas, 0, 0
        page.answered.connect(self.take)
        self.timer = QTimer()
        self.timer.timeout.connect(self.move)

    def take(self, _found) -> None:
        self.answers += 1

    def move(self) -> None:
        self.moves += 1
        turn = self.moves / 40
        height, width = self.canvas.image_size
        self.canvas.pointed.emit(
            height * (0.5 + 0.35 * math.sin(turn)),
            width * (0.5 + 0.35 * math.cos(1.3 * turn)),
        )


def main() -> None:
    app.make_application()
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "image.png")
        write_png(image, photo())
        window = app.make_window(Settings(Path(folder) / "settings.json"))
        window.resize(1440, 900)
        window.show()
        app.start_engine(window.app)
        chosen = window.app.selection
        window.app.open_model(MODEL)
        window.app.open_files([str(image)])
        until(lambda: chosen.image is not None and chosen.model is not None)
        window.enter(EXPLAIN)
        window.stage.center.set_mode(OCCLUDER)
        hand = Hand(window.stage.center.page(OCCLUDER))
        until(lambda: hand.answers)
        hand.timer.start(MOVE_MS)
        wait(WARM)
        hand.answers = 0
        seconds = wait(SECONDS)
        print("answer_ms", 1000 * seconds / hand.answers)
        hand.timer.stop()
        window.close()


main()
