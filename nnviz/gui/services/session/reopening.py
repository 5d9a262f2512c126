"""Reopening of the last session, offered after a crash or on demand."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnviz.base.catalogue import network_title
from nnviz.base.documents.session import SessionState
from nnviz.base.errors import UsageError
from nnviz.base.info import Severity
from nnviz.base.recipes import Run
from nnviz.gui.services.example_boxes import ExampleBoxes
from nnviz.gui.services.images import Images
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.models import Models
from nnviz.gui.services.session.autosave import SessionStore, is_running
from nnviz.gui.state.history import History
from nnviz.gui.state.messages import Messages, Notice, Remedy

TOPIC = "session"
_KEPT = 3
"""Sessions that stay on disk, the last one and two before."""


class Reopening(QObject):
    """Finds the previous session and restores it."""

    workspace_wanted = Signal(str)
    """Name of the session's workspace."""

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
        self._lane = Lane("last session")
        self._store: SessionStore | None = None
        self._before: list[Path] = []

    def begin(self, store: SessionStore, own: Path) -> None:
        """Find earlier sessions, and offer the last if it was not closed.

        Args:
            store: files of all sessions.
            own: folder of the starting session.
        """
        self._store = store
        found = [
            each for each in store.folders() if each != own and not is_running(each)
        ]
        self._before = found[:_KEPT]
        old = found[_KEPT:]
        if old:
            self._jobs.compute(lambda: store.forget(old), Lane("old sessions"))
        if self._before:
            last = self._before[0]
            job = self._jobs.compute(lambda: store.read(last), self._lane)
            job.done.connect(lambda state: self._offer(last, state))
            job.failed.connect(lambda error: self._messages.log(error.text))

    def _offer(self, folder: Path, state: SessionState) -> None:
        if state.closed or state.is_empty:
            return
        words = self.tr(
            "nnviz did not shut down properly. Images: {0}, results: {1}, network: {2}."
        ).format(
            len(state.images),
            len(state.results),
            network_title(state.model.reference) if state.model else self.tr("none"),
        )
        remedy = Remedy(self.tr("Restore them"), lambda: self._read(folder, state))
        self._messages.notice(
            Notice(TOPIC, Severity.WARNING, words, remedies=(remedy,))
        )

    def reopen(self) -> None:
        """Restore the last session, however it ended."""
        store = self._store
        if store is None or not self._before:
            self._messages.say(self.tr("there is no earlier session"))
            return
        last = self._before[0]
        job = self._jobs.compute(lambda: store.read(last), self._lane)
        job.done.connect(lambda state: self._read(last, state))
        job.failed.connect(lambda error: self._messages.fail(TOPIC, error))

    def _read(self, folder: Path, state: SessionState) -> None:
        self._messages.settle(TOPIC)
        store = self._store
        if store is None:
            return
        job = self._jobs.compute(lambda: store.results(folder, state), self._lane)
        job.done.connect(lambda found: self._bring_back(state, *found))
        job.failed.connect(lambda error: self._messages.fail(TOPIC, error))

    def _bring_back(
        self, state: SessionState, runs: list[Run], troubles: list[str]
    ) -> None:
        for run in runs:
            self._history.add(run)
        if state.workspace:
            self.workspace_wanted.emit(state.workspace)
        current = [state.current] if state.current in state.images else []
        self._images.add([*current, *state.images])
        with suppress(UsageError):  # only a file that was edited by hand
            self._boxes.set_text(state.boxes)
        if state.method:
            self._choice.prefer(state.method, state.values)
        if state.model is not None:
            self._models.open_request(
                replace(state.model, trust=False, device=self._models.device)
            )
        for trouble in troubles:
            self._messages.log(trouble)
        self._messages.say(
            self.tr("last session restored: images: {0}, results: {1}").format(
                len(state.images), len(runs)
            )
        )
