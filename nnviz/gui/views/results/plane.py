"""Points, regions, paths and arrows over two axes; points are dragged and added."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.kinds.planes import Plane
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.results.plane_canvas import PlaneCanvas
from nnviz.gui.views.widgets.formula import FormulaLine


class PlaneView(ResultView):
    """Shows a ``Plane``; what is done to its points is told as a parameter."""

    result: Plane | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = PlaneCanvas(self)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.values_edited.connect(self.values_edited)
        self.formula = FormulaLine(self)
        self.setFocusProxy(self.canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.formula)

    def update_view(self) -> None:
        """Paint the plane anew; a point that is dragged stays under the cursor."""
        if self.result is not None:
            self.canvas.show_plane(self.result)
            self.formula.show_formula(self.result.formula)
