"""Bar of workspaces at the left edge."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QToolBar, QWidget

from nnviz.gui.shell.actions import Actions
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.theme.manager import ThemeManager

_ICON, _LEAST = 20, 12
"""Default and minimum size of an icon, px."""


class WorkspaceBar(QToolBar):
    """Tool bar with a button for each workspace."""

    def __init__(
        self,
        workspaces: tuple[Workspace, ...],
        actions: Actions,
        look: ThemeManager,
        parent: QWidget,
    ) -> None:
        super().__init__(self.tr("Workspaces"), parent)
        self.setObjectName("workspaces")
        self.setMovable(False)
        self.setOrientation(Qt.Orientation.Vertical)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self._look = look
        look.changed.connect(self._fit)
        group = QActionGroup(self)
        for workspace in workspaces:
            action = actions[f"workspace.{workspace.name}"]
            group.addAction(action)
            self.addAction(action)
        group.actions()[0].setChecked(True)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the captions where not all workspaces fit with them."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Choose the largest button style with which all workspaces fit."""
        words = Qt.ToolButtonStyle.ToolButtonTextUnderIcon
        icons = Qt.ToolButtonStyle.ToolButtonIconOnly
        usual = self._look.px(_ICON)
        looks = [
            (words, usual, False),
            *((icons, side, True) for side in range(usual, _LEAST, -2)),
        ]
        for style, side, tight in looks:
            self._tighten(tight=tight)
            self.setToolButtonStyle(style)
            self.setIconSize(QSize(side, side))
            if self._needed() <= self.height():
                break

    def _tighten(self, *, tight: bool) -> None:
        """Take the space around the buttons away, or give it back."""
        if bool(self.property("tight")) == tight:
            return
        self.setProperty("tight", tight)
        buttons = [self.widgetForAction(action) for action in self.actions()]
        for each in (self, *buttons):
            each.style().unpolish(each)
            each.style().polish(each)

    def _needed(self) -> int:
        """Return the height of all buttons and separators, px."""
        buttons = [self.widgetForAction(action) for action in self.actions()]
        layout = self.layout()
        if layout is None:
            return 0
        around = layout.contentsMargins()
        heights = sum(each.sizeHint().height() for each in buttons)
        between = layout.spacing() * (len(buttons) + 1)
        return heights + between + around.top() + around.bottom()
