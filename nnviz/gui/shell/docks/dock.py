"""Dock with an unobtrusive title bar."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from nnviz.gui.layout.bounded import Bounded
from nnviz.gui.theme.manager import GRID, ThemeManager
from nnviz.gui.theme.parts import LEADS_OUT, icon_button, keep_icon_size, named, row
from nnviz.gui.views.widgets.elided import ShrinkingLabel

_LEAST = QSize(144, 64)
"""Minimum size of a panel, px: three docks stacked and three side by side fit 1024 x
700.
"""


class Dock(QDockWidget):
    """A panel at the window's edge that can be moved, floated and hidden."""

    def __init__(
        self,
        name: str,
        title: str,
        panel: QWidget,
        look: ThemeManager,
        window: QMainWindow,
    ) -> None:
        super().__init__(title, window)
        self.setObjectName(name)
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.panel = panel
        self.setWidget(Bounded(panel, _LEAST))
        self.setAccessibleName(title)
        self.setTitleBarWidget(self._make_title(title, look))

    def _make_title(self, title: str, look: ThemeManager) -> QWidget:
        bar = named(QWidget(), "dockTitle")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        close = icon_button(look, "x", self.tr("Hide {0}").format(title), self.close)
        keep_icon_size(look, close, 12)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setProperty(LEADS_OUT, True)
        words = ShrinkingLabel(align=Qt.AlignmentFlag.AlignLeft)
        words.setText(title.upper())
        line = row(words, close)
        line.setStretch(0, 1)
        line.setContentsMargins(3 * GRID, 2, GRID, 2)
        bar.setLayout(line)
        return bar
