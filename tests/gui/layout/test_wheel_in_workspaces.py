"""The wheel over a form scrolls it.

Truth: Qt sends a turn of the wheel to the widget under the pointer, where a spin box,
slider or combo box takes it for a change of its value: scrolling through the form of
Train turned cross entropy into squared error.
"""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollArea,
)

from nnviz.gui.shell.main_window import WORKSPACES

VALUE_WIDGETS = QAbstractSpinBox, QAbstractSlider, QComboBox


def turn_wheel(widget):
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle, QPointF(widget.mapToGlobal(middle)), QPoint(), QPoint(0, -120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def value_of(widget):
    return widget.currentIndex() if hasattr(widget, "currentIndex") else widget.value()


def scrolls(widget):
    while widget is not None and not isinstance(widget, QScrollArea):
        widget = widget.parentWidget()
    return widget is not None


def controls(window):
    """The widgets with values in scroll areas, but for scroll bars and lists' own."""
    found = [each for kind in VALUE_WIDGETS for each in window.findChildren(kind)]
    return [
        each
        for each in found
        if type(each).__name__ != "QScrollBar" and scrolls(each) and each.isEnabled()
    ]


@pytest.mark.parametrize("workspace", WORKSPACES, ids=lambda each: each.name)
def test_the_wheel_changes_no_value_in_any_workspace(opened, workspace):
    opened.enter(workspace)
    QApplication.processEvents()
    before = {each: value_of(each) for each in controls(opened)}
    if workspace.name in {"explain", "imagine", "train", "style"}:
        assert len(before) >= 3
    for each in before:
        turn_wheel(each)
    assert [each.accessibleName() for each, old in before.items()
            if value_of(each) != old] == []  # fmt: skip
