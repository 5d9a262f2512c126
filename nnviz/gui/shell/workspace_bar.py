"""The bar of workspaces at the left edge."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QToolBar, QWidget

from nnviz.gui.shell.actions import Actions
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.theme.manager import Look


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
        self.setIconSize(QSize(look.px(20), look.px(20)))
        group = QActionGroup(self)
        for workspace in workspaces:
            action = actions[f"workspace.{workspace.name}"]
            group.addAction(action)
            self.addAction(action)
        group.actions()[0].setChecked(True)
