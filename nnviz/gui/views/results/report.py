"""View of a report: the main result first, the others as tabs."""

from PySide6.QtCore import QCoreApplication, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QTabBar, QVBoxLayout, QWidget

from nnviz.base.catalogue import method_title
from nnviz.base.images import Image
from nnviz.base.results import Report
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.views.canvas.lines import draw_words
from nnviz.gui.views.results.base import Painting, ResultView, nothing
from nnviz.gui.views.results.heatmap import HeatmapView
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE, tokens_of
from nnviz.render.maps.heatmaps import Looks

_VEIL_ALPHA = 150


class ReportView(QWidget):
    """View of a report, updated in place by one with the same kinds of results.

    A tab's view is created and filled when first shown.

    Signals:
        hovered: text about the position under the cursor; empty when it leaves.
        unit_chosen: index of a tile that the user selected, as in the network.
        unit_pointed: as in ``ResultView``.
        target_chosen: likewise.
        layer_chosen: likewise.
        values_edited: likewise.
        position_chosen: likewise.
    """

    hovered = Signal(str)
    unit_chosen = Signal(int)
    unit_pointed = Signal(str, int)
    target_chosen = Signal(str)
    layer_chosen = Signal(str)
    values_edited = Signal(object)
    position_chosen = Signal(float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: Report | None = None
        self._image: Image | None = None
        self._stale = self._photo_beside = False
        self._unit: int | None = None
        self._layer = ""
        self._views: dict[str, ResultView] = {}
        self._filled: set[str] = set()
        self._tabs = QTabBar(self)
        self._tabs.setDrawBase(False)
        self._tabs.setExpanding(False)
        self._tabs.setDocumentMode(True)
        self._tabs.setAccessibleName(self.tr("Results"))
        self._tabs.currentChanged.connect(self._turn)
        self._pages = PageStack()
        self._notes = _notes_label(self)
        self._veil = _Veil(self)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._tabs)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._notes)
        self._tabs.hide()
        self._notes.hide()

    @property
    def report(self) -> Report | None:
        """The shown report."""
        return self._report

    @property
    def current(self) -> ResultView | None:
        """The visible view."""
        return self._views.get(self._name())

    def show_report(
        self,
        report: Report,
        image: Image | None = None,
        *,
        stale: bool | str = False,
    ) -> None:
        """Show a report.

        Args:
            report: the report.
            image: the image of the report, if any.
            stale: whether to gray it, since it does not match the controls.  A text
                gives the reason: "stopped at 37 %".
        """
        if self._report is None or _kinds(report) != _kinds(self._report):
            self._rebuild(report)
        self._report, self._image, self._stale = report, image, bool(stale)
        self._filled.clear()
        self._fill()
        self._notes.setText("  ·  ".join(report.notes))
        self._notes.setVisible(bool(report.notes))
        words = stale if isinstance(stale, str) else self.tr("stopped")
        self._veil.cover(words if stale else "", self._pages.geometry())

    def set_photo_beside(self, beside: bool) -> None:  # noqa: FBT001
        """Set whether the image is shown beside the report."""
        self._photo_beside = beside
        for view in self._views.values():
            view.set_photo_beside(beside)

    def clear(self) -> None:
        """Show no report."""
        self._drop_views()
        self._report = self._image = None
        self._tabs.hide()
        self._notes.hide()
        self._veil.hide()

    def select_unit(self, unit: int | None) -> None:
        """Mark a unit selected elsewhere; None or -1 for none."""
        self._unit = unit
        if self.current is not None:
            self.current.select_unit(unit)

    def select_layer(self, name: str) -> None:
        """Mark a layer selected elsewhere; "" for none."""
        self._layer = name
        if self.current is not None:
            self.current.select_layer(name)

    def looks(self) -> Looks:
        """Return the looks of the maps shown so far, by result name."""
        return {
            name: view.look
            for name, view in self._views.items()
            if isinstance(view, HeatmapView) and view.result is not None
        }

    def painting(self) -> Painting:
        """Return a function that paints the visible result; see ``ResultView``."""
        return nothing if self.current is None else self.current.painting()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Resize the veil with the pages."""
        super().resizeEvent(event)
        self._column.activate()
        self._veil.setGeometry(self._pages.geometry())

    def _rebuild(self, report: Report) -> None:
        """Rebuild the tabs, staying on the tab of the same name."""
        before = self._name() if self._report else ""
        first = bool(self._report) and self._tabs.currentIndex() == 0
        self._drop_views()
        self._tabs.blockSignals(True)
        for name in report:
            title = QCoreApplication.translate("Methods", method_title(name))
            self._tabs.setTabData(self._tabs.addTab(title), name)
        names = list(report)
        if before in names and not first:
            self._tabs.setCurrentIndex(names.index(before))
        self._tabs.blockSignals(False)
        self._tabs.setVisible(len(names) > 1)

    def _drop_views(self) -> None:
        self._tabs.blockSignals(True)
        while self._tabs.count():
            self._tabs.removeTab(0)
        self._tabs.blockSignals(False)
        for view in self._views.values():
            self._pages.removeWidget(view)
            view.deleteLater()
        self._views.clear()
        self._filled.clear()

    def _turn(self, index: int) -> None:
        del index
        self._fill()
        self.hovered.emit("")

    def _fill(self) -> None:
        """Update the visible view."""
        name = self._name()
        if self._report is None or name not in self._report:
            return
        view = self._views.get(name) or self._add_view(name, self._report)
        if name not in self._filled:
            self._filled.add(name)
            view.set_report(self._report)
            view.show_result(self._report[name], self._image, self._stale)
        view.select_unit(self._unit)
        view.select_layer(self._layer)
        self._pages.setCurrentWidget(view)
        self._pages.setFocusProxy(view)

    def _add_view(self, name: str, report: Report) -> ResultView:
        # Imported here: the views of all kinds must not delay the first paint.
        from nnviz.gui.views.results.registry import make_view  # noqa: PLC0415

        view = make_view(report[name], self)
        view.hovered.connect(self.hovered)
        view.unit_chosen.connect(self._choose)
        view.unit_pointed.connect(self.unit_pointed)
        view.target_chosen.connect(self.target_chosen)
        view.layer_chosen.connect(self.layer_chosen)
        view.values_edited.connect(self.values_edited)
        view.position_chosen.connect(self.position_chosen)
        view.set_photo_beside(self._photo_beside)
        self._views[name] = view
        self._pages.addWidget(view)
        return view

    def _choose(self, unit: int) -> None:
        self._unit = unit
        self.unit_chosen.emit(unit)

    def _name(self) -> str:
        return str(self._tabs.tabData(max(0, self._tabs.currentIndex())) or "")


def _notes_label(parent: QWidget) -> QLabel:
    """Build a wrapping label for notes, which never widens the window."""
    notes = QLabel(parent)
    notes.setObjectName("muted")
    notes.setWordWrap(True)
    notes.setTextFormat(Qt.TextFormat.PlainText)
    notes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    notes.setContentsMargins(SPACE, SMALL_SPACE, SPACE, SMALL_SPACE)
    notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return notes


class _Veil(QWidget):
    """Overlay that dims the result and states why, and ignores the mouse."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, words: str, area: QRect) -> None:
        """Cover an area with a reason; "" removes the cover."""
        self._words = words
        self.setGeometry(area)
        self.setVisible(bool(words))
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the gray and the text."""
        with QPainter(self) as painter:
            tokens = tokens_of(self.palette())
            gray = QColor(tokens.backdrop)
            gray.setAlpha(_VEIL_ALPHA)
            painter.fillRect(event.rect(), gray)
            draw_words(painter, QPointF(self.width() / 2, SPACE), self._words, tokens)


def _kinds(report: Report) -> list[tuple[str, type]]:
    return [(name, type(result)) for name, result in report.items()]
