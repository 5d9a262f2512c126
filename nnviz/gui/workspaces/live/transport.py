"""Transport controls of Live: hold, step, seek, speed; pin, save, record."""

from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import (
    QProgressBar,
    QSlider,
    QWidget,
)

from nnviz.base.events import Progress
from nnviz.base.live import Shown
from nnviz.base.video import SourceStatus
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.videos import ask_new_video
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.video.live import SPEEDS
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    button,
    icon_button,
    keep_width,
    label,
    named,
    toggle_button,
)
from nnviz.gui.theme.signs import TIMES

_TICKS = 10
"""Slider ticks a second."""
_BAR_WIDTH = 120
_TICK_MS = 500
"""Milliseconds between two updates of a recording's displayed length."""


class Transport(QWidget):
    """Bar to hold, step, seek and set the speed; to pin, save and record."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        named(self, "footer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        look, live = app.look, app.live
        self.hold = toggle_button(look, "pause", self.tr("Freeze (Space)"))
        self.step = icon_button(
            look, "skip-forward", self.tr("Next frame (.)"), live.step
        )
        self.place = named(
            QSlider(Qt.Orientation.Horizontal), name=self.tr("Position in the video")
        )
        self.time = label(style="muted")
        self.speed = named(ComboBox(), name=self.tr("Speed"))
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g} {TIMES}", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.pin = toggle_button(look, "pin", self.tr("Pin to compare"))
        self.keep = button(self.tr("Save frame"), live.snapshot)
        self.record = button(self.tr("Record…"), self.toggle_recording)
        self.export = button(self.tr("Export video…"), self.toggle_export)
        self.export.setToolTip(
            self.tr(
                "Paint every frame of the video and save it as a new video, with sound"
            )
        )
        self.exported = named(QProgressBar(), name=self.tr("Progress of the export"))
        self.exported.setTextVisible(False)
        keep_width(look, self.exported, _BAR_WIDTH)
        line = flow(
            *(self.hold, self.step, self.place, self.time, self.speed, None),
            *(self.exported, self.pin, self.keep, self.record, self.export),
            spacing=GRID,
        )
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        self._saves = True
        self._recorded = QElapsedTimer()
        self._ticks = QTimer(self, interval=_TICK_MS)
        self._ticks.timeout.connect(self._name_recording)
        self._connect()
        self._follow(None)
        self._show_export(None)

    def _connect(self) -> None:
        live = self._app.live
        self.hold.clicked.connect(live.toggle_hold)
        self.place.valueChanged.connect(lambda tick: live.seek(tick / _TICKS))
        self.speed.activated.connect(
            lambda index: live.set_speed(self.speed.itemData(index))
        )
        self.pin.clicked.connect(live.toggle_pin)
        live.status_changed.connect(self._follow)
        live.shown.connect(self._move)
        live.held_changed.connect(self.hold.setChecked)
        live.recording_changed.connect(self._mark_recording)
        self._app.videos.changed.connect(self._show_export)
        live.pinned.connect(lambda shown: self.pin.setChecked(shown is not None))

    def hide_savers(self) -> None:
        """Hide the buttons that save a frame or write a video."""
        self._saves = False
        for each in (self.keep, self.record, self.export):
            each.hide()

    def toggle_recording(self) -> None:
        """Stop recording, or ask for a file and start."""
        live = self._app.live
        if live.recording:
            live.stop_recording()
            return
        settings, title = self._app.settings, self.tr("Record to")
        path = ask_new_video(self, settings, title, "live.mp4")
        if path:
            live.record(path)

    def toggle_export(self) -> None:
        """Stop the export, or ask for a file and start."""
        live = self._app.live
        if self._app.videos.busy:
            self._app.videos.stop()
            return
        if not live.exportable or live.request is None:
            self._app.messages.say(
                self.tr("open a video and an image-to-image network")
            )
            return
        film = Path(live.request.address)
        settings, title = self._app.settings, self.tr("Export the painted video to")
        path = ask_new_video(self, settings, title, f"{film.stem}-painted.mp4")
        if path:
            live.export(path)

    def _show_export(self, progress: Progress | None) -> None:
        """Show the progress of an export; None for none."""
        busy = progress is not None
        self.exported.setVisible(busy)
        words = self.tr("Stop export") if busy else self.tr("Export video…")
        self.export.setText(words)
        if progress is not None:
            self.exported.setRange(0, int(progress.total))
            self.exported.setValue(int(progress.done))
            self.exported.setToolTip(literal(progress.what))
        self._offer_export()

    def _offer_export(self) -> None:
        live = self._app.live
        offered = self._app.videos.busy or live.exportable
        self.export.setVisible(self._saves and offered)

    def _mark_recording(self, recording: bool) -> None:  # noqa: FBT001 - a Qt slot
        self._recorded.start()
        self._name_recording()
        (self._ticks.start if recording else self._ticks.stop)()
        self.record.setProperty("recording", recording)
        self.record.style().polish(self.record)

    def _name_recording(self) -> None:
        """Show whether a recording is in progress, and its duration."""
        if not self._app.live.recording:
            self.record.setText(self.tr("Record…"))
            return
        seconds = self._recorded.elapsed() / 1000
        words = self.tr("{0} Stop recording · {1}")
        self.record.setText(words.format("\N{BLACK CIRCLE}", _clock(seconds)))

    def _follow(self, status: SourceStatus | None) -> None:
        """Show the controls that the source supports."""
        film = status is not None and status.duration > 0
        for widget in (self.place, self.time, self.speed):
            widget.setVisible(film)
        if status is not None and film:
            with QSignalBlocker(self.place):
                self.place.setMaximum(round(status.duration * _TICKS))
        for each in (self.hold, self.step, self.pin, self.keep, self.record):
            each.setEnabled(status is not None)

    def _move(self, shown: Shown) -> None:
        self._offer_export()
        status, position = self._app.live.status, shown.image.position
        if status is None or position is None or self.place.isSliderDown():
            return
        with QSignalBlocker(self.place):
            self.place.setValue(round(position * _TICKS))
        self.time.setText(f"{_clock(position)} / {_clock(status.duration)}")


def _clock(seconds: float) -> str:
    """Format a time in a video: 1:05."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"
