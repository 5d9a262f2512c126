"""Occluder: the network's answer while parts of the image are hidden by hand."""

import time
from collections import deque

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.base.events import Policy, Priority
from nnviz.base.explanations.occluder import Fill, Occluded, OccludeImage
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import Lane
from nnviz.gui.state.occlusion_trace import OcclusionTrace

TOPIC = "occluder"
_LANE = Lane("occluder", Policy.LATEST, Priority.INTERACTIVE)
_RATED = 12
"""Number of answers over which their rate is measured."""


class Occluder(QObject):
    """Queries the network about the image with parts hidden; the newest counts."""

    answered = Signal(object)
    """Occluded."""
    rate_changed = Signal(float)
    """Answers a second."""

    def __init__(self, app: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._app = app
        self.fill: Fill = "mean"
        self.trace = OcclusionTrace()
        self._times: deque[float] = deque(maxlen=_RATED)

    def ask(self, mask: NDArray[np.uint8]) -> None:
        """Query the network with a mask hidden, uint8 (h, w) over the image."""
        chosen, app = self._app.selection, self._app
        if chosen.image is None or chosen.model is None:
            return
        request = OccludeImage(
            model=app.models.request,
            image=chosen.image,
            mask=mask,
            fill=self.fill,
            target=chosen.target,
        )
        job = app.jobs.submit(request, _LANE)
        job.done.connect(lambda found: self._take(mask, found))
        job.failed.connect(lambda error: app.messages.fail(TOPIC, error))

    def _take(self, mask: NDArray[np.uint8], found: Occluded) -> None:
        self._app.messages.settle(TOPIC)
        now = time.monotonic()
        self._times.append(now)
        self.trace.add(_center(mask), found.score, found.share)
        self.answered.emit(found)
        if len(self._times) > 1:
            passed = self._times[-1] - self._times[0]
            self.rate_changed.emit((len(self._times) - 1) / max(passed, 1e-3))


def _center(mask: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the center of the hidden part, as shares; NaN for none."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return float("nan"), float("nan")
    return (
        float(rows.mean() + 0.5) / mask.shape[0],
        float(columns.mean() + 0.5) / mask.shape[1],
    )
