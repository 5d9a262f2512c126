"""The middle of the window: the photograph and the result of the chosen method."""

from collections.abc import Callable
from typing import Any, TypeVar

from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.images import Image
from nnviz.base.recipes import Run
from nnviz.base.results import Mosaic, Report
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.panels.compare import ComparePane
from nnviz.gui.panels.photo import PhotoPane
from nnviz.gui.panels.timeline import TimelinePanel
from nnviz.gui.panels.unit_image_card import PortraitCard
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.shell.banner import Banners
from nnviz.gui.state.captions import summary
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, named
from nnviz.gui.views.results.report import ReportView
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.gui.workspaces.attack.sticker_studio import StickerStudio
from nnviz.gui.workspaces.explain.board_panel import BoardPane
from nnviz.gui.workspaces.live.panel import LivePane

_WIDE = 1.35
"""Width over height from which two pictures stand beside each other."""
PHOTO, BOTH, RESULT = "photo", "both", "result"
COMPARE, BOARD, STICKERS = "compare", "board", "stickers"
WHOLE = (COMPARE, BOARD, STICKERS)
"""Modes that show neither photograph nor result beside them."""
_Page = TypeVar("_Page", ComparePane, BoardPane, StickerStudio)
_Wanting = TypeVar("_Wanting", BoardPane, StickerStudio)


class Centre(QWidget):
    """Photograph, result, or both beside each other; or what is live.

    Notices stand above them.
    """

    hovered = Signal(str)
    mode_changed = Signal(str)
    """What is shown now, as ``mode``."""
    wanted = Signal(str)
    """Name of a command."""

    live: LivePane | None = None
    compare: ComparePane | None = None
    board: BoardPane | None = None
    studio: StickerStudio | None = None

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("centre")
        self._bench = bench
        self.run: Run | None = None
        self._image: Image | None = None
        self._report: Report | None = None
        self.shows_portraits = False
        self.banners = Banners(bench)
        self.photo = PhotoPane(bench)
        self.result = ReportView()
        self.portrait_card = PortraitCard(bench, self.result)
        self.timeline = TimelinePanel(bench)
        self.title = named(ElidedLabel(), "muted")
        self._mode = RESULT
        self._modes = QButtonGroup(self)
        self.header = self._make_header()
        self._split = self._make_split()
        self._pages = PageStack()
        self._pages.addWidget(self._split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.banners)
        column.addWidget(self._pages, 1)
        column.addWidget(self.timeline)
        self._connect()
        self.set_mode(RESULT)

    def _make_split(self) -> QSplitter:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.photo)
        split.addWidget(self.result)
        split.setSizes([400, 600])
        return split

    def set_live(self, *, live: bool) -> None:
        """Show what is live, or the photograph and the result."""
        if live and self.live is None:  # most starts never need it
            self.live = LivePane(self._bench)
            self.live.hovered.connect(self.hovered)
            self._pages.addWidget(self.live)
        self.header.setVisible(not live)
        page = self.live if live and self.live else self._page()
        self._pages.setCurrentWidget(page)
        page.setFocus()

    @property
    def mode(self) -> str:
        """What is shown: "photo", "both", "result", or one of ``WHOLE``."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Show the photograph, the result, both, two results, or another page."""
        self._mode = mode
        for each in self._modes.buttons():
            if each.property("mode") == mode:
                each.setChecked(True)
        self._pages.setCurrentWidget(self._page())
        self.title.setVisible(mode not in WHOLE)
        self._show_parts()
        self.mode_changed.emit(mode)

    def offer(self, mode: str, *, offered: bool) -> None:
        """Offer the board or the studio, or go back to the result where it is none."""
        for each in self._modes.buttons():
            if each.property("mode") == mode:
                each.setVisible(offered)
        if self._mode == mode and not offered:
            self.set_mode(RESULT)

    def compare_runs(self, first: Run, second: Run) -> None:
        """Show two results beside each other."""
        self.set_mode(COMPARE)
        if self.compare is not None:
            self.compare.compare(first, second)

    def _page(self) -> QWidget:
        """Return the page of the mode; most starts need none but the first."""
        if self._mode == COMPARE:
            self.compare = self.compare or self._added(ComparePane(self._bench))
            return self.compare
        if self._mode == BOARD:
            self.board = self.board or self._wanting(BoardPane(self._bench))
            return self.board
        if self._mode == STICKERS:
            self.studio = self.studio or self._wanting(StickerStudio(self._bench))
            return self.studio
        return self._split

    def _added(self, page: _Page) -> _Page:
        page.hovered.connect(self.hovered)
        self._pages.addWidget(page)
        return page

    def _wanting(self, page: _Wanting) -> _Wanting:
        page.wanted.connect(self.wanted)
        return self._added(page)

    def _show_parts(self) -> None:
        """Show what the mode says; the photograph as long as there is no result."""
        empty = self._report is None
        self.photo.setVisible(self._mode != RESULT or empty)
        self.result.set_photo_beside(self._mode == BOTH)
        self.result.setVisible(self._mode != PHOTO and not empty)
        self._offer_timeline()

    def _offer_timeline(self) -> None:
        """Show the timeline below what can be recorded."""
        method = self._bench.runs.method
        recorded = method is not None and method.recorded
        two = self._mode in WHOLE
        self.timeline.setVisible(recorded and not two and not self._bench.runs.live)

    @property
    def paintable(self) -> bool:
        """Whether what is shown is a result, and has something in it."""
        main = self._report.main if self._report else None
        return main is not None and not (
            isinstance(main, Mosaic) and not len(main.order)
        )

    def painted(self) -> NDArray[Any]:
        """Return the shown result as uint8 (H, W, 3), with legend and range."""
        return self.result.painted()

    def order(self) -> tuple[int, ...]:
        """Return the channels of the shown mosaic in the order they are shown."""
        main = self._report.main if self._report else None
        return tuple(map(int, main.order)) if isinstance(main, Mosaic) else ()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the longer side, so that both pictures stay large."""
        super().resizeEvent(event)
        wide = event.size().width() > _WIDE * event.size().height()
        self._split.setOrientation(
            Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space lets a recording go and wait; full stop and comma go step by step."""
        timeline = self._bench.timeline
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
        """Return how the middle is divided."""
        return self._split.saveState()

    def restore_state(self, state: QByteArray) -> None:
        """Divide the middle as it was."""
        if not state.isEmpty():
            self._split.restoreState(state)

    def _make_header(self) -> QWidget:
        header = named(QWidget(), "header")
        header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = flow(spacing=GRID)
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        names = {
            PHOTO: self.tr("Photo"),
            BOTH: self.tr("Side by side"),
            RESULT: self.tr("Result"),
            COMPARE: self.tr("Compare"),
            BOARD: self.tr("Board"),
            STICKERS: self.tr("Stickers"),
        }
        for mode, name in names.items():
            segment = named(QPushButton(name), "segment")
            segment.setCheckable(True)
            segment.setProperty("mode", mode)
            segment.clicked.connect(lambda _=False, mode=mode: self.set_mode(mode))
            self._modes.addButton(segment)
            line.addWidget(segment)
        line.addWidget(self.title)
        header.setLayout(line)
        return header

    def _connect(self) -> None:
        runs = self._bench.runs
        runs.started.connect(self._name_run)
        runs.reported.connect(self._show_partial)
        runs.finished.connect(self._show_run)
        runs.restored.connect(self._show_restored)
        self._bench.stickers.kept.connect(self._show_run)
        self._bench.compare_wanted.connect(self.compare_runs)
        runs.stopped.connect(self._stopped)
        runs.failed.connect(lambda _: self._grey(self.tr("failed")))
        runs.outdated.connect(self._wait_for_run)
        runs.method_changed.connect(lambda _: self._offer_timeline())
        self._bench.timeline.shown.connect(self._show_step)
        self._bench.portraits.layer_begun.connect(self._begin_portraits)
        self._bench.portraits.mosaic_changed.connect(self._show_portraits)
        self._bench.timeline.opened.connect(
            lambda saved: self.title.setText(runs.title(saved.recipe.method))
        )
        self._bench.selection.unit_changed.connect(self.result.select_unit)
        self._bench.selection.layer_changed.connect(self.result.select_layer)
        self.result.unit_chosen.connect(self._bench.selection.set_unit)
        self.result.target_chosen.connect(self._bench.selection.set_target)
        self.result.layer_chosen.connect(self._bench.selection.set_layer)
        self.result.hovered.connect(self.hovered)
        self.photo.hovered.connect(self.hovered)

    def _name_run(self) -> None:
        """Say what is at work where its steps are shown."""
        self.shows_portraits = False
        method = self._bench.runs.method
        if method is not None and method.recorded:
            self.title.setText(method.title)

    def _show_partial(self, report: Report) -> None:
        if not self._bench.timeline.holds and not self.shows_portraits:
            self._show_step(report)

    def _show_step(self, report: Report) -> None:
        self._report, self._image = report, self._bench.selection.image
        self._show_parts()
        self.result.show_report(report, self._image)

    def _begin_portraits(self) -> None:
        self.shows_portraits = True
        if self._mode != BOTH:
            self.set_mode(RESULT)

    def _show_portraits(self, report: Report) -> None:
        """Show the portraits of a layer until another run is begun or brought back."""
        if self.shows_portraits:
            self._show_step(report)
            self.title.setText(self.tr("Portraits"))

    def _show_run(self, run: Run) -> None:
        self.run = run
        if self.shows_portraits:
            return
        self._report, self._image = run.report, run.image
        self._show_parts()
        self.result.show_report(run.report, run.image)
        self.result.select_unit(self._bench.selection.unit)
        title = self._bench.runs.title(run.recipe.method)
        words = [title, summary(run), run.recipe.image]
        self.title.setText(" · ".join(word for word in words if word))

    def _show_restored(self, run: Run) -> None:
        """Show an earlier result; where two or many are shown, it alone."""
        self.shows_portraits = False
        if self._mode in WHOLE:
            self.set_mode(RESULT)
        self._show_run(run)

    def _stopped(self, percent: int) -> None:
        known = percent >= 0
        self._grey(
            self.tr("stopped at {0} %").format(percent) if known else self.tr("stopped")
        )

    def _wait_for_run(self) -> None:
        """Say that what is shown is not what the form says."""
        method = self._bench.runs.method
        if self._bench.timeline.matches(self._bench.runs.values):
            return
        title = method.title if method is not None else ""
        self._grey(self.tr("{0}: press Run (F5)").format(title))

    def _grey(self, words: str) -> None:
        if self._report is not None:
            self.result.show_report(self._report, self._image, stale=words)
