"""The recordings on disk: listed, deleted, restored, exported as videos."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.documents.recordings import VideoExport
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.base.host.file_work import FileWork
from nnviz.base.info import MethodInfo, Severity
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.state.messages import Messages, Notice, Remedy
from nnviz.gui.state.settings import Settings

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

TOPIC, _EXPORTED = "recording", "video of a recording"
_THUMBNAIL = 96
_LISTING = Lane("recordings")
_MOVING = Lane("recording moved", Policy.QUEUE)
_EXPORT = Lane("video of a recording", Policy.QUEUE, Priority.NORMAL)


class Recordings(QObject):
    """Lists, deletes, restores and exports recordings."""

    listed = Signal(object)
    """Tuple of TapeEntry."""
    leaving = Signal(str)
    """The recording in this folder is about to be deleted."""
    film_changed = Signal(object)
    """Progress of the video export; None when there is none."""

    def __init__(
        self, jobs: Jobs, settings: Settings, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._settings, self._messages = settings, messages
        self._bridge: Bridge | None = None
        self._export: JobHandle[str] | None = None
        self._exported = ""
        """Folder of the recording that is exported."""

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge
        self._move(bridge.files.recordings.tidy(self._settings.recordings))
        self.list()

    def list(self) -> None:
        """Update the list of recordings."""
        if self._bridge is not None:
            recordings = self._bridge.files.recordings
            work = recordings.list(self._settings.recordings, _THUMBNAIL)
            self._jobs.do(work, _LISTING).done.connect(self.listed.emit)

    def new_folder(self, info: MethodInfo) -> str:
        """Return a new folder for a run's recording; "" for a method without one."""
        if not info.recorded:
            return ""
        now = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")[:-3]
        name = f"{now}-{info.name}"
        # A lesson runs at every change: its recording is unlisted and deleted at the
        # next start.
        passing = bool(info.capabilities.section)
        name = f".{name}.deleted" if passing else name
        return str(Path(self._settings.recordings, name))

    def put_away(self, folder: str) -> None:
        """Delete a recording, undoable until the next start; its export is stopped."""
        if self._bridge is None:
            return
        if self._exported == folder:
            self.stop_export()
        self.leaving.emit(folder)
        away = Path(folder).with_name(f".{Path(folder).name}.deleted")
        bring_back = Remedy(self.tr("Undo"), lambda: self._bring_back(str(away)))
        self._move(self._bridge.files.recordings.put_away(folder))
        words = self.tr("recording deleted")
        self._messages.notice(
            Notice(TOPIC, Severity.NOTE, words, remedies=(bring_back,))
        )

    def _bring_back(self, folder: str) -> None:
        self._messages.settle(TOPIC)
        if self._bridge is not None:
            self._move(self._bridge.files.recordings.bring_back(folder))

    def _move(self, work: FileWork[object]) -> None:
        """Rename a recording, and update the list."""
        job = self._jobs.do(work, _MOVING)
        job.done.connect(lambda _: self.list())
        job.failed.connect(self._fail_moving)

    def _fail_moving(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        self.list()

    @property
    def exporting(self) -> bool:
        """Whether a video is being exported."""
        return self._export is not None and self._export.open

    def export(self, request: VideoExport) -> None:
        """Export a recording as a video."""
        if self._bridge is None:
            return
        self._messages.settle(_EXPORTED)
        self._exported = request.folder
        work = self._bridge.files.recordings.export(request)
        self._export = job = self._jobs.do(work, _EXPORT)
        self.film_changed.emit(Progress(0, 0, self.tr("video")))
        job.progressed.connect(self.film_changed.emit)
        words = self.tr("saved: {0}")
        job.done.connect(lambda path: self._end_export(words.format(path)))
        stopped = self.tr("video export stopped, nothing was saved")
        job.cancelled.connect(lambda _: self._end_export(stopped))
        job.failed.connect(self._fail_export)

    def stop_export(self) -> None:
        """Stop the export."""
        if self._export is not None:
            self._export.cancel()

    def _end_export(self, words: str) -> None:
        self._messages.say(words)
        self.film_changed.emit(None)

    def _fail_export(self, error: ErrorRecord) -> None:
        self._messages.fail(_EXPORTED, error)
        self.film_changed.emit(None)
