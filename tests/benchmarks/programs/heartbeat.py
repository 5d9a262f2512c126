"""Beat every 10 ms on the GUI thread while the worker computes; print the lateness."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PySide6.QtCore import QTimer

from nnviz.base.events import Policy
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.gui.services.bridge import Bridge
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.shell import app
from nnviz.media.decode import open_image
from tests.benchmarks.beats import Beats

SECONDS = float(sys.argv[1])
MODEL = ModelRequest(reference="zoo:resnet50@random", device="cpu")


class Load:
    """Keeps the worker busy: a new layer each time, so nothing comes from a cache."""

    def __init__(self, bridge, image, begun):
        self.image, self.begun = image, begun
        self.asked = 0
        self.jobs, self.lane = Jobs(), Lane("load", Policy.QUEUE)
        self.jobs.attach(bridge)
        self.jobs.submit(LoadModel(MODEL), self.lane).done.connect(self.next)

    def next(self, _answer: object) -> None:
        if not self.asked:
            self.begun()
        self.asked += 1
        layer = f"layer{self.asked % 4 + 1}.{self.asked // 4 % 3}"
        request = RunMethod(
            method="activations", model=MODEL, image=self.image,
            values={"layer": layer}, seed=self.asked,
        )  # fmt: skip
        self.jobs.submit(request, self.lane).done.connect(self.next)


def main() -> None:
    application = app.make_application()
    bridge = Bridge()
    package = Path(find_spec("skimage").origin).parent
    beats = Beats()

    def begin() -> None:
        beats.begin()
        QTimer.singleShot(int(SECONDS * 1000), application.quit)

    load = Load(bridge, open_image(package / "data" / "astronaut.png"), begin)
    application.exec()
    beats.end()
    bridge.shutdown()
    late = np.array(beats.late) * 1e3
    print("p99.9", np.quantile(late, 0.999))
    print("worst", late.max())
    print("jobs", load.asked)


main()
