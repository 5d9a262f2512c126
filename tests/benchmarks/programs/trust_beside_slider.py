"""Change a slider while trust is measured and while it is not; print both latencies.

Usage: trust_beside_slider.py MODEL ROUNDS

Rounds of two changes, one with trust on and one with it off, so that a busy machine
slows both alike. With trust on a change comes in the middle of the measuring.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import EXPLAIN
from nnviz.gui.state.settings import Settings
from nnviz.media.encode import write_png
from tests.benchmarks.engine import photo

MODEL, ROUNDS = sys.argv[1], int(sys.argv[2])
METHOD, SLIDER, SAMPLES = "smooth_grad", "noise", 4
PATIENCE = 120.0


def wait(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def until(happened, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}")
        wait(0.005)


class Slider:
    """The slider of a method's form, and the time of its answers."""

    def __init__(self, window) -> None:
        self.window, self.trust = window, window.app.trust
        self.turn = 0
        self.answered = 0.0
        window.app.runs.finished.connect(self.take)

    def take(self, _run) -> None:
        self.answered = time.perf_counter()

    def move(self) -> None:
        """Move it to where it has not been."""
        self.turn += 1
        form = self.window.stage.method.form
        value = 5 + 0.05 * self.turn
        form.changed.emit({**form.values(), SLIDER: value, "samples": SAMPLES})
        runs = self.window.app.runs
        if not runs.automatic:
            runs.run()

    def answer_seconds(self, *, measured: bool) -> float:
        """Move it, with trust being measured or not; return how late the answer is."""
        self.trust.set_automatic(measured)
        if measured:
            self.move()  # a map that has no figures yet
            until(self._advanced, "figures of trust")
        else:
            self.move()
            wait(1.0)
        wait(0.1 * (self.turn % 4))  # at different places of a turn
        begun, self.answered = time.perf_counter(), 0.0
        self.move()
        until(lambda: self.answered, "an answer")
        return self.answered - begun

    def _advanced(self) -> bool:
        progress = self.trust.state.progress
        return progress is not None and progress.total > 0


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
        until(
            lambda: chosen.image is not None and chosen.model is not None, "a network"
        )
        window.enter(EXPLAIN)
        window.app.choice.choose(METHOD)
        slider = Slider(window)
        slider.move()
        until(lambda: slider.answered, "a first answer")
        pairs = [
            (
                slider.answer_seconds(measured=True),
                slider.answer_seconds(measured=False),
            )
            for _ in range(ROUNDS)
        ]
        on, off = (1000 * statistics.median(part) for part in zip(*pairs, strict=True))
        print("trust_ms", on)
        print("plain_ms", off)
        print("ratio", on / off)
        window.close()


main()
