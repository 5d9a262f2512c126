"""View of points, regions, paths and arrows over two axes, with editable points."""

from PySide6.QtWidgets import QWidget

from nnviz.base.kinds.planes import Plane
from nnviz.gui.views.results.formula_view import FormulaView
from nnviz.gui.views.results.plane_canvas import PlaneCanvas


class PlaneView(FormulaView):
    """View of a ``Plane``; edits of its points are emitted as a parameter."""

    result: Plane | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = PlaneCanvas(self)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.values_edited.connect(self.values_edited)
        self.lay_out(self.canvas)

    def update_view(self) -> None:
        """Paint the plane; a point being dragged stays under the cursor."""
        if self.result is not None:
            self.canvas.show_plane(self.result)
            self.formula.show_formula(self.result.formula)
