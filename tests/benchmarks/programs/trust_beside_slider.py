"""Change a slider while trust is measured and while it is not; print both latencies.

Usage: trust_beside_slider.py MODEL ROUNDS

Rounds of two changes, one with trust on and one with it off, so that a busy machine
slows both alike. With trust on a change comes in the middle of the measuring.
"""

import statistics
import sys
import time

from nnviz.gui.shell.main_window import EXPLAIN
from tests.benchmarks.opened_window import opened_window, until, wait

MODEL, ROUNDS = sys.argv[1], int(sys.argv[2])
METHOD, SLIDER, SAMPLES = "smooth_grad", "noise", 4


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
    with opened_window(MODEL) as window:
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


main()
