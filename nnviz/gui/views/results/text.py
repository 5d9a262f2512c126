"""View of a text."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from nnviz.base.results import Text
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.tokens import SPACE

_WARNING_NAME = "warning"


class TextView(ResultView):
    """View of a ``Text``, in the theme's warning color for warnings."""

    result: Text | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel()
        self._label.setWordWrap(True)
        self._label.setMargin(2 * SPACE)
        self._label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        area = QScrollArea(self)
        area.setWidget(self._label)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusProxy(area)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    def update_view(self) -> None:
        """Show the text."""
        if self.result is not None:
            self._label.setObjectName(_WARNING_NAME if self.result.warning else "")
            self._label.style().polish(self._label)
            self._label.setText(self.result.text)
