"""Follow a film in the real window; print how it keeps up with the bare network.

Usage: live.py FILM MODEL METHOD ROUNDS SECONDS [SIZE]

SIZE is that at which a method paints, px.

Rounds of two halves, one after the other, so that a busy machine slows both alike: the
window in Live (decode, resize, infer, draw, paint), and nothing but forward passes of
the same network while the capture thread goes on.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer

from nnviz.base.images import Image
from nnviz.base.requests import ModelRequest
from nnviz.base.video import SourceKind, SourceRequest
from nnviz.engine.imaging.pyramid import scaled
from nnviz.engine.jobs import Session
from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import LIVE, MainWindow
from nnviz.gui.state.settings import Settings
from nnviz.media.video.reader import open_video

FILM, MODEL, METHOD = sys.argv[1:4]
ROUNDS, SECONDS = int(sys.argv[4]), float(sys.argv[5])
SIZE = int(sys.argv[6]) if sys.argv[6:] else 0
BEAT = 0.010
PATIENCE = 120.0


class Watch(QObject):
    """Counts results that were painted, with their ages; beats every 10 ms."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self.window = window
        self.painted = 0
        self.ages: list[float] = []
        self.inference: list[float] = []
        self.late: list[float] = []
        self.last = 0.0
        self.timer = QTimer()
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.beat)
        window.app.live.shown.connect(self.show)

    def show(self, shown) -> None:
        if shown.run is None:
            return
        view = self.window.stage.center.live.view
        view.repaint()  # now, not when Qt has time: its cost belongs to the frame
        self.painted += 1
        self.ages.append(time.monotonic() - shown.image.captured)
        self.inference.append(shown.figures.inference)

    def beat(self) -> None:
        now = time.perf_counter()
        if self.last:
            self.late.append(max(0.0, now - self.last - BEAT))
        self.last = now

    def run(self, seconds: float) -> float:
        """Let the window run; return results painted a second."""
        self.painted, self.last = 0, 0.0
        loop = QEventLoop()
        self.timer.start(10)
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        began = time.perf_counter()
        loop.exec()
        self.timer.stop()
        return self.painted / (time.perf_counter() - began)


class Bare:
    """The network alone, on one picture of the film."""

    def __init__(self) -> None:
        job = Session().store.open(ModelRequest(reference=MODEL), lambda: None)
        while True:
            try:
                next(job)
            except StopIteration as stop:
                model = stop.value
                break
        reader = open_video(Path(FILM))
        grab = reader.read()
        image = Image(grab.pixels(), "frame", "")
        reader.close()
        with torch.no_grad():
            self.pixels = model.normalizer(pixels_of(model, image))
        self.net = model.net if METHOD == "predictions" else model.twin()

    def run(self, seconds: float) -> float:
        """Return passes a second."""
        passes, began = 0, time.perf_counter()
        with torch.no_grad():
            while time.perf_counter() - began < seconds:
                self.net(self.pixels)
                passes += 1
        return passes / (time.perf_counter() - began)


def pixels_of(model, image):
    """What the method gives the network, in the order in memory that it is fastest."""
    if not SIZE:
        return model.pixel_input(image)
    pixels = model.whole_input(image, scaled(image.size, SIZE))
    return pixels.contiguous(memory_format=torch.channels_last)


def main() -> None:
    application = app.make_application()
    with tempfile.TemporaryDirectory() as folder:
        window = app.make_window(Settings(Path(folder) / "settings.json"))
        window.resize(1440, 900)
        window.show()
        app.start_engine(window.app)
        bench, watch = window.app, Watch(window)
        bench.live.request = SourceRequest(kind=SourceKind.FILE, address=FILM)
        window.enter(LIVE)
        bench.choice.prefer(METHOD, {"size": SIZE} if SIZE else None)
        bench.open_model(MODEL)
        until = time.monotonic() + PATIENCE
        while watch.painted < 5 and time.monotonic() < until:
            application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        bare = Bare()
        bare.run(1.0)
        watch.run(2.0)
        for kept in (watch.ages, watch.inference, watch.late):
            kept.clear()
        report(*rounds(window, watch, bare))
        window.close()


def rounds(window, watch, bare):
    whole, alone = [], []
    loop = window.app.bridge.live
    for _ in range(ROUNDS):
        whole.append(watch.run(SECONDS))
        template = loop._template
        loop.set_template(None)
        time.sleep(0.3)
        alone.append(bare.run(SECONDS))
        loop.set_template(template)
        watch.run(0.5)
    return watch, whole, alone


def report(watch, whole, alone) -> None:
    late = np.array(watch.late) * 1e3
    figures = {
        "frames_per_second": statistics.median(whole),
        "bare_per_second": statistics.median(alone),
        "ratio": statistics.median(w / a for w, a in zip(whole, alone, strict=True)),
        "age_ms": 1e3 * statistics.median(watch.ages),
        "inference_ms": 1e3 * statistics.median(watch.inference),
        "beat_p99.9_ms": np.quantile(late, 0.999),
        "beat_worst_ms": late.max(),
    }
    for name, value in figures.items():
        print(name, value)


main()
