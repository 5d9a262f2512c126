"""Frames repainted by a network: which one, at what size, how shown."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.images import rgb8
from nnviz.base.info import Task
from nnviz.base.live import Shown
from nnviz.base.results import ColorImage
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.photo import seen
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, label, named
from nnviz.gui.views.comparison.before_after import BeforeAfter, Showing

_SIZES = (192, 256, 384, 512, 768, 1024)
_SIZE = "size"


class RepaintSide(QWidget):
    """The repainted frame, alone, beside the original or swiped with it."""

    hovered = Signal(str)

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self._app = app
        self.pair = BeforeAfter((self.tr("Source"), self.tr("Painting")))
        self.pair.hovered.connect(self.hovered)
        self.head = _Head(app, self.pair)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.pair, 1)
        self.setFocusProxy(self.pair)

    def show_frame(self, shown: Shown, painting: ColorImage) -> None:
        """Show a frame and its repainted version."""
        self.pair.set_pair(seen(shown.image), rgb8(painting.pixels))


class _Head(QWidget):
    """Header with the network, its size and the layout."""

    def __init__(self, app: AppContext, pair: BeforeAfter) -> None:
        super().__init__()
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        self._pair = pair
        self.networks = named(ComboBox(), name=self.tr("Network that paints"))
        self.networks.setToolTip(self.tr("Any image-to-image network; drop a file"))
        self.networks.activated.connect(
            lambda place: app.open_model(self.networks.itemData(place))
        )
        self.sizes = named(ComboBox(), name=self.tr("Size of the painting"))
        self.sizes.setToolTip(self.tr("Longest side while painting: smaller is faster"))
        self.sizes.activated.connect(
            lambda place: self._paint_at(int(self.sizes.itemData(place)))
        )
        words = label(self.tr("painted at"), "muted")
        line = flow(self.networks, words, self.sizes, None, spacing=2 * GRID)
        for segment in self._segments():
            line.addWidget(segment)
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        choice, model_changed = app.choice, app.selection.model_changed
        for signal, slot in (
            (app.models.listed, self._list),
            (model_changed, self._list),
            (choice.values_changed, self._mark),
            (app.runs.template_changed, self._mark),
        ):
            connect_while_in(choice, "live", signal, lambda _, slot=slot: slot())
        self._list()
        self._mark()

    def _segments(self) -> list[QPushButton]:
        names = {
            Showing.AFTER: self.tr("Painting"),
            Showing.SIDES: self.tr("Side by side"),
            Showing.SWIPE: self.tr("Swipe"),
        }
        self._ways = QButtonGroup(self)
        for way, name in names.items():
            segment = named(QPushButton(name), "segment")
            segment.setCheckable(True)
            segment.setChecked(way is self._pair.showing)
            segment.setProperty("showing", way.value)
            segment.clicked.connect(lambda _=False, way=way: self._show(way))
            self._ways.addButton(segment)
        return [each for each in self._ways.buttons() if isinstance(each, QPushButton)]

    def _paint_at(self, size: int) -> None:
        method = self._app.choice.method
        if method is not None:
            self._app.choice.choose(method.name, {_SIZE: size})

    def _show(self, way: Showing) -> None:
        self._pair.set_showing(way)
        if way is Showing.SWIPE:
            self._pair.after.setFocus()

    def _list(self) -> None:
        """List the installed networks that repaint, with the open one selected."""
        catalogue, model = self._app.models.catalogue, self._app.selection.model
        found = {
            entry.reference: entry.title
            for entry in catalogue.models
            if entry.task is Task.REPAINT and entry.reference in catalogue.present
        }
        if model is not None and model.task is Task.REPAINT:
            found.setdefault(model.reference, model.title)
        with QSignalBlocker(self.networks):
            self.networks.clear()
            for reference, title in found.items():
                self.networks.addItem(title, reference)
            reference = model.reference if model is not None else ""
            self.networks.setCurrentIndex(self.networks.findData(reference))

    def _mark(self) -> None:
        """Show the current size, adding an unusual one to the list."""
        size = self._app.choice.values.get(_SIZE)
        if size is None:
            return
        with QSignalBlocker(self.sizes):
            self.sizes.clear()
            for each in sorted({*_SIZES, int(size)} - {0}):
                self.sizes.addItem(self.tr("{0} px").format(each), each)
            self.sizes.addItem(self.tr("native size"), 0)
            self.sizes.setCurrentIndex(self.sizes.findData(int(size)))
