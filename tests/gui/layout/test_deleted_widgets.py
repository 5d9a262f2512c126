"""Widgets are deleted by ``deleteLater``, never in an event of their own.

Truth: a widget without parent belongs to Python, which deletes it with the last
reference, here inside the click that removes it; Qt goes on with freed memory.
"""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from nnviz.base.preprocess import Preprocess
from nnviz.gui.forms.preprocess_form import PreprocessForm

GUI = Path(__file__).parents[3] / "nnviz" / "gui"


class Window(QWidget):
    """Notes the event that was posted to it."""

    def __init__(self, happened):
        super().__init__()
        self.happened = happened

    def customEvent(self, _event):  # noqa: N802  Qt
        self.happened.append("next event")


def deleted_in_its_click(qtbot, remove):
    """Return whether a button that removes itself is deleted before its click ends."""
    happened = []
    window = Window(happened)
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    parts = [QPushButton("Use", window)]
    column.addWidget(parts[0])
    parts[0].destroyed.connect(lambda *_: happened.append("deleted"))
    later = QEvent(QEvent.Type.User)
    parts[0].clicked.connect(lambda: QCoreApplication.postEvent(window, later))
    parts[0].clicked.connect(lambda: remove(parts))
    window.show()
    qtbot.waitExposed(window)
    middle = parts[0].mapTo(window, parts[0].rect().center())
    qtbot.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, pos=middle)
    qtbot.waitUntil(lambda: len(happened) == 2)
    return happened == ["deleted", "next event"]


def test_what_loses_its_parent_is_deleted_in_its_own_click(qtbot):
    def orphan(parts):
        parts.pop().setParent(None)

    def discard(parts):
        part = parts.pop()
        part.hide()
        part.deleteLater()

    assert deleted_in_its_click(qtbot, orphan)
    assert not deleted_in_its_click(qtbot, discard)


def test_no_widget_of_the_window_loses_its_parent():
    found = [
        str(file.relative_to(GUI))
        for file in GUI.rglob("*.py")
        if "setParent(None)" in file.read_text("utf-8")
    ]
    assert not found


def test_fields_of_channels_come_and_go(qtbot):
    """Truth: the numbers that are shown."""
    form = PreprocessForm()
    qtbot.addWidget(form)
    gray = Preprocess(mean=(0.5,), std=(0.25,))
    for value in (gray, Preprocess(), gray):
        form.set_value(value)
        assert form._mean.values() == value.mean
        shown = [field for field in form._mean._fields if not field.isHidden()]
        assert len(shown) == len(value.mean)
