"""Keys in text fields: Esc leaves them, lists close on it, none is entered unasked."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from nnviz.gui.layout.text_fields import takes_text
from nnviz.gui.shell.main_window import ATTACK, EXPLAIN, INSPECT, LEARN, TRAIN

# The offscreen platform has no windows to raise.
pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabb)", extend=True)


@pytest.fixture
def line(opened, qtbot):
    opened.enter(EXPLAIN)
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow)
    row = opened.stage.method.form.row("target")
    line = row.control.findChild(QLineEdit)
    line.setFocus()
    return line


def test_escape_leaves_a_field_and_stops_nothing(opened, line, qtbot, monkeypatch):
    """Truth: where the focus is, and what Esc does elsewhere."""
    stopped = []
    monkeypatch.setattr(opened.app, "stop", lambda: stopped.append(1))
    qtbot.keyClicks(line, "do")
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    line.completer().popup().hide()
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert not line.hasFocus()
    assert not stopped


def test_the_list_of_classes_is_one_click_away(opened, line, qtbot):
    """Truth: the network's two classes, by hand; a border from the style sheet."""
    control = opened.stage.method.form.row("target").control
    qtbot.mouseClick(control._list, Qt.MouseButton.LeftButton)
    popup = line.completer().popup()
    qtbot.waitUntil(popup.isVisible)
    model = popup.model()
    assert [model.index(n, 0).data() for n in range(model.rowCount())] == ["cat", "dog"]
    assert "QListView#completions" in popup.styleSheet()
    qtbot.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    assert line.text() == ""


@pytest.mark.usefixtures("line")
def test_a_field_that_is_deleted_is_forgotten(opened, qtbot):
    """Truth: no exception, which fails a test."""
    opened.app.choice.choose("saliency")
    qtbot.wait(20)
    QApplication.processEvents()
    opened.stage.method.choice.setFocus()


def focus(widget, window, qtbot):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    widget.setFocus()
    assert QApplication.focusWidget() is widget


@pytest.mark.parametrize(
    ("before", "after"),
    [(INSPECT, ATTACK), (EXPLAIN, LEARN), (TRAIN, ATTACK), (LEARN, ATTACK)],
    ids=lambda workspace: workspace.name,
)
def test_no_text_field_gets_the_focus_unasked(opened, qtbot, before, after):
    """Truth: where letters would go once the focused control of the form is gone."""
    opened.enter(before)
    QApplication.processEvents()
    form = opened.stage.method.form
    control = next(
        each
        for each in form.findChildren(QWidget)
        if each.isVisible() and each.focusPolicy() and each.focusProxy() is None
    )
    focus(control, opened, qtbot)
    opened.enter(after)
    QApplication.processEvents()
    assert not takes_text(QApplication.focusWidget())


def test_keys_work_after_a_workspace_is_entered(opened, qtbot):
    """Truth: "]" is the next channel, as the sheet of shortcuts says."""
    focus(opened.stage.method.choice, opened, qtbot)
    opened.enter(ATTACK)
    opened.enter(INSPECT)
    before = opened.app.selection.unit
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_BracketRight)
    assert opened.app.selection.unit != before
