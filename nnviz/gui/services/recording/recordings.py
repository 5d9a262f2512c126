"""The recordings on disk: listed, deleted and brought back, made into films."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.events import Done, Event, Failed, Progress
from nnviz.base.info import MethodInfo, Severity
from nnviz.base.tapes import FILM, TAPE_MOVED, TAPES_LISTED, FilmRequest
from nnviz.gui.state.messages import Messages, Notice, Remedy
from nnviz.gui.state.settings import Settings

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

TOPIC = "recording"
_THUMBNAIL = 96


class Recordings(QObject):
    """What can be done with recordings that are not looked at."""

    listed = Signal(object)
    """Tuple of TapeEntry."""
    leaving = Signal(str)
    """The recording in this folder is about to be deleted."""
    film_changed = Signal(object)
    """Progress of the film that is made; None when there is none any more."""

    def __init__(self, settings: Settings, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._settings, self._messages = settings, messages
        self._bridge: Bridge | None = None
        self.filming = False

    def attach(self, bridge: "Bridge") -> None:
        """Start to work: the worker is there."""
        self._bridge = bridge
        bridge.event.connect(self._hear)
        bridge.tapes.tidy(self._settings.recordings)
        self.list()

    def list(self) -> None:
        """List the recordings anew."""
        if self._bridge is not None:
            self._bridge.tapes.list(self._settings.recordings, _THUMBNAIL)

    def new_folder(self, info: MethodInfo) -> str:
        """Return a folder for the steps of a run, empty where it has none."""
        if not info.recorded:
            return ""
        now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")[:-3]
        name = f"{now}-{info.name}"
        # A lesson runs at every change: its steps go at the next start, unlisted.
        passing = bool(info.capabilities.section)
        name = f".{name}.deleted" if passing else name
        return str(Path(self._settings.recordings, name))

    def put_away(self, folder: str) -> None:
        """Delete a recording; it can be undone until the next start."""
        if self._bridge is None:
            return
        self.leaving.emit(folder)
        away = Path(folder).with_name(f".{Path(folder).name}.deleted")
        bring_back = Remedy(self.tr("Undo"), lambda: self._bring_back(str(away)))
        self._bridge.tapes.put_away(folder)
        words = self.tr("recording deleted")
        self._messages.notice(
            Notice(TOPIC, Severity.NOTE, words, remedies=(bring_back,))
        )

    def _bring_back(self, folder: str) -> None:
        self._messages.settle(TOPIC)
        if self._bridge is not None:
            self._bridge.tapes.bring_back(folder)

    def export(self, request: FilmRequest) -> None:
        """Make a film of a recording."""
        if self._bridge is not None:
            self.filming = True
            self._bridge.tapes.export(request)
            self.film_changed.emit(Progress(0, 0, self.tr("film")))

    def stop_export(self) -> None:
        """Stop making a film."""
        if self._bridge is not None:
            self._bridge.tapes.stop_export()

    def _hear(self, place: str, event: Event) -> None:
        if place == FILM:
            self._hear_film(event)
        elif place == TAPES_LISTED and isinstance(event, Done):
            self.listed.emit(event.value)
        elif place == TAPE_MOVED:
            if isinstance(event, Failed):
                self._messages.fail(TOPIC, event.error)
            self.list()

    def _hear_film(self, event: Event) -> None:
        match event:
            case Progress():
                self.film_changed.emit(event)
                return
            case Done(str() as path):
                self._messages.say(self.tr("saved: {0}").format(path))
            case Failed(error):
                self._messages.fail(TOPIC, error)
            case _:
                self._messages.say(self.tr("video export stopped, nothing was saved"))
        self.filming = False
        self.film_changed.emit(None)
