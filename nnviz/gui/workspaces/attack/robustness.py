"""Accuracy against epsilon over a folder, measured in the background."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.evaluation import Robustness
from nnviz.base.events import Cancelled, Done, Event, Failed, Policy, Priority, Progress
from nnviz.base.requests import MeasureRobustness
from nnviz.gui.services.models import Models
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.selection import Selection

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

PLACE = "robustness"


class Measuring(QObject):
    """Asks for the curve and tells what became of it."""

    progressed = Signal(object)
    """Progress; None when nothing is measured any more."""
    found = Signal(object)
    """Robustness."""

    def __init__(
        self, selection: Selection, models: Models, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._selection, self._models = selection, models
        self._messages = messages
        self._bridge: Bridge | None = None
        self.newest: Robustness | None = None

    def attach(self, bridge: "Bridge") -> None:
        """Start to work: the worker is there."""
        self._bridge = bridge
        bridge.event.connect(self._hear)

    @property
    def running(self) -> bool:
        """Whether something is being measured."""
        return self._bridge is not None and self._bridge.busy(PLACE)

    def start(self, request: MeasureRobustness) -> None:
        """Measure the network that is open."""
        if self._bridge is None or self._selection.model is None:
            self._messages.say(self.tr("open a network first"))
            return
        asked = replace(request, model=self._models.request)
        self.progressed.emit(Progress(0, 0, ""))
        self._bridge.submit(PLACE, asked, Policy.REPLACE, Priority.NORMAL)

    def stop(self) -> None:
        """Stop measuring."""
        if self._bridge is not None and self.running:
            self._bridge.cancel(PLACE)

    def save(self, folder: str) -> None:
        """Write the newest curve as CSV, PNG and SVG."""
        if self._bridge is not None and self.newest is not None:
            self._bridge.export_curve(self.newest, folder)

    def _hear(self, place: str, event: Event) -> None:
        if place != PLACE:
            return
        match event:
            case Progress():
                self.progressed.emit(event)
                return
            case Done(Robustness() as found):
                self.newest = found
                self._messages.settle(PLACE)
                self.found.emit(found)
            case Failed(error):
                self._messages.fail(PLACE, error)
            case Cancelled():
                self._messages.say(self.tr("curve stopped"))
            case _:
                pass
        self.progressed.emit(None)
