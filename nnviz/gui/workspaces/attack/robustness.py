"""Controller of the attack curve: accuracy against epsilon over a folder."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.base.measures.evaluation import Robustness
from nnviz.base.requests import MeasureRobustness
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import JobHandle, Lane

TOPIC = "robustness"
_LANE = Lane("robustness", Policy.REPLACE, Priority.NORMAL)


class Measuring(QObject):
    """Measures an attack curve in the background."""

    progressed = Signal(object)
    """Progress; None when the measurement has ended."""
    found = Signal(object)
    """Robustness."""

    def __init__(self, app: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._app = app
        self._messages = app.messages
        self._job: JobHandle[Robustness] | None = None
        self.newest: Robustness | None = None

    @property
    def running(self) -> bool:
        """Whether a measurement is running."""
        return self._job is not None and self._job.open

    def start(self, request: MeasureRobustness) -> None:
        """Measure the open network."""
        if self._app.selection.model is None:
            self._messages.say(self.tr("open a network first"))
            return
        asked = replace(request, model=self._app.models.request)
        self.progressed.emit(Progress(0, 0, ""))
        title = self.tr("Accuracy against ε")
        self._job = job = self._app.jobs.submit(asked, _LANE, title)
        job.progressed.connect(self.progressed.emit)
        job.done.connect(self._end)
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self._stopped())

    def stop(self) -> None:
        """Cancel the measurement."""
        if self._job is not None:
            self._job.cancel()

    def show(self) -> None:
        """Show the newest curve again."""
        if self.newest is not None:
            self.found.emit(self.newest)

    def save(self, folder: str) -> None:
        """Save the newest curve as CSV, PNG and SVG."""
        bridge = self._app.bridge
        if bridge is not None and self.newest is not None:
            self._app.saving.save(bridge.files.results.curve(self.newest, folder))

    def _end(self, found: Robustness) -> None:
        self.newest = found
        self._messages.settle(TOPIC)
        self.found.emit(found)
        self.progressed.emit(None)

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        self.progressed.emit(None)

    def _stopped(self) -> None:
        self._messages.say(self.tr("curve stopped"))
        self.progressed.emit(None)
