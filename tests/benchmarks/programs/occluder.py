"""Draw a patch over an image in the window; print the time between answers.

Usage: occluder.py MODEL

The patch has its usual size and moves every 12 ms, faster than answers come.
"""

import math
import sys

from PySide6.QtCore import QTimer

from nnviz.gui.shell.main_window import EXPLAIN
from nnviz.gui.state.modes import OCCLUDER
from tests.benchmarks.opened_window import opened_window, until, wait

MODEL = sys.argv[1]
WARM, SECONDS = 3.0, 8.0
MOVE_MS = 12


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
    with opened_window(MODEL) as window:
        window.enter(EXPLAIN)
        window.stage.center.set_mode(OCCLUDER)
        hand = Hand(window.stage.center.page(OCCLUDER))
        until(lambda: hand.answers, "an answer")
        hand.timer.start(MOVE_MS)
        wait(WARM)
        hand.answers = 0
        seconds = wait(SECONDS)
        print("answer_ms", 1000 * seconds / hand.answers)
        hand.timer.stop()


main()
