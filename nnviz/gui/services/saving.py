"""Saving of results, boards, sheets, tables and sidecars."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy
from nnviz.base.host.file_work import FileWork
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.state.messages import Messages

_TOPIC = "save"
_LANE = Lane("save", Policy.QUEUE)


class Saving(QObject):
    """Queue of files to write, reporting where they are."""

    saved = Signal(object)
    """Tuple of paths."""

    def __init__(self, jobs: Jobs, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._messages = jobs, messages

    def save(self, work: FileWork[tuple[Path, ...]]) -> JobHandle[tuple[Path, ...]]:
        """Write files through ``Bridge.files``, even if the window closes meanwhile."""
        job = self._jobs.do(work, _LANE)
        job.done.connect(self._tell)
        job.failed.connect(self._fail)
        return job

    def _tell(self, paths: tuple[Path, ...]) -> None:
        self._messages.settle(_TOPIC)
        names = ", ".join(path.name for path in paths)
        self._messages.say(
            self.tr("saved in {0}: {1}").format(paths[0].parent.name, names)
        )
        self.saved.emit(paths)

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(_TOPIC, error)
