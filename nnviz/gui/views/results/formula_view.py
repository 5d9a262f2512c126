"""Base view with a formula below its canvas, for matrices and planes of lessons."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.widgets.formula import FormulaLine


class FormulaView(ResultView):
    """Base of views with a formula below their canvas."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.formula = FormulaLine(self)

    def lay_out(self, canvas: QWidget) -> None:
        """Lay out the formula below a canvas, which gets the focus."""
        self.setFocusProxy(canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(canvas, 1)
        column.addWidget(self.formula)
