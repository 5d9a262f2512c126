"""A window that nobody touches rests.

Truth: Qt lays a window out once for each change.  Hiding the tab bars that Qt shows
again after each layout kept the window's thread busy for ever, in every workspace, and
left a window half way between two text sizes, never to be painted again.
"""

import pytest
from PySide6.QtCore import QEvent, QObject

from nnviz.gui.shell.main_window import ATTACK, INSPECT, LEARN, TRAIN

_MOST = 5


class Counter(QObject):
    """Counts the layouts that a window is asked for."""

    count = 0

    def eventFilter(self, _watched, event):  # noqa: N802 - Qt's name
        self.count += event.type() is QEvent.Type.LayoutRequest
        return False


@pytest.mark.parametrize(
    "workspace", [INSPECT, ATTACK, TRAIN, LEARN], ids=lambda each: each.name
)
def test_a_window_is_not_laid_out_without_end(opened, qtbot, workspace):
    opened.show()
    opened.enter(workspace)
    qtbot.wait(300)
    counter = Counter(opened)
    opened.installEventFilter(counter)
    qtbot.wait(200)
    assert counter.count <= _MOST
