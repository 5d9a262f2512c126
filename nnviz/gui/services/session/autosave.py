"""Autosave of the session, shortly after each change."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QLockFile, QObject, QTimer

from nnviz.base.documents.session import SessionState
from nnviz.base.errors import NnvizError
from nnviz.base.events import Policy, Priority
from nnviz.base.images import Image
from nnviz.base.recipes import Run
from nnviz.gui.services.example_boxes import ExampleBoxes
from nnviz.gui.services.images import Images
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.models import Models
from nnviz.gui.state.history import History
from nnviz.gui.state.messages import Messages

_PAUSE_MS = 400
LOCK = "running.lock"
"""Lock file in a session's folder, held by its process."""


class SessionStore(Protocol):
    """Interface of the sessions on disk, called mostly from file threads."""

    def new_folder(self) -> Path:
        """Return a folder for a new session."""
        ...

    def folders(self) -> list[Path]:
        """List the folders of all sessions, the newest first."""
        ...

    def keep(
        self,
        folder: Path,
        state: SessionState,
        runs: Sequence[Run],
        loose: Sequence[Image],
    ) -> None:
        """Write a session's state and results."""
        ...

    def close(self, folder: Path) -> None:
        """Mark a session as closed normally."""
        ...

    def read(self, folder: Path) -> SessionState:
        """Read a session's state."""
        ...

    def results(self, folder: Path, state: SessionState) -> tuple[list[Run], list[str]]:
        """Read a session's results, and the errors of unreadable ones."""
        ...

    def forget(self, folders: Sequence[Path]) -> None:
        """Delete sessions."""
        ...


class Autosave(QObject):
    """Saves the session's state, and each result once, off the GUI thread."""

    def __init__(
        self,
        jobs: Jobs,
        images: Images,
        models: Models,
        choice: MethodChoice,
        history: History,
        messages: Messages,
        *,
        boxes: ExampleBoxes,
    ) -> None:
        super().__init__()
        self._jobs, self._images, self._models = jobs, images, models
        self._choice, self._history, self._messages = choice, history, messages
        self._boxes = boxes
        self._store: SessionStore | None = None
        self.folder = Path()
        self._lock: QLockFile | None = None
        self._lane = Lane("session", Policy.QUEUE, Priority.NORMAL)
        self._writing = self._due = self._told = False
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._write)
        for changed in (
            images.added,
            images.removed,
            images.inserted,
            images.current_changed,
            models.opened,
            choice.edited,
            choice.entered,
            history.changed,
            boxes.settled,
        ):
            changed.connect(self._renew)

    def begin(self, store: SessionStore) -> None:
        """Start saving into a new session folder."""
        self.folder = store.new_folder()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._fail(str(error))
            return
        self._lock = QLockFile(str(self.folder / LOCK))
        self._lock.setStaleLockTime(0)
        self._lock.tryLock(0)
        self._store = store

    def end(self) -> None:
        """Mark the session as closed, and stop saving."""
        store, self._store = self._store, None
        self._pause.stop()
        if store is not None:
            with suppress(NnvizError):  # nothing was saved yet, or saving fails
                store.close(self.folder)
        if self._lock is not None:
            self._lock.unlock()

    def _renew(self, *_: object) -> None:
        """Save soon; further changes do not postpone it."""
        if self._store is not None and not self._pause.isActive():
            self._pause.start()

    def _write(self) -> None:
        store = self._store
        if store is None:
            return
        if self._writing:  # the disk is slow: the newest state is written next
            self._due = True
            return
        self._writing = True
        folder, state = self.folder, self.state()
        runs, loose = self._history.runs, self._images.without_file()
        job = self._jobs.compute(
            lambda: store.keep(folder, state, runs, loose), self._lane
        )
        job.done.connect(lambda _: self._written())
        job.failed.connect(lambda error: self._fail(error.text))

    def _written(self) -> None:
        self._writing = False
        if self._due:
            self._due = False
            self._renew()

    def _fail(self, text: str) -> None:
        """Report once that the session cannot be saved."""
        self._writing = False
        if not self._told:
            self._told = True
            self._messages.log(
                self.tr("the session could not be saved: {0}").format(text)
            )

    def state(self) -> SessionState:
        """Return the session's state: images, network, method and parameters."""
        method, request = self._choice.method, self._models.request
        return SessionState(
            images=self._images.paths,
            current=self._images.current,
            model=request if request.reference else None,
            workspace=self._choice.workspace_name,
            method=method.name if method else "",
            values=self._choice.values,
            boxes=self._boxes.text,
        )


def is_running(folder: Path) -> bool:
    """Return whether a running process holds a session's lock."""
    lock = QLockFile(str(folder / LOCK))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        return True
    lock.unlock()
    return False
