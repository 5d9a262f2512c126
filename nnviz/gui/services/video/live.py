"""The live source: which one, held or running, pinned frames, recording."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord, InputError, error_record
from nnviz.base.events import Policy
from nnviz.base.info import Severity
from nnviz.base.live import Cover, Recorded, Shown, SourceControls
from nnviz.base.recipes import Run
from nnviz.base.requests import RunMethod
from nnviz.base.results import ColorImage
from nnviz.base.shipped.samples import sample_video
from nnviz.base.video import (
    Camera,
    SourceKind,
    SourceRequest,
    SourceState,
    SourceStatus,
)
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.methods.option_titles import name_fields
from nnviz.gui.services.methods.runner import MethodRunner
from nnviz.gui.services.video.exports import VideoExports
from nnviz.gui.state.messages import Messages, Notice, Remedy

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

TOPIC = "live"
_SOURCE_TOPIC, _CAMERA_TOPIC, _RECORD_TOPIC = "source", "camera", "record"
_CAMERAS = Lane("cameras")
_STILLS = Lane("still", Policy.QUEUE)
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Live(QObject):
    """The source of frames, open only while its workspace is visible."""

    shown = Signal(object)
    """Shown: a frame, the method's result and the performance figures."""
    status_changed = Signal(object)
    """SourceStatus; None when no source is open."""
    held_changed = Signal(bool)
    """Whether playback is held."""
    pinned = Signal(object)
    """Shown to display next to the running one; None for none."""
    cameras_found = Signal(object)
    """Tuple of Camera."""
    recording_changed = Signal(bool)
    """Whether a video is being written."""
    kept = Signal(object)
    """Run: a frame's result, with the frame as an image."""

    def __init__(
        self,
        jobs: Jobs,
        choice: MethodChoice,
        runs: MethodRunner,
        films: VideoExports,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._choice, self._runs = jobs, choice, runs
        self._films, self._messages = films, messages
        self._bridge: Bridge | None = None
        self.entered = False
        """Whether the workspace is visible."""
        self._away = False
        """Whether the camera is off while the window is minimized."""
        self._offered = False
        """Whether a camera has already been offered."""
        self.request: SourceRequest | None = None
        self.status: SourceStatus | None = None
        self.last: Shown | None = None
        self.is_pinned = False
        self.held = False
        self.recording = False
        self._template: RunMethod | None = None
        runs.template_changed.connect(self.ask)

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge
        bridge.live_shown.connect(self._show)
        bridge.live_failed.connect(self._fail)
        bridge.source_changed.connect(self._hear)
        bridge.recorded.connect(self._recorded)
        bridge.record_failed.connect(self._record_failed)
        if self.entered:
            self._begin()

    # --- visibility

    @property
    def running(self) -> bool:
        """Whether a source is open."""
        return self._bridge is not None and self._bridge.live.running

    @property
    def delivers(self) -> bool:
        """Whether frames of an open source come, or one is held."""
        states = (SourceState.RUNNING, SourceState.PAUSED)
        return self.running and self.status is not None and self.status.state in states

    def enter(self) -> None:
        """Open the last source, since the workspace is entered."""
        if self.entered:
            return
        self.entered = True
        if self.request is None:
            self._propose()
        self._begin()

    def leave(self) -> None:
        """Close the source, since the workspace is left."""
        self.entered = self._away = False
        if self._bridge is not None:
            self._bridge.live.close()
        self.stop_recording()
        for topic in (_SOURCE_TOPIC, _CAMERA_TOPIC, TOPIC):
            self._messages.settle(topic)
        self.unpin()
        self._rest()

    def go_away(self) -> None:
        """Release the camera while the window is minimized."""
        camera = self.request is not None and self.request.kind is SourceKind.CAMERA
        if self.entered and camera:
            self.leave()
            self._away = True

    def come_back(self) -> None:
        """Reopen the camera when the window is restored."""
        if self._away:
            self._away = False
            self.enter()

    def _begin(self) -> None:
        if self._bridge is not None and self.request is not None:
            self.open(self.request)

    def _propose(self) -> None:
        """Open the sample video, and look for cameras, never opened unasked."""
        self.request = sample_video()
        self.find_cameras()

    def _rest(self) -> None:
        self.status = self.last = None
        self.status_changed.emit(None)
        self._set_held(held=False)

    # --- the source

    def open(self, request: SourceRequest) -> None:
        """Open a source in place of the current one."""
        self.request = request
        if self._bridge is None or not self.entered:
            return
        self._messages.settle(_SOURCE_TOPIC)
        if request.kind is SourceKind.CAMERA:
            self._messages.settle(_CAMERA_TOPIC)
        self._rest()
        self._bridge.live.open(request)

    def open_named(self, text: str) -> None:
        """Open a source by its name on the command line; report an error."""
        if self._bridge is None:
            return
        try:
            request = self._bridge.source_of(text)
        except InputError as error:
            self._messages.fail(_SOURCE_TOPIC, error_record(error))
        else:
            self.open(request)

    def again(self) -> None:
        """Reopen a source that failed or ended."""
        if self.request is not None:
            self.open(self.request)

    def find_cameras(self) -> None:
        """Look for cameras; emits ``cameras_found``."""
        if self._bridge is not None:
            work = self._bridge.files.images.find_cameras()
            self._jobs.do(work, _CAMERAS).done.connect(self._list)

    def set_size(self, size: tuple[int, int] | None) -> None:
        """Set the frames' height and width, reopening the source."""
        if self.request is not None:
            self.open(replace(self.request, size=size))

    def set_mirrored(self, mirrored: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Set whether frames are mirrored."""
        if self.request is not None:
            self.request = replace(self.request, mirrored=mirrored)
        if self._source is not None:
            self._source.set_mirrored(mirrored)

    def set_speed(self, speed: float) -> None:
        """Set the playback speed of a video."""
        if self.request is not None:
            self.request = replace(self.request, speed=speed)
        if self._source is not None:
            self._source.set_speed(speed)

    # --- playback

    def toggle_hold(self) -> None:
        """Hold the current frame, or resume."""
        if self._source is None:
            return
        if self.held:
            self._source.resume()
        else:
            self._source.pause()
        self._set_held(held=not self.held)

    def step(self, frames: int = 1) -> None:
        """Hold, and move by some frames; negative goes back in a video."""
        if self._source is None:
            return
        if not self.held:
            self._set_held(held=True)
        self._source.step(frames)

    def seek(self, position: float) -> None:
        """Seek to a time of a video, s."""
        if self._source is not None:
            self._source.seek(position)

    # --- saving

    def toggle_pin(self) -> None:
        """Pin the current frame beside the live one, or unpin it."""
        if self.is_pinned:
            self.unpin()
        elif self.last is not None:
            self.is_pinned = True
            self.pinned.emit(self.last)

    def unpin(self) -> None:
        """Unpin the frame."""
        if self.is_pinned:
            self.is_pinned = False
            self.pinned.emit(None)

    def snapshot(self) -> None:
        """Save the frame and its result, with the recipe."""
        if self._bridge is None or self.last is None or self.last.run is None:
            self._messages.say(self.tr("there is no result to save yet"))
            return
        work = self._bridge.files.images.keep_still(self.last.run)
        self._jobs.do(work, _STILLS).done.connect(self._keep)

    def record(self, path: str) -> None:
        """Start recording the shown frames as a video, with their numbers."""
        if self._bridge is not None:
            self._messages.settle(_RECORD_TOPIC)
            self._bridge.live.record(Path(path))
            self._set_recording(recording=True)

    def stop_recording(self) -> None:
        """Stop recording."""
        if self.recording and self._bridge is not None:
            self._bridge.live.stop_recording()
            self._set_recording(recording=False)

    # --- video export

    @property
    def exportable(self) -> bool:
        """Whether there is a video, and a method that repaints its frames."""
        film = self.request is not None and self.request.kind is SourceKind.FILE
        run = self.last.run if self.last is not None else None
        return film and run is not None and isinstance(run.report.main, ColorImage)

    def export(self, path: str) -> None:
        """Export the open video with every frame repainted, with its sound.

        Playback is held meanwhile: it would slow both down.
        """
        if self._template is None or self.request is None:
            return
        if not self.held:
            self.toggle_hold()
        self._films.make(self._template, self.request.address, path)

    def _recorded(self, recorded: Recorded) -> None:
        if not recorded.paths:
            self._messages.say(self.tr("no frame was shown, so nothing was recorded"))
            return
        words = self.tr("recorded {0} frames: {1}").format(
            recorded.frames, recorded.paths[0].name
        )
        if recorded.left_out:
            words += self.tr(" ({0} dropped)").format(recorded.left_out)
        self._messages.say(words)

    def _record_failed(self, error: ErrorRecord) -> None:
        self._set_recording(recording=False)
        self._messages.fail(_RECORD_TOPIC, error)

    def _set_recording(self, *, recording: bool) -> None:
        self.recording = recording
        self.recording_changed.emit(recording)

    def _keep(self, run: Run) -> None:
        self._runs.history.add(run)
        self.kept.emit(run)
        self._messages.say(self.tr("{0} saved").format(run.recipe.image))

    # --- events of the live loop

    @property
    def _source(self) -> SourceControls | None:
        return self._bridge.live.source if self._bridge is not None else None

    def ask(self, template: RunMethod | None) -> None:
        """Set the method to run on each frame; None for none."""
        self._template = template
        if self._bridge is not None:
            self._messages.settle(TOPIC)
            self._bridge.live.set_template(template)

    def set_cover(self, cover: Cover | None) -> None:
        """Set the cover of each frame; None for none."""
        if self._bridge is not None:
            self._bridge.live.set_cover(cover)

    def _show(self, shown: Shown) -> None:
        if not self.entered:
            return
        self.last = shown
        if shown.run is not None:
            self._messages.settle(TOPIC)
            self._choice.learn_layer(shown.run.report)
        self.shown.emit(shown)

    def _list(self, cameras: tuple[Camera, ...]) -> None:
        self.cameras_found.emit(cameras)
        if not cameras or self._offered:
            return
        self._offered = True
        camera = SourceRequest(
            kind=SourceKind.CAMERA, address=cameras[0].address, mirrored=True
        )
        self._messages.notice(
            Notice(
                _CAMERA_TOPIC,
                Severity.NOTE,
                self.tr("{0} is available").format(cameras[0].name),
                remedies=(Remedy(self.tr("Turn it on"), lambda: self.open(camera)),),
            )
        )

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, name_fields(error, self._choice.method))

    def _hear(self, status: SourceStatus) -> None:
        if not self.entered:
            return  # late events of a source that was closed on leaving
        self.status = status
        self.status_changed.emit(status)
        if status.state in (SourceState.FAILED, SourceState.WAITING) and status.error:
            remedies = [Remedy(self.tr("Try again"), self.again)]
            sample = sample_video()
            if self.request != sample:
                play = Remedy(self.tr("Sample video"), lambda: self.open(sample))
                remedies.append(play)
            self._messages.fail(_SOURCE_TOPIC, status.error, *remedies)
        elif status.state is SourceState.RUNNING:
            self._messages.settle(_SOURCE_TOPIC)

    def _set_held(self, *, held: bool) -> None:
        if held != self.held:
            self.held = held
            self.held_changed.emit(held)
