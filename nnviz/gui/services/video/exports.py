"""Video exports: a method on every frame of a video."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.base.requests import ChangeVideo, RunMethod
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.state.messages import Messages

TOPIC = "film"
_LANE = Lane("film", Policy.REPLACE, Priority.NORMAL)


class VideoExports(QObject):
    """Exports one video at a time, in the background."""

    changed = Signal(object)
    """Progress of the video export; None once it ends."""

    def __init__(self, jobs: Jobs, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._messages = jobs, messages
        self._job: JobHandle[tuple[str, ...]] | None = None
        self._out = ""
        """Name of the video that is being exported."""

    @property
    def busy(self) -> bool:
        """Whether a video is being exported."""
        return self._job is not None and self._job.open

    def make(self, asked: RunMethod, film: str, out: str) -> None:
        """Export a video of a method's results on another, with its sound.

        Args:
            asked: method, network, values and seed; its image is ignored.
            film: path of the video.
            out: path of the new video.
        """
        self._messages.settle(TOPIC)
        request = ChangeVideo(
            method=asked.method,
            model=asked.model,
            film=film,
            out=out,
            values=asked.values,
            seed=asked.seed,
        )
        self._out = Path(out).name
        self._job = job = self._jobs.submit(request, _LANE, self._out)
        self.changed.emit(Progress(0, 0, self.tr("opening the video")))
        job.progressed.connect(self._tell)
        job.done.connect(lambda notes: self._end(", ".join(notes)))
        job.cancelled.connect(
            lambda _: self._end(self.tr("stopped; finished results are kept"))
        )
        job.failed.connect(self._fail)

    def stop(self) -> None:
        """Stop the export, keeping what is written."""
        if self._job is not None:
            self._job.cancel()

    def _tell(self, progress: Progress) -> None:
        words = f"{self._out}: {progress.what}"
        self.changed.emit(replace(progress, what=words))

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        self.changed.emit(None)

    def _end(self, words: str) -> None:
        self._messages.say(f"{self._out}: {words}")
        self.changed.emit(None)
