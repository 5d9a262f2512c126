"""An engine without torch that looks at frames, as slowly as a test wants."""

import threading
import time
from collections.abc import Callable

import numpy as np

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import ModelError, error_record
from nnviz.base.events import Job, Partial, Progress
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import FetchModel, ModelRequest, RunMethod
from nnviz.base.results import Ranking, Report
from nnviz.runtime.worker import Engine

TEMPLATE = RunMethod(method="predictions", model=ModelRequest(reference="fake:net"))


class Vision:
    """Ranks two classes by the brightness of a frame; method "broken" fails.

    Attributes:
        seconds: how long a frame takes, asleep.
        begun: called with each frame when its work begins, on the worker's thread.
        looked: frames looked at.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.begun: Callable[[object], None] = lambda _image: None
        self.looked = 0
        self.steps = 0
        self.busy = threading.Event()

    def engine(self) -> Engine:
        return Engine(self, error_record)

    def job(self, request: RunMethod | FetchModel, check: Callable[[], None]) -> Job:
        if isinstance(request, FetchModel):
            return self._long(int(request.reference), check)
        return self._look(request, check)

    def catalogue(self) -> Catalogue:
        return Catalogue((), ())

    def close(self) -> None:
        self.busy.set()

    def _look(self, request: RunMethod, check: Callable[[], None]) -> Job:
        self.begun(request.image)
        self.looked += 1
        self._sleep(check)
        if request.method == "broken":
            raise ModelError("fake:net", "cannot look at this")
        yield Partial(ranked(request))
        return Run(ranked(request), recipe(request), request.image)

    def _long(self, steps: int, check: Callable[[], None]) -> Job:
        for step in range(steps):
            check()
            time.sleep(0.005)
            self.steps += 1
            yield Progress(step, steps, "long")
        return steps

    def _sleep(self, check: Callable[[], None]) -> None:
        until = time.perf_counter() + self.seconds
        while (left := until - time.perf_counter()) > 0:
            check()
            time.sleep(min(left, 0.01))


def ranked(request: RunMethod) -> Report:
    assert request.image is not None
    bright = float(request.image.pixels[0, 0, 0]) / 255
    values = np.sort(np.array([bright, 1 - bright]))[::-1]
    labels = ("bright", "dark") if bright >= 0.5 else ("dark", "bright")
    indices = np.array([0, 1] if bright >= 0.5 else [1, 0])
    ranking = Ranking(
        labels=labels, values=values, indices=indices, unit="probability",
        limits=(0.0, 1.0),
    )  # fmt: skip
    return Report({"probabilities": ranking})


def recipe(request: RunMethod) -> Recipe:
    assert request.image is not None
    return Recipe(
        method=request.method,
        values=dict(request.values),
        model=request.model.reference,
        model_sha256="0" * 64,
        preprocess=Preprocess(),
        image=request.image.name,
        image_sha256=request.image.sha256,
    )
