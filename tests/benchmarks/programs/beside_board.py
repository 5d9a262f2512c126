"""Live and the sticker studio alone and beside a running board; print both rates.

Usage: beside_board.py VIDEO ROUNDS SECONDS

Rounds of two halves, one after the other, so that a busy machine slows both alike. The
board has integrated gradients of many steps over several images. The studio's place on
the worker is asked anew every 16 ms, as by a slider that is dragged.
"""

import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer

from nnviz.base.documents.boards import Network, Plan
from nnviz.base.events import Policy
from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.video import SourceKind, SourceRequest
from nnviz.gui.services.jobs import Lane
from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import LIVE, MainWindow
from nnviz.gui.state.settings import Settings
from tests.benchmarks.opened_window import until, wait

VIDEO, ROUNDS, SECONDS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
MODEL = ModelRequest(reference="bundled:imagenet")
STICKER = "round:#e53935"
IMAGES = 4
STEPS = 400
SLIDER_MS = 16
_STUDIO = Lane("stickers:answer", Policy.LATEST)


def images():
    """Return pictures of noise, each smooth at another scale."""
    chance = np.random.default_rng(0)
    for number in range(IMAGES):
        side = 8 << number
        small = chance.integers(0, 256, (side, side, 3), np.uint8)
        whole = small.repeat(256 // side, 0).repeat(256 // side, 1)
        yield image_from_array(whole, f"image {number}")


class Frames:
    """Frames of Live that were painted."""

    def __init__(self, window: MainWindow) -> None:
        self.painted = 0
        self.window = window
        window.app.live.shown.connect(self.show)

    def show(self, shown) -> None:
        if shown.run is not None:
            self.window.stage.center.live.view.repaint()  # its cost belongs to it
            self.painted += 1

    def rate(self) -> float:
        """Let the window run; return results painted a second."""
        self.painted = 0
        seconds = wait(SECONDS)
        return self.painted / seconds


class Answers:
    """Answers of the studio while its slider is dragged."""

    def __init__(self, window: MainWindow, image) -> None:
        self.jobs, self.image = window.app.jobs, image
        self.count = self.angle = 0
        self.timer = QTimer()
        self.timer.timeout.connect(self.ask)

    def ask(self) -> None:
        self.angle = (self.angle + 3) % 180
        request = RunMethod(
            method="placed_stickers",
            model=MODEL,
            image=self.image,
            values={
                "stickers": f"{STICKER} @ 0.5 0.5 0.3 {self.angle}",
                "picture": False,
                "quick": True,
            },
        )
        job = self.jobs.submit(request, _STUDIO)
        job.done.connect(self.take)
        job.failed.connect(lambda error: sys.exit(error.text))

    def take(self, _run) -> None:
        self.count += 1

    def rate(self) -> float:
        """Drag; return answers a second."""
        self.count = 0
        self.timer.start(SLIDER_MS)
        seconds = wait(SECONDS)
        self.timer.stop()
        return self.count / seconds


def board(bench) -> Plan:
    """Return a board that does not end while it is measured."""
    method = bench.choice.info("integrated_gradients")
    return Plan(
        methods=(method,),
        networks=(Network(request=MODEL, title="ImageNet"),),
        images=tuple(images()),
        values={method.name: {"steps": STEPS}},
    )


def compare(bench, plan, rate) -> dict[str, float]:
    """Return the rates alone and beside the board, and the median of their ratios."""
    alone, beside, advanced = [], [], []
    for _ in range(ROUNDS):
        alone.append(rate())
        told = []
        bench.boards.progressed.connect(lambda _, share, to=told: to.append(share))
        bench.boards.start(plan)
        wait(0.5)
        rate()  # the turn that was begun while nobody waited has to end
        beside.append(rate())
        bench.boards.stop()
        advanced.append(max(told, default=0.0))
        wait(0.7)
    return {
        "alone": statistics.median(alone),
        "beside": statistics.median(beside),
        "kept": statistics.median(b / a for a, b in zip(alone, beside, strict=True)),
        "board": statistics.median(advanced),
    }


def main() -> None:
    app.make_application()
    with tempfile.TemporaryDirectory() as folder:
        window = app.make_window(Settings(Path(folder) / "settings.json"))
        window.resize(1440, 900)
        window.show()
        app.start_engine(window.app)
        bench, frames = window.app, Frames(window)
        bench.live.request = SourceRequest(kind=SourceKind.FILE, address=VIDEO)
        window.enter(LIVE)
        bench.choice.prefer("predictions", None)
        bench.open_model(MODEL.reference)
        until(lambda: frames.painted > 5, "frames")
        plan = board(bench)
        found = {"live": compare(bench, plan, frames.rate)}
        bench.bridge.live.close(1.0)
        answers = Answers(window, plan.images[0])
        answers.rate()
        found["studio"] = compare(bench, plan, answers.rate)
        for who, figures in found.items():
            for name, value in figures.items():
                print(f"{who}_{name}", value)
        window.close()


main()
