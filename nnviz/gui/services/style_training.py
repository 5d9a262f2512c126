"""Training of a style network: started, stopped, resumed."""

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.base.requests import TrainModel
from nnviz.gui.services.images import Images
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.settings import Settings

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

TOPIC = "lesson"
_COURSE = "style"
_LANE = Lane("lesson", Policy.REPLACE, Priority.NORMAL)
"""Low priority, behind interactive requests and a camera: training takes minutes."""
_PREVIEW = 640
"""Longer side of the preview, px."""


class StyleTraining(QObject):
    """Trainer of one style at a time, saving into the folder of the user's networks.

    Attributes:
        style: path of the style image, or a pattern's name.
        photographs: folder of the training images.
        progress: of the training; None before its first step.
        left: remaining seconds; negative where unknown.
    """

    changed = Signal()
    """The choice, running state or progress has changed."""
    improved = Signal(object)
    """The newest preview, uint8 (h, w, 3); None where there is none."""
    learned = Signal(str)
    """Path of the weights, which are usable for the first time or improved."""

    def __init__(
        self,
        jobs: Jobs,
        images: Images,
        settings: Settings,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._images = jobs, images
        self._settings, self._messages = settings, messages
        self._job: JobHandle[str] | None = None
        self._bridge: Bridge | None = None
        self.style, self.photographs = settings.lesson
        self.progress: Progress | None = None
        self.left = -1.0
        self._began: tuple[float, float] | None = None
        """Time at the end of this session's first step, and the progress then."""

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge
        self.look()

    @property
    def running(self) -> bool:
        """Whether a training is running."""
        return self._job is not None and self._job.open

    @property
    def ready(self) -> bool:
        """Whether a style and images have been chosen."""
        return bool(self.style and self.photographs)

    @property
    def resumable(self) -> bool:
        """Whether there is a training to resume."""
        return self.ready and self._file(".ckpt").is_file()

    @property
    def weights(self) -> str:
        """Path of the trained weights; "" where there are none."""
        path = self._file(".safetensors")
        return str(path) if self.ready and path.is_file() else ""

    def choose(self, style: str = "", photographs: str = "") -> None:
        """Choose a style or a folder of images; what is "" stays."""
        self.stop()
        self.style = style or self.style
        self.photographs = photographs or self.photographs
        self._settings.save_lesson(self.style, self.photographs)
        self.progress, self.left = None, -1.0
        self.changed.emit()
        self.look()

    def start(self) -> None:
        """Start or resume the training."""
        if not self.ready:
            return
        self._messages.settle(TOPIC)
        self._began, self.left = None, -1.0
        request = TrainModel(
            name=_COURSE,
            data=self.photographs,
            out=self._settings.networks,
            style=self.style,
        )
        title = f"{self.tr('Style')} · {Path(self.style).stem}"
        self._job = job = self._jobs.submit(request, _LANE, title)
        self.changed.emit()
        job.progressed.connect(self._note)
        job.done.connect(self._end)
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self._stopped())

    def stop(self) -> None:
        """Stop the training, losing only the current epoch."""
        if self._job is not None:
            self._job.cancel()

    def _end(self, path: str) -> None:
        self._messages.say(self.tr("{0} has been trained").format(path))
        self.left = -1.0
        self.look()
        self.changed.emit()

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        self.changed.emit()

    def _stopped(self) -> None:
        self._messages.say(self.tr("training stopped; it can be continued"))
        self.changed.emit()

    def _note(self, progress: Progress) -> None:
        """Update progress and time left; refresh the preview after an epoch."""
        now, before = time.monotonic(), self.progress
        if self._began is None:
            self._began = now, progress.done
        since, done = self._began
        if progress.done > done:
            rate = (now - since) / (progress.done - done)
            self.left = rate * (progress.total - progress.done)
        self.progress = progress
        # At the next epoch's first step, or the end, the files have been written.
        if before is None or math.ceil(before.done) != math.ceil(progress.done):
            self.look()
        self.changed.emit()

    def look(self) -> None:
        """Show the preview of the training so far."""
        if self._bridge is None:
            return
        if self.weights:
            preview = self._file(".png")
            self._images.make_thumbnail(
                str(preview),
                lambda pixels: self._show_preview(preview, pixels),
                _PREVIEW,
            )
            self.learned.emit(self.weights)
        else:
            self.improved.emit(None)

    def _show_preview(self, preview: Path, pixels: object) -> None:
        if self.ready and preview == self._file(".png"):
            self.improved.emit(pixels)

    def _file(self, suffix: str) -> Path:
        """Return the path of one of the training's files."""
        name = f"{_COURSE}-{Path(self.style).stem}"
        return Path(self._settings.networks, name).with_suffix(suffix)
