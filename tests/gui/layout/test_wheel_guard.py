"""The wheel scrolls panels; it changes no slider or box on its way.

Truth: the values before, and by hand that one notch up steps a focused control once.
"""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.theme.parts import named, scrolled

NOTCH = QPoint(0, 120)


def turn(widget):
    """Turn the wheel one notch up over a widget."""
    event = QWheelEvent(
        QPointF(2, 2),
        QPointF(widget.mapToGlobal(QPoint(2, 2))),
        *(QPoint(), NOTCH),
        *(Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier),
        *(Qt.ScrollPhase.NoScrollPhase, False),
    )
    QApplication.sendEvent(widget, event)


def value_of(control):
    if isinstance(control, QComboBox):
        return control.currentIndex()
    return control.text() if isinstance(control, QAbstractSpinBox) else control.value()


def test_no_control_of_any_workspace_is_changed_by_the_wheel(opened):
    window = opened
    seen = 0
    for workspace in WORKSPACES:
        window.enter(workspace)
        for kind in (QSlider, QAbstractSpinBox, QComboBox):
            for control in window.findChildren(kind):
                if control.window() is not window or control.hasFocus():
                    continue
                before = value_of(control)
                turn(control)
                policy = control.focusPolicy()
                words = control.accessibleName(), kind
                assert value_of(control) == before, words
                assert policy is not Qt.FocusPolicy.WheelFocus, words
                seen += 1
    assert seen > 30


@pytest.mark.parametrize(("tall", "after"), [(False, 6), (True, 5)])
def test_a_focused_box_is_changed_unless_its_panel_scrolls(qtbot, tall, after):
    box = named(QSpinBox(), name="number")
    box.setValue(5)
    page = QWidget()
    column = QVBoxLayout(page)
    column.addWidget(box)
    if tall:
        page.setMinimumHeight(2000)
    area = scrolled(page)
    qtbot.addWidget(area)
    area.resize(200, 200)
    area.show()
    area.activateWindow()
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    qtbot.waitUntil(lambda: (area.verticalScrollBar().maximum() > 0) is tall)
    turn(box)
    assert box.value() == after
