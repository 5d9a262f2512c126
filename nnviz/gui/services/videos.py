"""Films of films: a method on every picture of one."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.events import (
    Cancelled,
    Done,
    Event,
    Failed,
    Policy,
    Priority,
    Progress,
)
from nnviz.base.requests import ChangeFilm, RunMethod
from nnviz.gui.state.messages import Messages

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

PLACE = "film"


class Films(QObject):
    """Makes one film of another at a time; it goes on when something else is done."""

    changed = Signal(object)
    """Progress of the film that is made; None once none is."""

    def __init__(self, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._messages = messages
        self._bridge: Bridge | None = None
        self._out = ""
        """Name of the film that is being made."""

    def attach(self, bridge: "Bridge") -> None:
        """Start to work: the worker is there."""
        self._bridge = bridge
        bridge.event.connect(self._hear)

    @property
    def busy(self) -> bool:
        """Whether a film is being made."""
        return self._bridge is not None and self._bridge.busy(PLACE)

    def make(self, asked: RunMethod, film: str, out: str) -> None:
        """Make a film of what a method makes of another, with its sound.

        Args:
            asked: method, network, values and seed; its photograph does not matter.
            film: path of the film.
            out: path of the new one.
        """
        if self._bridge is None:
            return
        self._messages.settle(PLACE)
        request = ChangeFilm(
            method=asked.method,
            model=asked.model,
            film=film,
            out=out,
            values=asked.values,
            seed=asked.seed,
        )
        self._bridge.submit(PLACE, request, Policy.REPLACE, Priority.NORMAL)
        self._out = Path(out).name
        self.changed.emit(Progress(0, 0, self.tr("opening the film")))

    def stop(self) -> None:
        """End the film; what there is of it is kept."""
        if self._bridge is not None and self.busy:
            self._bridge.cancel(PLACE)

    def _hear(self, place: str, event: Event) -> None:
        if place != PLACE:
            return
        match event:
            case Progress():
                words = f"{self._out}: {event.what}"
                self.changed.emit(replace(event, what=words))
            case Done(notes) if isinstance(notes, tuple):
                self._end(", ".join(map(str, notes)))
            case Cancelled():
                self._end(self.tr("stopped; what there is of it is kept"))
            case Failed(error):
                self._messages.fail(PLACE, error)
                self.changed.emit(None)
            case _:
                pass

    def _end(self, words: str) -> None:
        self._messages.say(f"{self._out}: {words}")
        self.changed.emit(None)
