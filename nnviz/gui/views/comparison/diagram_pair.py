"""The graphs of two networks side by side, differences framed in color."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from nnviz.base.kinds.diagram_alignment import DiagramComparison, Verdict
from nnviz.base.results import Diagram
from nnviz.gui.layout.flow import flow
from nnviz.gui.views.results.diagram import DiagramView
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.render.drawings.diagram_pairs import mark_colors


class DiagramPairView(QWidget):
    """View of two graphs; selecting a layer in one selects its counterpart.

    Signals:
        hovered: text about the position under the cursor; empty when it leaves.
    """

    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: DiagramComparison | None = None
        self._at = -1
        self.views = (DiagramView(self), DiagramView(self))
        self.summary = ElidedLabel(self, Qt.AlignmentFlag.AlignLeft)
        self.summary.setObjectName("muted")
        self.next = QPushButton(self.tr("Next difference"), self)
        self.next.clicked.connect(self.show_next)
        self.expand = QPushButton(self.tr("Expand all"), self)
        self.collapse = QPushButton(self.tr("Collapse all"), self)
        for index, view in enumerate(self.views):
            self.expand.clicked.connect(view.canvas.open_all)
            self.collapse.clicked.connect(view.canvas.close_all)
            view.expand.hide()
            view.collapse.hide()
            view.hovered.connect(self.hovered)
            view.canvas.chosen.connect(partial(self._follow, index))
        self._arrange()

    def set_pair(self, first: Diagram, second: Diagram) -> None:
        """Show two graphs."""
        self._found = DiagramComparison.of(first, second)
        self._at = -1
        for index, view in enumerate(self.views):
            view.show_result(self._found.sides[index], None)
            view.canvas.mark(mark_colors(self._found, index))
        self.summary.setText(self._summary(self._found))
        self.next.setEnabled(bool(self._found.differences))

    def show_next(self) -> None:
        """Scroll to the next difference on both sides."""
        found = self._found
        if found is None or not found.differences:
            return
        self._at = (self._at + 1) % len(found.differences)
        pair = found.differences[self._at]
        for place, index in enumerate((pair.first, pair.second)):
            if index is not None:
                name = found.sides[place].nodes[index].name
                self.views[place].canvas.select(name)

    def _follow(self, place: int, name: str) -> None:
        """Select the counterpart in the other graph."""
        other = self._found.counterpart(place, name) if self._found else ""
        if other:
            self.views[1 - place].canvas.select(other)

    def _summary(self, found: DiagramComparison) -> str:
        counts = found.counts()
        if not found.differences:
            return self.tr("No difference: {0} layers and operations").format(
                counts[Verdict.SAME]
            )
        return self.tr(
            "{0} the same, {1} changed (amber), {2} only on the left, {3} only on the "
            "right (pink)"
        ).format(*(counts[verdict] for verdict in Verdict))

    def _arrange(self) -> None:
        sides = QHBoxLayout()
        sides.setSpacing(1)
        for view in self.views:
            sides.addWidget(view, 1)
        foot = flow(self.next, self.expand, self.collapse, spacing=SPACE)
        foot.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        self.summary.setContentsMargins(SPACE, SMALL_SPACE, SPACE, SMALL_SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.summary)
        layout.addLayout(sides, 1)
        layout.addLayout(foot)
        self.setFocusProxy(self.views[0])
