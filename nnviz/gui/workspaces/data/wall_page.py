"""Wall page: every image of the data set that passes the filters."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSizePolicy, QSlider, QVBoxLayout, QWidget

from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.record_query import Records
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, label, named
from nnviz.gui.views.dataset.thumbnail_grid import LARGEST, SMALLEST
from nnviz.gui.workspaces.data.record_actions import explain_selected
from nnviz.gui.workspaces.data.record_grid import RecordGrid


class Wall(QWidget):
    """Wall of thumbnails with counts and a size control."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.grid = RecordGrid(app, self)
        self.grid.nothing = self.tr("No image matches the filters.")
        self.counts = label(style="muted")
        self.all = button(self.tr("Show all"), self._show_all)
        self.explain = button(self.tr("Explain these"), lambda: explain_selected(app))
        self.zoom = self._make_slider()
        self._lay_out()
        datasets = app.datasets
        datasets.ordered.connect(self._show)
        datasets.selection.changed.connect(self._tell)
        app.look.changed.connect(self._tell)
        self._newest = datasets.dataset
        self._show(datasets.order)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.grid, 1)
        column.addWidget(self._make_bar())
        self.setFocusProxy(self.grid)

    def _make_slider(self) -> QSlider:
        slider = named(
            QSlider(Qt.Orientation.Horizontal),
            "wide",
            self.tr("Size of the thumbnails"),
        )
        slider.setToolTip(self.tr("Size of the thumbnails (Ctrl+wheel, + and -)"))
        slider.setRange(SMALLEST, LARGEST)
        slider.setValue(self.grid.side)
        fixed = QSizePolicy.Policy.Fixed
        slider.setSizePolicy(fixed, fixed)  # else it takes a share of the free space
        slider.valueChanged.connect(self.grid.set_side)
        self.grid.side_changed.connect(slider.setValue)
        return slider

    def _make_bar(self) -> QWidget:
        bar = named(QWidget(), "header")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line = flow(self.counts, self.all, None, self.explain, self.zoom, spacing=GRID)
        line.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        bar.setLayout(line)
        return bar

    def _show(self, order: Records) -> None:
        """Show records, appending where an index has grown."""
        dataset = self._app.datasets.dataset
        before, self._newest = self._newest, dataset
        old = self.grid.order
        grown = before is not None and before is not dataset and len(old)
        if grown and len(order) > len(old) and bool((order[: len(old)] == old).all()):
            self.grid.add_records(order)
        else:
            self.grid.show_records(order)
        self._tell()

    def _show_all(self) -> None:
        self._app.datasets.show_list(None)

    def _tell(self) -> None:
        """Show the numbers of visible and selected records."""
        datasets = self._app.datasets
        whole = datasets.dataset.count if datasets.dataset is not None else 0
        shown, selected = len(datasets.order), datasets.selection.count
        words = (
            self.tr("{0:,} images").format(whole)
            if shown == whole
            else self.tr("{0:,} of {1:,} images").format(shown, whole)
        )
        if datasets.listed is not None:
            words = f"{datasets.listed.title} · {words}"
        if selected:
            words += self.tr(" · {0:,} selected").format(selected)
        self.counts.setText(words)
        self.all.setVisible(shown != whole or datasets.listed is not None)
        allow(self.explain, bool(selected), self.tr("Select images first"))
