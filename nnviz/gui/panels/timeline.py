"""Timeline below the image: scrub, play, steer, fork, export a video."""

import math
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QSlider, QVBoxLayout, QWidget

from nnviz.base.documents.recordings import VideoExport
from nnviz.base.events import Progress
from nnviz.base.file_formats import WRITTEN_VIDEOS
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.dialogs.files import ask_new_file
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    LEADS_OUT,
    MARGIN,
    allow,
    button,
    icon_button,
    keep_icon,
    label,
    named,
)
from nnviz.gui.views.widgets.elided import ShorteningLabel
from nnviz.gui.views.widgets.scrub import ScrubBar, Steps
from nnviz.render.text.words import number

RATES = (1, 2, 3, 6, 15, 30)
"""Playback rates of a lesson, steps a second."""


class TimelinePanel(QWidget):
    """Timeline of constant height: scrub bar above, buttons below."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        timeline, look = app.timeline, app.look
        self._shown_sign = ""
        self.bar = ScrubBar()
        self.go = icon_button(look, "play", self.tr("Play (Space)"), timeline.toggle)
        self.back = icon_button(
            look, "skip-back", self.tr("Previous step (,)"), lambda: timeline.walk(-1)
        )
        self.step = icon_button(
            look, "skip-forward", self.tr("Next step (.)"), timeline.step_on
        )
        self.stop = icon_button(look, "square", self.tr("Stop (Esc)"), app.stop)
        self.rate = named(ComboBox(), name=self.tr("Steps per second"))
        self.rate.setToolTip(self.tr("Steps per second"))
        for rate in RATES:
            self.rate.addItem(self.tr("{0} / s").format(rate), rate)
        self.words = named(ShorteningLabel(Qt.AlignmentFlag.AlignLeft), "muted")
        self.blend = named(
            QSlider(Qt.Orientation.Horizontal),
            "wide",
            self.tr("Blend with the original image"),
        )
        self.blend.setRange(0, 100)
        self._photo = label()
        keep_icon(look, self._photo, lambda: look.icon("image"), self._put_photo_icon)
        self._photo.setToolTip(self.tr("Blend with the original image"))
        self.blend.setToolTip(self.tr("Blend with the original image"))
        self.fork = button(self.tr("Continue from here"), self._go_on)
        self.film = icon_button(
            look, "download", self.tr("Export as video or images"), self.ask_video
        )
        self.film.setProperty(LEADS_OUT, True)
        self.film.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        line = flow(
            *(self.back, self.go, self.step, self.stop, self.rate, self.words),
            *(self._photo, self.blend, self.fork, self.film),
            spacing=GRID,
        )
        line.setContentsMargins(2 * GRID, 0, MARGIN, GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.bar)
        column.addLayout(line)

    def _connect(self) -> None:
        timeline, look = self._app.timeline, self._app.look
        self.bar.sought.connect(timeline.seek)
        self.bar.walked.connect(timeline.walk)
        self.blend.valueChanged.connect(lambda share: timeline.set_blend(share / 100))
        self.rate.activated.connect(
            lambda place: timeline.set_rate(int(self.rate.itemData(place)))
        )
        timeline.changed.connect(self._show)
        self._app.recordings.film_changed.connect(self._show_film)
        keep_icon(look, self.go, lambda: look.icon(self._sign()), self.go.setIcon)

    def _put_photo_icon(self, icon: QIcon) -> None:
        side = self._app.look.px(16)
        self._photo.setPixmap(icon.pixmap(side, side))

    def _put_sign(self) -> None:
        """Update the first button's icon; each new one lays the whole panel out."""
        if self._sign() != self._shown_sign:
            self._shown_sign = self._sign()
            self.go.setIcon(self._app.look.icon(self._shown_sign))

    def _sign(self) -> str:
        """Return the icon of the first button's next action: play or pause."""
        timeline = self._app.timeline
        goes = timeline.playing or (timeline.running and not timeline.paused)
        return "pause" if goes else "play"

    def ask_video(self) -> None:
        """Ask for a file and export a video, or stop the export."""
        timeline, recordings = self._app.timeline, self._app.recordings
        if recordings.exporting:
            recordings.stop_export()
            return
        names = {
            self.tr("Video (*.mp4)"): ".mp4",
            self.tr("Animation (*.gif)"): ".gif",
            self.tr("Folder of images (*)"): "",
        }
        title, state = self.tr("Export the recording"), timeline.recording
        name = state.recipe.file_stem if state else Path(timeline.folder).name
        settings = self._app.settings
        path, kind = ask_new_file(self, settings, title, name, ";;".join(names))
        if path:
            whole = Path(path).suffix.lower() in WRITTEN_VIDEOS
            recordings.export(
                VideoExport(
                    folder=timeline.folder,
                    out=path if whole else path + names.get(kind, ""),
                    rate=timeline.rate,
                    blend=timeline.blend,
                )
            )

    def _show(self) -> None:
        timeline = self._app.timeline
        recording = timeline.recording
        self.bar.show_steps(self._steps(), timeline.step)
        self._put_sign()
        self.go.setAccessibleName(self._go_words())
        there = recording is not None and recording.steps > 0
        begin = self.tr("Press Run to begin a recording")
        able = timeline.running or there
        allow(self.go, able, begin, self._go_words())
        allow(self.step, able, begin)
        allow(self.back, there, begin)
        self.rate.setVisible(timeline.teaches)
        self.rate.setCurrentIndex(self.rate.findData(timeline.rate))
        allow(self.stop, timeline.running, self.tr("Nothing is running"))
        self.fork.setVisible(not timeline.teaches)
        text, tip = self._fork_words()
        self.fork.setText(text)
        allow(self.fork, there, begin, tip)
        allow(self.film, there or self._app.recordings.exporting, begin)
        for widget in (self._photo, self.blend):
            widget.setVisible(recording is not None and recording.blends)
        self.words.say(*self._told())
        with QSignalBlocker(self.blend):
            self.blend.setValue(round(100 * timeline.blend))

    def _go_on(self) -> None:
        timeline = self._app.timeline
        if timeline.can_resume and timeline.step >= timeline.last:
            timeline.resume()
        else:
            timeline.fork()

    def _fork_words(self) -> tuple[str, str]:
        """Return text and tool tip: resume the run, or fork from the shown step."""
        timeline = self._app.timeline
        if timeline.can_resume and timeline.step >= timeline.last:
            return self.tr("Resume"), self.tr("Continue the stopped run")
        return self.tr("Continue from here"), self.tr(
            "Continue from this step with the values in the form, as a new recording"
        )

    def _steps(self) -> Steps:
        timeline = self._app.timeline
        recording = timeline.recording
        if recording is None:
            return Steps(total=timeline.total)
        marks = {
            step - 1: ", ".join(
                f"{name.replace('_', ' ')} = {value}" for name, value in changes.items()
            )
            for step, changes in recording.recipe.changes
        }
        return Steps(
            total=timeline.total,
            curve=recording.curve,
            frames=recording.frames,
            marks=marks,
            measure=recording.measure,
        )

    def _told(self) -> tuple[str, ...]:
        """Return the shown step and its measurements as text, shorter forms last."""
        timeline = self._app.timeline
        recording, step = timeline.recording, timeline.step
        if step < 0 and timeline.running:
            return ("",)
        if step < 0:
            return (
                self.tr("Press Run to begin a recording; every step is kept."),
                self.tr("Press Run to begin a recording."),
                self.tr("No recording"),
                "",
            )
        total = max(timeline.total, timeline.last + 1)
        words = [self.tr("{0} of {1}").format(step + 1, total)]
        measured = (
            recording.curve[step] if recording and step < recording.steps else math.nan
        )
        if not math.isnan(measured):
            words.append(number(measured))
        return " · ".join(words), words[0]

    def _go_words(self) -> str:
        if self._app.timeline.running:
            paused = self._app.timeline.paused
            return self.tr("Continue (Space)") if paused else self.tr("Pause (Space)")
        return self.tr("Play (Space)")

    def _show_film(self, progress: Progress | None) -> None:
        if progress is None:
            self.film.setText("")
        elif progress.total:
            share = round(100 * progress.done / progress.total)
            self.film.setText(self.tr("stop ({0} %)").format(share))
        else:
            self.film.setText(self.tr("stop"))
        self._show()
