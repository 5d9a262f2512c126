"""The timeline of the shown recording: position, playback, resuming, forking."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.documents.recordings import (
    OpenedRecording,
    RecordedFrame,
    RecordingState,
)
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Partial, Policy
from nnviz.base.images import Image, to_float
from nnviz.base.info import MethodInfo, ModelInfo
from nnviz.base.recipes import Recipe, Run, with_paths
from nnviz.base.requests import RecordingStep
from nnviz.base.results import ColorImage, Report
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.methods.runner import MethodRunner
from nnviz.gui.services.recording.recordings import TOPIC, Recordings
from nnviz.gui.state.messages import Messages

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

RATE = 15
"""Frames a second, played and in videos."""
LESSON_RATE = 3
"""Steps a second at which a lesson is played, unless another one is chosen."""
_READ_MS = 400
"""Milliseconds between two reads of the folder while the job writes.  Steps are
announced after each: a small network takes more than anybody reads."""
_READING = Lane("recording read", Policy.QUEUE)
_OPENING = Lane("recording opened")
_FRAMES = Lane("recording frame", Policy.QUEUE)
_NOTES = Lane("recording noted", Policy.QUEUE)


@dataclass(frozen=True, slots=True)
class _LeftRecording:
    """The recording that a workspace had when it was left.

    Attributes:
        folder: of the recording.
        method: that made it.
        step: the shown one; -1 for the newest.
        recipe: with its network and image; None where it was not read yet.
    """

    folder: str
    method: str
    step: int
    recipe: Recipe | None

    def fits(self, model: ModelInfo | None, image: Image | None) -> bool:
        """Return whether it was made with a network and an image, None for any."""
        recipe = self.recipe
        if recipe is None:
            return True
        if model is not None and model.sha256 != recipe.model_sha256:
            return False
        return image is None or recipe.image_sha256 in ("", image.sha256)


class Timeline(QObject):
    """Follows a recorded run, and shows any step of a recording.

    While the run is followed, its reports are shown by their receivers.  At other
    steps, or with the image blended in, frames are read from disk: one at a time, the
    latest requested.
    """

    changed = Signal()
    """The recording, its step or the playback state has changed."""
    shown = Signal(object)
    """Run of a step, to be shown."""
    opened = Signal(object)
    """Saved settings of an opened recording."""
    taken_back = Signal()
    """A recording was taken back on entering its workspace."""

    def __init__(
        self,
        jobs: Jobs,
        choice: MethodChoice,
        runs: MethodRunner,
        recordings: Recordings,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._choice = jobs, choice
        self._runs, self._recordings, self._messages = runs, recordings, messages
        self._bridge: Bridge | None = None
        self.folder = ""
        self.recording: RecordingState | None = None
        self.step = self.newest = -1
        self.total = 0
        self.paused, self.following = False, True
        self.blend = 0.0
        self.rate = RATE
        self._method = self._opening = ""
        """Methods: of the recording, perhaps not read yet; of one that is opened."""
        self._place = ""
        """Workspace of the recording."""
        self._fitted = False
        """Whether the recording was of the open network and image."""
        self._returning = False
        """Whether a recording was taken back that is not read yet."""
        self._left: dict[str, _LeftRecording] = {}
        """By workspace, for when it is entered again."""
        self._report: Report | None = None
        self._wanted: tuple[str, int, float] | None = None
        self._asked: tuple[str, int, float] | None = None
        self._player = QTimer(self, interval=round(1000 / RATE))
        self._player.timeout.connect(self._play_on)
        self._reader = QTimer(self, singleShot=True)
        self._reader.timeout.connect(self._read)
        self._followed: JobHandle[Run] | None = None
        self._connect()

    def _connect(self) -> None:
        runs, choice, recordings = self._runs, self._choice, self._recordings
        runs.new_recording = recordings.new_folder
        recordings.leaving.connect(self._leave)
        runs.front_changed.connect(self._follow_front)
        choice.values_changed.connect(self._end_opening)
        runs.reported.connect(self._keep_shape)
        runs.finished.connect(lambda run: self._keep_shape(run.report))
        runs.restored.connect(self._follow_restored)
        choice.edited.connect(self._follow_method)
        choice.method_changed.connect(
            lambda _: self.set_rate(LESSON_RATE if self.teaches else RATE)
        )

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge

    # --- state

    @property
    def running(self) -> bool:
        """Whether the recording's run is active or paused."""
        return self._job is not None

    @property
    def _job(self) -> JobHandle[Run] | None:
        """The run that writes the recording, while it is active."""
        run = self._runs.current
        mine = run is not None and run.request.recording == self.folder != ""
        return run.job if run is not None and mine and run.job.open else None

    @property
    def playing(self) -> bool:
        """Whether the recording is being played."""
        return self._player.isActive()

    @property
    def holds(self) -> bool:
        """Whether a step or blend other than the run's report is shown."""
        return self.running and (not self.following or self._blends)

    @property
    def last(self) -> int:
        """The newest step; -1 for none."""
        return max(self.newest, self.recording.steps - 1 if self.recording else -1)

    @property
    def can_resume(self) -> bool:
        """Whether the recording was stopped before its end."""
        return (
            self.recording is not None
            and not self.running
            and not self.recording.finished
        )

    # --- playback

    def toggle(self) -> None:
        """Pause or resume the run; without one, play or stop the recording."""
        job = self._job
        if self.running and job is not None:
            self.paused = not self.paused
            act = job.pause if self.paused else job.go_on
            act()
        elif self.playing:
            self._player.stop()
        elif self.recording is not None and self.recording.frames:
            if self.step >= self.recording.frames[-1]:
                self.seek(0)
            self._player.start()
        self.changed.emit()

    def step_on(self) -> None:
        """Compute one step and pause; without a run, go to the next frame."""
        job = self._job
        if self.running and job is not None:
            self.paused, self.following = True, True
            job.step()
            self.changed.emit()
        else:
            self.walk(1)

    def walk(self, frames: int) -> None:
        """Move by a number of kept frames."""
        kept = self.recording.frames if self.recording else ()
        if not kept:
            return
        here = min(range(len(kept)), key=lambda place: abs(kept[place] - self.step))
        self.seek(kept[max(0, min(len(kept) - 1, here + frames))])

    def seek(self, step: int) -> None:
        """Show a step; the newest one of a run resumes following it."""
        self._player.stop()
        self._go_to(step)

    def set_rate(self, rate: int) -> None:
        """Set the playback rate, in steps a second."""
        self.rate = rate
        self._player.setInterval(round(1000 / rate))
        self.changed.emit()

    @property
    def teaches(self) -> bool:
        """Whether the method is a lesson, whose steps are read one by one."""
        method = self._choice.method
        return method is not None and bool(method.capabilities.section)

    def set_blend(self, share: float) -> None:
        """Set the share of the image that is blended into the frames."""
        self.blend = share
        self._want(self.step)
        self.changed.emit()

    def resume(self) -> None:
        """Resume a stopped run."""
        if self.recording is not None:
            self._take_up(RecordingStep(self.folder), self.folder, self.recording)

    def fork(self) -> None:
        """Fork the recording at the shown step."""
        method = self._choice.method
        if self.recording is not None and method is not None:
            resume_point = RecordingStep(
                self.folder, min(self.step, self.recording.steps - 1)
            )
            self._take_up(
                resume_point, self._recordings.new_folder(method), self.recording
            )

    def _take_up(
        self, resume_point: RecordingStep, folder: str, recording: RecordingState
    ) -> None:
        if not self._runs.take_up(resume_point, folder, recording.recipe.values):
            self._messages.say(
                self.tr("the recording's network and image are not open yet")
            )

    def close(self) -> None:
        """Close the recording for good; the list keeps it."""
        self._forget()
        self._left.pop(self._choice.workspace_name, None)

    def open(self, folder: str) -> None:
        """Open a recording, with network, image and parameters as they were."""
        if self._bridge is not None:
            self._messages.settle(TOPIC)
            job = self._jobs.do(self._bridge.files.recordings.open(folder), _OPENING)
            job.done.connect(self._open)
            job.failed.connect(lambda error: self._messages.fail(TOPIC, error))

    # --- event handlers

    def _follow_front(self) -> None:
        """Follow the newest run of the workspace, if it is recorded."""
        run = self._runs.current
        if run is None or (not run.job.open and self.folder):
            return
        left = self._left.get(self._choice.workspace_name)
        if left is not None and left.folder != self.folder and not run.job.open:
            return  # taken back once the method is selected, at the step it was left
        if run.request.recording != self.folder:
            self._forget()
        elif run.job is self._followed:
            return
        if not run.request.recording:
            return
        self.folder, self._method = run.request.recording, run.request.method
        self._place = self._choice.workspace_name
        self._left.pop(self._place, None)
        image = run.request.image
        if image is not None and self._bridge is not None:
            self._jobs.do(self._bridge.files.recordings.remember(image), _NOTES)
        self._player.stop()
        self.newest, self.paused, self.following = -1, False, True
        self._fitted, self._report = True, run.report
        self._follow_run(run.job)
        self.changed.emit()

    def _follow_restored(self, run: Run) -> None:
        """Go to the end that a result of the tray is, or close another recording."""
        recording = self.recording
        if recording is None or self.running:
            return
        if _made(recording, run.recipe):
            self._player.stop()
            self._wanted, self.blend = None, 0.0
            self.step = self.last
            self.changed.emit()
        else:
            self.close()

    def _end_opening(self, _values: object) -> None:
        method = self._choice.method
        if method is not None and method.name == self._opening:
            self._opening = ""

    def _leave(self, folder: str) -> None:
        """Close a recording that is being deleted."""
        if folder == self.folder:
            self._runs.stop()
            self._forget()
        left = self._left.items()
        self._left = {place: each for place, each in left if each.folder != folder}

    def _forget(self) -> None:
        """Close the recording; its workspace takes it back when it is entered again."""
        if not self.folder:
            return
        if self._place:
            self._left[self._place] = self._left_recording()
        self._player.stop()
        self.folder, self.recording, self._report = "", None, None
        self._returning = False
        self.step = self.newest = -1
        self.total, self.paused, self.following = 0, False, True
        self._wanted, self.blend = None, 0.0
        self.changed.emit()

    def _follow_method(self) -> None:
        """Close the recording when another method is selected, or take one back."""
        method = self._choice.method
        if method is None:
            return
        fitted, self._fitted = self._fitted, self._fits(self._left_recording())
        left = fitted and not self._fitted
        if self.folder and (left or self._method not in (method.name, self._opening)):
            self._forget()
        elif self.folder and self._method == method.name:
            self._place = self._choice.workspace_name
        if not self.folder:
            self._take_back(method)
        elif self._is_steered_at_end(method):
            self.resume()

    def _fits(self, recording: _LeftRecording) -> bool:
        """Return whether a recording is of the open network and image."""
        image = self._choice.image
        runs = self._runs.newest().values()
        run = next((r for r in runs if r.request.recording == recording.folder), None)
        if recording.recipe is None and run is not None:
            return run.request.image in (None, image)
        return recording.fits(self._choice.model, image)

    def _left_recording(self) -> _LeftRecording:
        """Return the recording as it is now, for when it is left."""
        step = -1 if self.following else self.step
        recipe = self.recording.recipe if self.recording is not None else None
        return _LeftRecording(self.folder, self._method, step, recipe)

    def _is_steered_at_end(self, method: MethodInfo) -> bool:
        """Return whether the end of a finished run is to be shown with other values.

        As where a code is pointed at on the map of an autoencoder.
        """
        recording = self.recording
        if recording is None or self.running or not recording.finished:
            return False
        if not method.capabilities.continues_at_end or self.step < self.last:
            return False
        values = self._choice.values
        recorded = with_paths(recording.values_at(self.last), values)
        changed = {n for n in values if n in recorded and values[n] != recorded[n]}
        steerable = {each.name for each in method.parameters if each.steerable}
        return bool(changed) and changed <= steerable

    def _take_back(self, method: MethodInfo) -> None:
        """Show the recording that the workspace was left with, if it still fits."""
        place = self._choice.workspace_name
        left = self._left.get(place)
        if left is None or left.method != method.name:
            return
        if not self._fits(left):
            return
        self.folder, self._method, self._place = left.folder, method.name, place
        self.step, self.following = left.step, left.step < 0
        self._returning = True
        self._read()

    def _keep_shape(self, report: Report) -> None:
        self._report = report

    def _follow_run(self, job: JobHandle[Run]) -> None:
        """Follow a recorded run to its end."""
        if job is self._followed:  # its workspace is entered again
            self._read()
            return
        self._followed = job
        folder = self.folder
        job.partial.connect(lambda partial: self._note_step(folder, partial))
        for end in (job.done, job.cancelled, job.failed):
            end.connect(lambda _: self._run_ended(folder))
        if not job.open:
            self._read()

    def _note_step(self, folder: str, partial: Partial) -> None:
        if partial.step < 0 or folder != self.folder:
            return
        self.newest = partial.step
        if self.following:
            self.step = partial.step
            self._want_blended(partial.step)
        if not self._reader.isActive():
            self._reader.start(_READ_MS)

    def _run_ended(self, folder: str) -> None:
        self._recordings.list()
        if folder != self.folder:
            return
        self.paused = False
        self._reader.start(0)
        self.changed.emit()

    def _take_read(self, recording: RecordingState) -> None:
        if recording.folder != self.folder:
            return
        if self.recording is None:
            self._recordings.list()
        self.recording = recording
        self.total = recording.total or self.total
        if self.following:  # not every one of a run's last steps is reported
            self.step = self.last
        self.changed.emit()
        if self._returning:
            self._returning = False
            self.taken_back.emit()

    def _open(self, opened: OpenedRecording) -> None:
        self._runs.stop()
        self._forget()
        self._place = ""
        self.recording = opened.recording
        self._method = self._opening = opened.recording.recipe.method
        self.folder = opened.recording.folder
        self.total = opened.recording.total
        self.newest = opened.recording.steps - 1
        self.opened.emit(opened.saved)
        self._go_to(self.last)

    # --- frames

    @property
    def _blends(self) -> bool:
        return self.blend > 0 and self.recording is not None and self.recording.blends

    def _go_to(self, step: int) -> None:
        self.step = max(0, min(step, self.last))
        self.following = self.running and self.step >= self.last
        self._want(self.step)
        self.changed.emit()

    def _play_on(self) -> None:
        kept = self.recording.frames if self.recording else ()
        later = [step for step in kept if step > self.step]
        if self._asked is not None and later:
            return  # the disk is slower than the player
        if later:
            self._go_to(later[0])
        else:
            self._player.stop()
            self.changed.emit()

    def _want_blended(self, step: int) -> None:
        if self._blends:
            self._want(step)

    def _want(self, step: int) -> None:
        """Request the frame nearest to a step, replacing any pending request."""
        nearest = self.recording.nearest(step) if self.recording else -1
        if nearest < 0:
            return
        self._wanted = self.folder, nearest, self.blend
        self._ask()

    def _ask(self) -> None:
        if self._bridge is None or self._asked is not None or self._wanted is None:
            return
        self._asked, self._wanted = self._wanted, None
        job = self._jobs.do(self._bridge.files.recordings.frame(*self._asked), _FRAMES)
        job.done.connect(self._show)
        job.failed.connect(self._fail_frame)

    def _fail_frame(self, error: ErrorRecord) -> None:
        self._asked = None
        self._messages.fail(TOPIC, error)

    def _show(self, frame: RecordedFrame) -> None:
        self._asked = None
        if frame.folder == self.folder and (self.holds or not self.running):
            words = self.tr("step {0} (recorded)").format(frame.step + 1)
            self._tell(frame, words)
        self._ask()

    def _tell(self, frame: RecordedFrame, words: str) -> None:
        """Emit a step as a result, with the parameters in effect there."""
        recording = self.recording
        if recording is not None:
            recipe = replace(recording.recipe, values=recording.values_at(frame.step))
            report = _report_of(frame, self._report, words)
            self.shown.emit(Run(report, recipe, self._choice.image))

    def _read(self) -> None:
        if self._bridge is not None and self.folder:
            # Reading may fail: the recording is still empty when a run begins.
            work = self._bridge.files.recordings.read(self.folder)
            self._jobs.do(work, _READING).done.connect(self._take_read)


def _made(recording: RecordingState, recipe: Recipe) -> bool:
    """Return whether a recipe is that of a recording's end."""
    recorded = recording.recipe
    values = recording.values_at(max(0, recording.steps - 1))
    same = all(
        getattr(recorded, name) == getattr(recipe, name)
        for name in ("method", "model_sha256", "image_sha256", "seed")
    )
    return same and with_paths(values, recipe.values) == dict(recipe.values)


def _report_of(frame: RecordedFrame, shape: Report | None, words: str) -> Report:
    """Return a frame's report; a recorded image replaces the report's main image."""
    if frame.report is not None:
        return replace(frame.report, notes=(*frame.report.notes, words))
    pixels = frame.pixels if frame.pixels is not None else np.zeros((1, 1, 3), "u1")
    if shape is None or not isinstance(shape.main, ColorImage):
        return Report({"picture": ColorImage(pixels=to_float(pixels))}, (words,))
    name = next(iter(shape))
    main = replace(shape.main, pixels=to_float(pixels))
    return Report({**shape.results, name: main}, (words,))
