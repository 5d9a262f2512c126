"""A canvas with the formula of its step below: matrices and planes of lessons."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.widgets.formula import FormulaLine


class FormulaView(ResultView):
    """Base of the views that write a formula below what they paint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.formula = FormulaLine(self)

    def lay_out(self, canvas: QWidget) -> None:
        """Put the formula below a canvas, which gets the room and the keys."""
        self.setFocusProxy(canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(canvas, 1)
        column.addWidget(self.formula)
