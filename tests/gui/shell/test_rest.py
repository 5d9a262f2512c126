"""A window that nobody touches rests.

Truth: Qt lays a window out once for each change.  Hiding the tab bars that Qt shows
again after each layout kept the window's thread busy for ever, in every workspace, and
left a window half way between two text sizes, never to be painted again.
"""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QMainWindow, QWidget

from nnviz.gui.shell.main_window import ATTACK, INSPECT, LEARN, TRAIN
from nnviz.gui.theme import dressing

_MOST = 5


class Counter(QObject):
    """Counts events of one kind, by default the layouts that are asked for."""

    count, kind = 0, QEvent.Type.LayoutRequest

    def eventFilter(self, _watched, event):  # noqa: N802 - Qt's name
        self.count += event.type() is self.kind
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


def test_a_style_that_takes_several_turns_is_painted(qtbot, monkeypatch):
    """Truth: paint events; Learn kept the old picture for good, its layout the new.

    Qt drops the request to paint a window while it is not updated, and sends no other
    for what is dirty already.
    """
    monkeypatch.setattr(dressing, "_TURN", 0.0)  # one part a turn
    window = QMainWindow()
    qtbot.addWidget(window)
    dressed = dressing.WindowDressing(window, "", "dark", "QWidget { color: red; }")
    parts = [QWidget(window) for _ in range(40)]
    window.setCentralWidget(QWidget())
    with qtbot.waitExposed(window):
        window.show()
    qtbot.wait(50)
    painted = Counter(window)
    painted.kind = QEvent.Type.Paint
    window.installEventFilter(painted)
    window.update()
    with qtbot.waitSignal(dressed.finished):
        dressed.put_on("dark", "QWidget { color: blue; }")
        assert dressed.busy
        painted.count = 0
    qtbot.waitUntil(lambda: painted.count > 0, timeout=1000)
    assert len(parts) == 40
