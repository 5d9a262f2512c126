"""Panel of a training run's steps, each of which opens as a network."""

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority
from nnviz.base.file_formats import EVENTS
from nnviz.base.requests import ExportTrained
from nnviz.base.shipped.distribution import install_command
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import Lane
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, label

_TOPIC = "trained"
_LANE = Lane("export trained", Policy.QUEUE, Priority.INTERACTIVE)
_OPENED = {"train_network", "train_autoencoder"}
"""Methods whose steps open as networks."""
_SAVED = {"train_characters", "train_inversion"}
"""Methods whose exported steps they open themselves, by the parameter ``weights``."""


class TrainedPanel(QWidget):
    """Button that opens the network of the step on the timeline."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self._folder = ""
        self.words = label(style="muted", wrap=True)
        self.use = button(self.tr("Open this step"), self._open)
        self.saved = label(style="muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.words)
        column.addLayout(flow(self.use))
        column.addWidget(self.saved)
        column.addStretch(1)
        connect_while_in(app.choice, "train", app.timeline.changed, self._show)
        self._show()

    @property
    def _method(self) -> str:
        method = self._app.choice.method
        return method.name if method is not None else ""

    @property
    def _ready(self) -> bool:
        timeline = self._app.timeline
        trains = self._method in _OPENED | _SAVED
        return trains and bool(timeline.folder) and timeline.last >= 0

    def _show(self) -> None:
        if self._app.timeline.folder != self._folder:
            self._folder = self._app.timeline.folder
            self.saved.setText("")  # it names the files of another run
        saves = self._method in _SAVED
        words = self._words(max(0, self._app.timeline.step) + 1)
        allow(self.use, self._ready, words)
        self.use.setText(
            self.tr("Save this step") if saves else self.tr("Open this step")
        )
        self.words.setText(words)

    def _words(self, step: int) -> str:
        if not self._ready and self._method in _SAVED:
            return self.tr("Train a network; each of its steps can then be saved.")
        if not self._ready:
            return self.tr("Train a network; each of its steps can then be opened.")
        if self._method in _SAVED:
            return self.tr(
                "Step {0} as a file, to resume from or inspect later."
            ).format(step)
        return self.tr(
            "Step {0} as a network: look at its filters in Inspect, or compare it with "
            "another step."
        ).format(step)

    def _open(self) -> None:
        timeline = self._app.timeline
        step = max(0, timeline.step)
        name = f"{Path(timeline.folder).name}-step-{step + 1}"
        request = ExportTrained(
            recording=timeline.folder,
            out=self._app.settings.networks,
            name=name,
            step=step,
            folder=str(self._app.choice.values.get("folder", "")),
        )
        job = self._app.jobs.submit(request, _LANE, self.tr("Opening a step"))
        job.done.connect(self._opened)
        job.failed.connect(self._fail)

    def _opened(self, paths: tuple[str, ...]) -> None:
        self._app.messages.settle(_TOPIC)
        if self._method in _SAVED:
            if not self._app.timeline.running:  # which a changed parameter would end
                self._app.choice.adjust({"weights": paths[0]})
        else:
            self._app.open_model(paths[0])
        self.saved.setText("\n".join(self._saved(paths)))

    def _saved(self, paths: tuple[str, ...]) -> Iterator[str]:
        names = ", ".join(Path(path).name for path in paths)
        yield self.tr("Saved: {0}").format(names)
        if not any(path.endswith(EVENTS) for path in paths):
            remedy = install_command("training")
            yield self.tr("Curves for TensorBoard need: {0}").format(remedy)

    def _fail(self, error: ErrorRecord) -> None:
        self._app.messages.fail(_TOPIC, error)
