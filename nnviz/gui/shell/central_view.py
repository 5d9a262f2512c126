"""The central view: the image, the result of the selected method, or another page."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.explanations.box_maps import with_box_first
from nnviz.base.recipes import Run
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.empty_state import RUN, EmptyState
from nnviz.gui.panels.photo import PhotoPane
from nnviz.gui.panels.timeline import TimelinePanel
from nnviz.gui.panels.trust.chip import TrustChip
from nnviz.gui.panels.unit_image_card import PortraitCard
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.shell.banner import Banners
from nnviz.gui.state.display import DisplayState, Veil
from nnviz.gui.state.modes import (
    BOARD,
    BOTH,
    BOXES,
    COMPARE,
    CONCEPTS,
    ERRORS,
    LIVE,
    MAP,
    NEIGHBORS,
    OCCLUDER,
    PHOTO,
    RESULT,
    STICKERS,
    TEACH,
    UNITS,
    WALL,
    WHOLE,
)
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, named, row
from nnviz.gui.views.results.base import Painting
from nnviz.gui.views.results.report import ReportView
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.render.maps.heatmaps import Looks

if TYPE_CHECKING:  # made when they are first looked at
    from nnviz.gui.panels.compare import ComparePane
    from nnviz.gui.workspaces.explain.board_panel import BoardPane
    from nnviz.gui.workspaces.live.panel import LivePane

_WIDE = 1.35
"""Aspect ratio from which two images are shown side by side."""


class CentralView(QWidget):
    """Central view: image, result or both, a comparison, a board, or live frames.

    It paints only the state that ``Display.changed`` emits. Notices are shown above it.
    """

    hovered = Signal(str)
    mode_changed = Signal(str)
    """The current mode."""
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("centre")
        self._app = app
        self._display = app.display
        self._makers: dict[str, Callable[[], QWidget]] = {
            COMPARE: lambda: _compare_pane(app)
        }
        self._made: dict[str, QWidget] = {}
        self._state = DisplayState()
        self.banners = Banners(app)
        self.photo = PhotoPane(app)
        self.result = ReportView()
        self.portrait_card = PortraitCard(app, self.result)
        self.timeline = TimelinePanel(app)
        # Method and target take precedence; image and network are elided.
        left, end = Qt.AlignmentFlag.AlignLeft, Qt.TextElideMode.ElideRight
        self.title = named(ElidedLabel(align=left, elide=end), "muted")
        self.chip = TrustChip(app)
        self._modes = QButtonGroup(self)
        self.header = self._make_header()
        self._split = self._make_split()
        self.pages = PageStack()
        self.pages.addWidget(self._split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.banners)
        column.addWidget(self.pages, 1)
        column.addWidget(self.timeline)
        self._connect()
        self._offer()
        self._paint(self._state)

    def _make_split(self) -> QSplitter:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self.invitation = EmptyState((RUN,))
        self._left = PageStack()
        self._left.addWidget(self.photo)
        self._left.addWidget(self.invitation)
        split.addWidget(self._left)
        split.addWidget(self.result)
        split.setSizes([400, 600])
        return split

    @property
    def run(self) -> Run | None:
        """The result on the canvas; None where there is none."""
        return self._display.run

    @property
    def mode(self) -> str:
        """The mode: "photo", "both", "result", or one of ``WHOLE``."""
        return self._state.mode

    def set_mode(self, mode: str) -> None:
        """Show the image, the result, both, two results, or another page."""
        self._display.set_mode(mode)

    def _offer(self) -> None:
        """Show the buttons of the modes that the workspace offers."""
        workspace = self._app.choice.workspace
        usual = (PHOTO, BOTH, RESULT, COMPARE)
        offered = workspace.pages if workspace is not None else usual
        for each in self._modes.buttons():
            each.setVisible(each.property("mode") in offered)

    def _paint(self, state: DisplayState) -> None:
        """Update the widgets from one display state to the next."""
        before, self._state = self._state, state
        for each in self._modes.buttons():
            each.setChecked(each.property("mode") == state.mode)
        self.header.setVisible(not state.live)
        self.title.setText(state.title)
        self.title.setToolTip(literal(state.title))
        self._titled.setVisible(state.mode not in WHOLE)
        self._left.setVisible(state.image or state.invited)
        self._invite(state)
        self.result.set_photo_beside(state.mode == BOTH)
        self.result.setVisible(state.result)
        self.timeline.setVisible(state.timeline)
        self._fill(before, state)
        self._turn(before, state)

    def _invite(self, state: DisplayState) -> None:
        """Show the method's description, or "Working", in place of the image."""
        method = self._app.choice.method
        if state.invited and method is not None:
            words = self.tr("Working…") if state.title else method.shows
            self.invitation.say(words)
            self.invitation.buttons[RUN].setVisible(not state.title)
        self._left.setCurrentWidget(self.invitation if state.invited else self.photo)

    def _fill(self, before: DisplayState, state: DisplayState) -> None:
        content = state.content
        if content is None:
            self.result.clear()
        elif content is not before.content or state.veil is not before.veil:
            self.result.show_report(
                content.report, content.image, stale=self._words(state) or False
            )
        self.result.select_unit(state.unit)

    def _turn(self, before: DisplayState, state: DisplayState) -> None:
        """Switch to the state's page, and move the focus when Live comes or goes."""
        page = self._page(LIVE if state.live else state.mode)
        self.pages.setCurrentWidget(page)
        if state.live is not before.live:
            page.setFocus()
        if state.mode != before.mode:
            self.mode_changed.emit(state.mode)

    def _words(self, state: DisplayState) -> str:
        """Return the reason why the result is dimmed; "" where it is not."""
        content, method = state.content, self._app.choice.method
        if content is None or state.veil is Veil.NONE:
            return ""
        if state.veil is Veil.FAILED:
            return self.tr("failed")
        if state.veil is Veil.STOPPED and content.percent >= 0:
            return self.tr("stopped at {0} %").format(content.percent)
        if state.veil is Veil.STOPPED:
            return self.tr("stopped")
        title = method.title if method is not None else ""
        return self.tr("{0}: press Run (Ctrl+R)").format(title)

    def compare_runs(self, first: Run, second: Run) -> None:
        """Compare two results."""
        self.set_mode(COMPARE)
        if self.compare is not None:
            self.compare.compare(first, second)

    def _choose_target(self, target: str) -> None:
        """Select a part of the result as target; show its map if it is known."""
        run, app = self._display.run, self._app
        there = with_box_first(run, target) if run is not None else None
        if there is None:
            app.selection.set_target(target)
        elif not app.runs.running:
            app.runs.bring_back(there)

    def add_page(self, mode: str, make: Callable[[], QWidget]) -> None:
        """Register a workspace's page, which is built when first shown."""
        self._makers[mode] = make

    def page(self, mode: str) -> QWidget | None:
        """Return a page if it has been built."""
        return self._made.get(mode)

    @property
    def compare(self) -> "ComparePane | None":
        """The comparison page; None until it is built."""
        return cast("ComparePane | None", self._made.get(COMPARE))

    @property
    def board(self) -> "BoardPane | None":
        """The board page; None until it is built."""
        return cast("BoardPane | None", self._made.get(BOARD))

    @property
    def live(self) -> "LivePane | None":
        """The live page; None until it is built."""
        return cast("LivePane | None", self._made.get(LIVE))

    def _page(self, mode: str) -> QWidget:
        """Return a mode's page, built on first use."""
        if mode not in self._makers:
            return self._split
        if mode not in self._made:
            self._made[mode] = page = self._makers[mode]()
            self._app.look.dress_part(page)
            self.pages.addWidget(page)
            for told, heard in (("hovered", self.hovered), ("wanted", self.wanted)):
                if hasattr(page, told):
                    getattr(page, told).connect(heard)
        return self._made[mode]

    def looks(self) -> Looks:
        """Return the looks of the shown maps, by result name."""
        return self.result.looks()

    def painting(self) -> Painting:
        """Return a function that paints the shown result, with legend and range."""
        return self.result.painting()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Split along the longer side, so that both images stay large."""
        super().resizeEvent(event)
        wide = event.size().width() > _WIDE * event.size().height()
        self._split.setOrientation(
            Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Play or pause a recording on Space, and step on full stop and comma."""
        timeline = self._app.timeline
        acts: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Space: timeline.toggle,
            Qt.Key.Key_Period: timeline.step_on,
            Qt.Key.Key_Comma: lambda: timeline.walk(-1),
        }
        act = acts.get(event.key()) if self.timeline.isVisible() else None
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def save_state(self) -> QByteArray:
        """Return the sizes of image and result."""
        return self._split.saveState()

    def restore_state(self, state: QByteArray) -> None:
        """Restore the sizes of image and result."""
        if not state.isEmpty():
            self._split.restoreState(state)

    def _make_header(self) -> QWidget:
        header = named(QWidget(), "header")
        header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = flow(spacing=GRID)
        line.setContentsMargins(0, 0, 0, 0)
        names = {
            PHOTO: self.tr("Image"),
            BOTH: self.tr("Side by side"),
            RESULT: self.tr("Result"),
            COMPARE: self.tr("Compare"),
            BOARD: self.tr("Board"),
            STICKERS: self.tr("Stickers"),
            OCCLUDER: self.tr("Occluder"),
            BOXES: self.tr("Boxes"),
            WALL: self.tr("Wall"),
            MAP: self.tr("Map"),
            NEIGHBORS: self.tr("Neighbors"),
            ERRORS: self.tr("Errors"),
            UNITS: self.tr("Units"),
            CONCEPTS: self.tr("Concepts"),
            TEACH: self.tr("Teach"),
        }
        for mode, name in names.items():
            segment = named(QPushButton(name), "segment")
            segment.setCheckable(True)
            segment.setAutoExclusive(True)
            segment.setProperty("mode", mode)
            segment.clicked.connect(lambda _=False, mode=mode: self.set_mode(mode))
            self._modes.addButton(segment)
            line.addWidget(segment)
        # On its own line: next to the modes there is no space on a small screen.
        self.title.setContentsMargins(2 * GRID, 0, 0, 0)
        column = QVBoxLayout(header)
        column.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        column.setSpacing(GRID)
        column.addLayout(line)
        self._titled = QWidget()
        titled = row(self.title, self.chip, spacing=2 * GRID)
        for index in range(titled.count()):  # each can be elided
            titled.setStretch(index, 1)
        self._titled.setLayout(titled)
        column.addWidget(self._titled)
        return header

    def _connect(self) -> None:
        app = self._app
        self._display.changed.connect(self._paint)
        app.choice.entered.connect(self._offer)
        app.compare_wanted.connect(self.compare_runs)
        self.result.unit_chosen.connect(app.selection.set_unit)
        self.result.target_chosen.connect(self._choose_target)
        self.result.layer_chosen.connect(app.selection.set_layer)
        self.result.values_edited.connect(app.choice.adjust)
        self.result.position_chosen.connect(
            lambda y, x: app.selection.set_position((y, x))
        )
        app.selection.layer_changed.connect(self.result.select_layer)
        self.result.hovered.connect(self.hovered)
        self.photo.hovered.connect(self.hovered)
        self.photo.wanted.connect(self.wanted)
        self.invitation.wanted.connect(self.wanted)


def _compare_pane(app: AppContext) -> QWidget:
    """Return the page of two results.  Imported here: most starts need none."""
    from nnviz.gui.panels.compare import ComparePane  # noqa: PLC0415

    return ComparePane(app)
