"""The middle of the window in the Live workspace: source, frames, going and keeping."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QPushButton,
    QSlider,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.live import CONTENTS, Content, Shown
from nnviz.base.video import SourceState, SourceStatus
from nnviz.gui.live import SPEEDS
from nnviz.gui.panels.live_source import SourcePicker
from nnviz.gui.panels.live_view import LiveView
from nnviz.gui.parts import MARGIN, button, icon_button, label, named, row
from nnviz.gui.signs import TIMES
from nnviz.gui.theme import GRID
from nnviz.gui.workbench import Workbench

_SIZES = ((1080, 1920), (720, 1280), (480, 640), (240, 320))
_TICKS = 10
"""Of the slider, a second."""


class LivePane(QWidget):
    """Everything about moving pictures on one page."""

    hovered = Signal(str)

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.source = SourcePicker(bench)
        self.view = LiveView(bench)
        self.pinned = LiveView(bench)
        self._pin_title = label(style="muted")
        self.view.hovered.connect(self.hovered)
        self.pinned.hovered.connect(self.hovered)
        self._kept = self._make_kept()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._kept)
        self._split.addWidget(self.view)
        self.transport = Transport(bench)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_Header(bench, self.source))
        column.addWidget(self._split, 1)
        column.addWidget(self.transport)
        self.setFocusProxy(self.view)
        live = bench.live
        live.shown.connect(self.view.show_frame)
        live.pinned.connect(self._pin)
        live.status_changed.connect(self._tell)
        self._tell(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space holds the frame and lets it go, the full stop goes one further."""
        match event.key():
            case Qt.Key.Key_Space:
                self._bench.live.toggle_hold()
            case Qt.Key.Key_Period:
                self._bench.live.step()
            case _:
                super().keyPressEvent(event)

    def _make_kept(self) -> QWidget:
        kept = QWidget()
        bar = row(
            self._pin_title,
            None,
            icon_button(
                self._bench.look, "x", self.tr("Unpin"), self._bench.live.unpin
            ),
        )
        bar.setContentsMargins(MARGIN, 0, GRID, 0)
        column = QVBoxLayout(kept)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.pinned, 1)
        kept.hide()
        return kept

    def _pin(self, shown: Shown | None) -> None:
        self._kept.setVisible(shown is not None)
        if shown is not None:
            self.pinned.show_frame(shown)
            self._pin_title.setText(self.tr("Pinned: {0}").format(shown.image.name))
            self._split.setSizes([1, 1])

    def _tell(self, status: SourceStatus | None) -> None:
        """Say why there is no frame."""
        if status is None:
            self.view.say(self.tr("Choose a camera, a film or the screen above"))
        elif status.state is SourceState.OPENING:
            self.view.say(self.tr("Opening {0}").format(status.title))
        elif status.state is SourceState.FAILED and status.error is not None:
            self.view.say(status.error.text)


class _Header(QWidget):
    """Source, its size, mirrored; what is looked at."""

    def __init__(self, bench: Workbench, source: SourcePicker) -> None:
        super().__init__()
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bench = bench
        self._contents = QButtonGroup(self)
        self.size = named(QComboBox(), name=self.tr("Resolution"))
        self.size.setToolTip(self.tr("Resolution that the camera is asked for"))
        self.size.addItem(self.tr("Own size"), None)
        for height, width in _SIZES:
            self.size.addItem(f"{width} {TIMES} {height}", (height, width))
        self.size.activated.connect(
            lambda place: bench.live.set_size(self.size.itemData(place))
        )
        self.mirrored = named(QToolButton(), name=self.tr("Mirrored"))
        self.mirrored = _toggle(bench, "flip-horizontal-2", self.tr("Mirrored"))
        self.mirrored.toggled.connect(bench.live.set_mirrored)
        line = row(source, self.size, self.mirrored, None, spacing=2 * GRID)
        for content in CONTENTS:
            line.addWidget(self._segment(content))
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        bench.live.status_changed.connect(lambda _: self._follow())
        bench.runs.method_changed.connect(lambda _: self._mark())
        bench.models.listed.connect(lambda _: self._offer())

    def _segment(self, content: Content) -> QPushButton:
        made = named(QPushButton(content.title), "segment")
        made.setCheckable(True)
        made.setProperty("content", content)
        made.clicked.connect(lambda: self._bench.look_live(content))
        self._contents.addButton(made)
        return made

    def _offer(self) -> None:
        """Offer what this machine has a method and a network for."""
        catalogue = self._bench.models.catalogue
        methods = {info.name for info in catalogue.methods}
        for each in self._contents.buttons():
            content: Content = each.property("content")
            network = content.network(catalogue.models, catalogue.present)
            each.setVisible(content.method in methods and bool(network))
        self._mark()

    def _mark(self) -> None:
        """Mark what is looked at; nothing where it is none of these."""
        method = self._bench.runs.method
        self._contents.setExclusive(False)
        for each in self._contents.buttons():
            each.setChecked(
                method is not None and each.property("content").method == method.name
            )
        self._contents.setExclusive(True)

    def _follow(self) -> None:
        request = self._bench.live.request
        if request is None:
            return
        with QSignalBlocker(self.mirrored), QSignalBlocker(self.size):
            self.mirrored.setChecked(request.mirrored)
            self.size.setCurrentIndex(max(0, self.size.findData(request.size)))


class Transport(QWidget):
    """Hold, step, seek and speed; pin, keep and record."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        named(self, "footer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._bench = bench
        look, live = bench.look, bench.live
        self.hold = _toggle(bench, "pause", self.tr("Hold the frame (Space)"))
        self.hold.clicked.connect(live.toggle_hold)
        self.step = icon_button(
            look, "skip-forward", self.tr("One frame further (.)"), live.step
        )
        self.place = named(
            QSlider(Qt.Orientation.Horizontal), name=self.tr("Place in the film")
        )
        self.place.valueChanged.connect(lambda tick: live.seek(tick / _TICKS))
        self.time = label(style="muted")
        self.speed = named(QComboBox(), name=self.tr("Speed"))
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g} {TIMES}", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.activated.connect(
            lambda index: live.set_speed(self.speed.itemData(index))
        )
        self.pin = _toggle(bench, "pin", self.tr("Pin to compare"))
        self.pin.clicked.connect(live.toggle_pin)
        self.keep = button(self.tr("Keep frame"), live.snapshot)
        line = row(self.hold, self.step, self.place, self.time, self.speed)
        line.addStretch(1)
        for widget in (self.pin, self.keep):
            line.addWidget(widget)
        line.setStretch(2, 1)
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        live.status_changed.connect(self._follow)
        live.shown.connect(self._move)
        live.held_changed.connect(self.hold.setChecked)
        live.pinned.connect(lambda shown: self.pin.setChecked(shown is not None))
        self._follow(None)

    def _follow(self, status: SourceStatus | None) -> None:
        """Show what the source can do."""
        film = status is not None and status.duration > 0
        for widget in (self.place, self.time, self.speed):
            widget.setVisible(film)
        if status is not None and film:
            with QSignalBlocker(self.place):
                self.place.setMaximum(round(status.duration * _TICKS))
        for widget in (self.hold, self.step, self.pin, self.keep):
            widget.setEnabled(status is not None)

    def _move(self, shown: Shown) -> None:
        status, position = self._bench.live.status, shown.image.position
        if status is None or position is None or self.place.isSliderDown():
            return
        with QSignalBlocker(self.place):
            self.place.setValue(round(position * _TICKS))
        self.time.setText(f"{_clock(position)} / {_clock(status.duration)}")


def _toggle(bench: Workbench, icon: str, name: str) -> QToolButton:
    made = icon_button(bench.look, icon, name, lambda: None)
    made.setCheckable(True)
    return made


def _clock(seconds: float) -> str:
    """Write a time in a film: 1:05."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"
