"""The bar of workspaces at the left edge."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup, QResizeEvent
from PySide6.QtWidgets import QToolBar, QWidget

from nnviz.gui.shell.actions import Actions
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.theme.manager import Look

_AROUND = 26
"""Px of a button around its icon and words."""


class WorkspaceBar(QToolBar):
    """One button for each workspace that works."""

    def __init__(
        self,
        workspaces: tuple[Workspace, ...],
        actions: Actions,
        look: Look,
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
        """Leave the words out where there is no room for all workspaces with them."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        side = self._look.px(20)
        self.setIconSize(QSize(side, side))
        line = self.fontMetrics().height()
        needed = len(self.actions()) * (side + line + self._look.px(_AROUND))
        words = Qt.ToolButtonStyle.ToolButtonTextUnderIcon
        icons = Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(words if needed <= self.height() else icons)
