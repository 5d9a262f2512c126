"""Buttons that cannot be pressed say why.

Truth: ux.md, "what cannot be done says why": a tool tip of a disabled button that only
names the action leaves a person to guess.
"""

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QTabBar

from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.state.modes import OCCLUDER


def silent(window):
    """The visible, disabled buttons that give no reason."""
    found = []
    for each in window.findChildren(QAbstractButton):
        if not each.isVisible() or each.isEnabled() or not each.parentWidget():
            continue
        if isinstance(each.parentWidget(), QTabBar):
            continue  # Qt's arrows: one is disabled at each end of the tabs
        if each.property("usualToolTip") is None:
            found.append(
                (type(each.parentWidget()).__name__, each.text(), each.toolTip())
            )
    return found


@pytest.mark.parametrize("workspace", WORKSPACES, ids=lambda each: each.name)
def test_disabled_buttons_give_a_reason(opened, workspace):
    opened.enter(workspace)
    without = []
    for page in (each for each in workspace.pages if each != OCCLUDER):
        opened.app.display.set_mode(page)
        QApplication.processEvents()
        without += silent(opened)
    assert without == [], "\n".join(map(str, sorted(set(without))))
