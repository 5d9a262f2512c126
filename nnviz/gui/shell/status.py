"""Status bar: device, memory, current run, last message."""

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QProgressBar, QStatusBar, QWidget

from nnviz.base.events import Progress
from nnviz.base.live import Shown
from nnviz.base.video import SourceStatus
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.shell.running_jobs import RunningJobs
from nnviz.gui.state.messages import Notice
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import icon_button, keep_width, label, named
from nnviz.gui.views.widgets.elided import ElidedLabel, ShorteningLabel
from nnviz.render.text.words import short_bytes

_MEMORY_EVERY = 2000
_STEPS = 1000
"""Of the progress bar."""
_LIVE_EVERY = 0.25
"""Seconds between two updates of the live figures."""


class StatusBar(QStatusBar):
    """Status bar in which hover readouts take precedence over messages."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._said = self._ended = ""
        self.message = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
        self.job = ElidedLabel()
        self.bar = named(QProgressBar(), name=self.tr("Progress"))
        self.bar.setTextVisible(False)
        keep_width(app.look, self.bar, 120)
        self.stop = icon_button(app.look, "square", self.tr("Stop (Esc)"), app.stop)
        self.live = ShorteningLabel()
        self.live.setContentsMargins(0, 0, 3 * GRID, 0)
        self._lively = time.monotonic()
        self.device = label()
        self.memory = label()
        self.device.setToolTip(self.tr("Device that the network runs on"))
        self.memory.setToolTip(
            self.tr("Memory of this program: its resident set size (RSS)")
        )
        self.setSizeGripEnabled(False)
        self.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        self.addWidget(self.message, 2)
        self.jobs = RunningJobs(app)
        figures = (self.live, self.device, self.memory)
        parts = (self.job, self.bar, self.stop, self.jobs, *figures)
        for widget in parts:
            self.addPermanentWidget(widget, int(isinstance(widget, ElidedLabel)))
        self._rest()
        self._connect()
        self._show_device()
        timer = QTimer(self, interval=_MEMORY_EVERY)
        timer.timeout.connect(self._measure)
        timer.start()

    def hover(self, text: str) -> None:
        """Show a hover readout; "" restores the message."""
        self.message.setText(text or self._said)

    def _connect(self) -> None:
        app = self._app
        self._noticed: dict[str, str] = {}  # texts of open notices, by topic
        app.messages.said.connect(self._say)
        app.messages.noticed.connect(self._notice)
        app.messages.settled.connect(self._settle)
        app.models.opening.connect(
            lambda ref: self._work(
                self.tr("opening {0}").format(app.captions.model(ref)), None
            )
        )
        app.models.progressed.connect(lambda progress: self._progress(progress, -1))
        app.models.opened.connect(lambda _: self._opened())
        app.models.failed.connect(lambda *_: self._rest())
        app.models.stopped.connect(lambda _: self._rest())
        app.runs.started.connect(self._begin)
        app.runs.progressed.connect(self._progress)
        for ended in (app.runs.finished, app.runs.failed):
            ended.connect(lambda _: self._rest())
        app.runs.stopped.connect(self._stopped)
        app.runs.front_changed.connect(self._follow)
        app.live.shown.connect(self._tell_live)
        app.live.status_changed.connect(self._end_live)

    def _tell_live(self, shown: Shown) -> None:
        """Show rate and latency of Live, at a readable interval."""
        now = time.monotonic()
        if now - self._lively < _LIVE_EVERY:
            return
        self._lively = now
        figures = shown.figures
        rate = f"{figures.rate:.{int(figures.rate < 10)}f}"  # noqa: PLR2004 - digits
        words = [self.tr("{0} frames/s").format(rate)]
        if self._app.live.held:
            words = [self.tr("frozen")]
        else:
            words.append(self.tr("age {0:.0f} ms").format(1e3 * figures.age))
        if shown.run is not None:
            ms = 1e3 * figures.inference
            words.append(self.tr("inference {0:.0f} ms").format(ms))
        if figures.scale < 1:
            part = round(1 / figures.scale)
            words.append(self.tr("resolution reduced to 1/{0}").format(part))
        self.live.say(
            *("  ·  ".join(words[:count]) for count in range(len(words), 0, -1))
        )
        self.live.setToolTip(
            literal(
                self.tr("{0} frames of the source were skipped").format(figures.dropped)
            )
        )

    def _end_live(self, status: SourceStatus | None) -> None:
        if status is None:
            self.live.say("")

    def _notice(self, notice: Notice) -> None:
        self._noticed[notice.topic] = notice.text
        self._say(notice.text)

    def _settle(self, topic: str) -> None:
        """Take back the text of a notice, unless something was said since."""
        if self._said and self._noticed.pop(topic, "") == self._said:
            self._say("")

    def _say(self, text: str) -> None:
        self._said = text
        self.message.setText(text)

    def _work(self, text: str, fraction: float | None) -> None:
        self.job.setText(text)
        self.bar.setRange(0, 0 if fraction is None else _STEPS)
        if fraction is not None:
            self.bar.setValue(round(_STEPS * fraction))
        for widget in (self.job, self.bar, self.stop):
            widget.show()

    def _progress(self, progress: Progress, left: float) -> None:
        words = progress.what
        if left > 1:
            words += self.tr(" · {0} s left").format(round(left))
        self._work(words, progress.fraction)

    def _begin(self) -> None:
        """Drop what was said about the end of an earlier run."""
        if self._said and self._said == self._ended:
            self._say("")

    def _stopped(self, percent: int) -> None:
        self._rest()
        known = percent >= 0
        self._ended = (
            self.tr("stopped at {0} %").format(percent) if known else self.tr("stopped")
        )
        self._say(self._ended)

    def _follow(self) -> None:
        """Return to the idle state when neither a run nor an opening is active."""
        if not self._app.runs.running and not self._app.models.is_opening:
            self._rest()

    def _opened(self) -> None:
        self._rest()
        self._show_device()

    def _rest(self) -> None:
        for widget in (self.job, self.bar, self.stop):
            widget.hide()

    def _show_device(self) -> None:
        info = self._app.selection.model
        self.device.setText(info.device if info else "")

    def _measure(self) -> None:
        # Imported here: not needed before the first paint.
        import psutil  # noqa: PLC0415

        size = psutil.Process().memory_info().rss
        self.memory.setText(self.tr("RSS {0}").format(short_bytes(size)))
