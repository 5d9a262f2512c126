"""Page of the Live workspace: source, frames, transport."""

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.live import CONTENTS, Content, Shown
from nnviz.base.video import SourceState, SourceStatus
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.stickers.tools import StickerTools, follow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    icon_button,
    label,
    named,
    row,
    side_column,
    toggle_button,
)
from nnviz.gui.theme.signs import TIMES
from nnviz.gui.workspaces.live.occluder import LiveOccluder
from nnviz.gui.workspaces.live.source import SourcePicker
from nnviz.gui.workspaces.live.stickers import LiveStickerSide
from nnviz.gui.workspaces.live.transport import Transport
from nnviz.gui.workspaces.live.view import LiveView

_STICKERS_WIDTH = 236
_SIZES = ((1080, 1920), (720, 1280), (480, 640), (240, 320))


class LivePane(QWidget):
    """Page of live frames with all their controls."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.source = SourcePicker(app)
        self.view = LiveView(app)
        self.pinned = LiveView(app)
        self.pinned.hide_controls()
        self.pin_title = label(style="muted")
        self.view.hovered.connect(self.hovered)
        self.view.wanted.connect(self.wanted)
        self.pinned.hovered.connect(self.hovered)
        self._kept = self._make_kept()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._kept)
        self._split.addWidget(self.view)
        self.transport = Transport(app)
        self.stickers = LiveStickerSide(app)
        self.tools = StickerTools(app, app.live_stickers)
        self.occluder = LiveOccluder(app, self.view.frame.canvas)
        self.header = _Header(app, self.source)
        self._arrange()
        self.setFocusProxy(self.view)
        live = app.live
        live.shown.connect(self.view.show_frame)
        live.pinned.connect(self._pin)
        live.status_changed.connect(self._tell)
        self._tell(None)

    def lock(self) -> None:
        """Hide controls that open sources or networks, or save, for a kiosk."""
        for part in (self.source, self.header.sizes, self.header.stickers):
            part.hide()
        for view in (self.view, self.pinned):
            view.hide_controls()
        self.transport.hide_savers()

    def put_tools_away(self) -> None:
        """Reset the tools: no occluder, not mirrored."""
        self.header.occluder.setChecked(False)
        self.header.mirrored.setChecked(False)

    def _arrange(self) -> None:
        beside = QHBoxLayout()
        beside.setSpacing(0)
        column = side_column(self._app.look, self.stickers, _STICKERS_WIDTH)
        beside.addWidget(column)
        beside.addWidget(self._split, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addLayout(beside, 1)
        whole.addWidget(self.tools)
        whole.addWidget(self.occluder)
        whole.addWidget(self.transport)
        for part in (column, self.tools):
            part.hide()
            self.header.stickers.toggled.connect(part.setVisible)
        self.occluder.hide()
        self.view.frame.add(self.occluder.trace)
        self.header.occluder.toggled.connect(self.occluder.setVisible)
        follow(self.view.frame.canvas, self._app.live_stickers)
        self.header.stickers.setChecked(self._app.live_stickers.asked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hold or resume on Space, and step on full stop and comma."""
        match event.key():
            case Qt.Key.Key_Space:
                self._app.live.toggle_hold()
            case Qt.Key.Key_Period:
                self._app.live.step()
            case Qt.Key.Key_Comma:
                self._app.live.step(-1)
            case _:
                super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Watch the window's events: no other widget learns of its minimizing."""
        self.window().installEventFilter(self)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop watching, unless the page is hidden by minimizing the window."""
        if not event.spontaneous():
            self.window().removeEventFilter(self)
        super().hideEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Release the camera while the window is minimized."""
        changed = event.type() is QEvent.Type.WindowStateChange
        if changed and watched is self.window():
            live = self._app.live
            (live.go_away if self.window().isMinimized() else live.come_back)()
        return super().eventFilter(watched, event)

    def _make_kept(self) -> QWidget:
        kept = QWidget()
        bar = row(
            self.pin_title,
            None,
            icon_button(self._app.look, "x", self.tr("Unpin"), self._app.live.unpin),
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
            self.pin_title.setText(self.tr("Pinned: {0}").format(shown.image.name))
            self._split.setSizes([1, 1])

    def _tell(self, status: SourceStatus | None) -> None:
        """Show why there is no frame."""
        if status is None:
            self.view.offer_sources(
                self.tr("Choose a camera, a video or the screen above")
            )
        elif status.state is SourceState.OPENING:
            self.view.say(self.tr("Opening {0}").format(status.title))
        elif status.state is not SourceState.RUNNING and status.error is not None:
            self.view.offer_sources(status.error.text)


class _Header(QWidget):
    """Header with source, size, mirroring and kind of analysis."""

    def __init__(self, app: AppContext, source: SourcePicker) -> None:
        super().__init__()
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        self._contents = QButtonGroup(self)
        self.sizes = named(ComboBox(), name=self.tr("Resolution"))
        self.sizes.setToolTip(self.tr("Resolution requested from the camera"))
        self.sizes.addItem(self.tr("Native size"), None)
        for height, width in _SIZES:
            self.sizes.addItem(f"{width} {TIMES} {height}", (height, width))
        self.sizes.activated.connect(
            lambda place: app.live.set_size(self.sizes.itemData(place))
        )
        self.mirrored = toggle_button(
            app.look, "flip-horizontal-2", self.tr("Mirrored")
        )
        self.mirrored.toggled.connect(app.live.set_mirrored)
        self.stickers = toggle_button(
            app.look, "target", self.tr("Stickers and their fooling rate")
        )
        self.occluder = toggle_button(
            app.look, "square-dashed", self.tr("Hide what is under the mouse")
        )
        parts = (source, self.sizes, self.mirrored, self.stickers, self.occluder)
        line = flow(*parts, None, spacing=2 * GRID)
        for content in CONTENTS:
            line.addWidget(self._segment(content))
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        app.live.status_changed.connect(lambda _: self._follow())
        choice, model_changed = app.choice, app.selection.model_changed
        mark, offer = self._mark, self._offer
        connect_while_in(choice, "live", choice.method_changed, lambda _: mark())
        connect_while_in(choice, "live", app.models.listed, lambda _: offer())
        connect_while_in(choice, "live", model_changed, lambda _: offer())
        self._offer()

    def _segment(self, content: Content) -> QPushButton:
        made = named(QPushButton(self.tr(content.title)), "segment")
        made.setCheckable(True)
        made.setAutoExclusive(True)
        made.setProperty("content", content)
        made.clicked.connect(lambda: self._look(content))
        self._contents.addButton(made)
        return made

    def _look(self, content: Content) -> None:
        """Begin an analysis; keep the current one marked where that is asked first."""
        if not self._app.look_live(content):
            self._mark()

    def _offer(self) -> None:
        """Enable the analyses for which there are a method and a network."""
        catalogue = self._app.models.catalogue
        methods = {info.name for info in catalogue.methods}
        model = self._app.selection.model
        for each in self._contents.buttons():
            content: Content = each.property("content")
            suits = model is not None and content.suits(model)
            network = content.network(catalogue.models, catalogue.present)
            each.setVisible(content.method in methods and (suits or bool(network)))
        self._mark()

    def _mark(self) -> None:
        """Check the current analysis; none where the method is another."""
        method = self._app.choice.method
        self._contents.setExclusive(False)
        for each in self._contents.buttons():
            each.setChecked(
                method is not None and each.property("content").method == method.name
            )
        self._contents.setExclusive(True)

    def _follow(self) -> None:
        request = self._app.live.request
        if request is None:
            return
        with QSignalBlocker(self.mirrored), QSignalBlocker(self.sizes):
            self.mirrored.setChecked(request.mirrored)
            self.sizes.setCurrentIndex(max(0, self.sizes.findData(request.size)))
