"""Train in the window with live curves; print its lateness and what the curves cost.

Usage: training_curves.py ROUNDS

Prints, a line each: ``late_p99_ms``, how late a 10 ms beat of the GUI thread is;
``busy_p99_ms``, the processor time that the GUI thread takes between two beats;
``ratio``, the process's processor time for a whole training in the window over that
for the same steps and nothing else, the median of rounds of both.
"""

import statistics
import sys
import time

import numpy as np
import torch
from PySide6.QtCore import Qt, QTimer

from nnviz.base.parameters import make
from nnviz.engine.learning.examples import load_examples
from nnviz.engine.learning.run import TrainingRun
from nnviz.engine.methods.train_network import TrainNetworkParams
from nnviz.gui.shell.main_window import TRAIN, MainWindow
from tests.benchmarks.engine import never
from tests.benchmarks.opened_window import opened_window, until

ROUNDS = int(sys.argv[1])
METHOD, BEAT = "train_network", 0.010
VALUES = {"network": "lenet", "data": "digits", "image_count": 1500, "epochs": 20}


class Beats:
    """A 10 ms timer; its lateness, and the GUI thread's work between beats, s."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self.busy: list[float] = []
        self._last = (0.0, 0.0)
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._beat)

    def start(self) -> None:
        self._last = time.perf_counter(), time.thread_time()
        self.timer.start(round(BEAT * 1000))

    def _beat(self) -> None:
        now = time.perf_counter(), time.thread_time()
        self.late.append(max(0.0, now[0] - self._last[0] - BEAT))
        self.busy.append(now[1] - self._last[1])
        self._last = now


class Trainings:
    """Runs of the method in the window, from the click to the last curve."""

    def __init__(self, window: MainWindow, beats: Beats) -> None:
        self.window, self.beats = window, beats
        self.finished = 0
        window.app.runs.finished.connect(self._count)

    def run(self, seed: int) -> float:
        """Return the processor time of one, s."""
        self.window.app.choice.choose(METHOD, VALUES, seed)
        wanted, worked = self.finished + 1, time.process_time()
        self.beats.start()
        self.window.commands["run.run"].trigger()
        until(lambda: self.finished == wanted, "the end of a training")
        self.beats.timer.stop()
        return time.process_time() - worked

    def _count(self, _run: object) -> None:
        self.finished += 1


def train(seed: int) -> float:
    """Return the processor time of the same steps without curves or window, s."""
    worked = time.process_time()
    params = make(TrainNetworkParams, VALUES)
    examples = load_examples(params.data, params.folder, params.image_count, never)
    generator = torch.Generator().manual_seed(seed)
    run = TrainingRun(params.switches(), examples, generator, never)
    while not run.ended:
        run.advance()
    return time.process_time() - worked


def main() -> None:
    with opened_window("bundled:objects") as window:
        window.enter(TRAIN)
        beats = Beats()
        trainings = Trainings(window, beats)
        trainings.run(0)
        train(0)
        beats.late.clear()
        beats.busy.clear()
        ratios = [trainings.run(seed) / train(seed) for seed in range(ROUNDS)]
    print("late_p99_ms", 1e3 * np.quantile(beats.late, 0.99))
    print("busy_p99_ms", 1e3 * np.quantile(beats.busy, 0.99))
    print("ratio", statistics.median(ratios))


main()
