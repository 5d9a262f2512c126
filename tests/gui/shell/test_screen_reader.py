"""What screen readers are told of the fields of the window.

Truth: ``QAccessible``, which the bridges of all platforms read: a list is named by a
label that it is related to; one of several exclusive buttons is a radio button.
"""

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.shell.main_window import ATTACK, EXPLAIN, IMAGINE, INSPECT, LIVE, STYLE

Text = QAccessible.Text


def labels_of(widget):
    """Return the names of the labels that are related to a widget."""
    told = QAccessible.queryAccessibleInterface(widget)
    kind = QAccessible.RelationFlag.Label
    return [other.text(Text.Name) for other, flags in told.relations() if flags & kind]


def test_method_and_layer_are_named_not_told_by_their_values(opened):
    panel = opened.stage.method
    layer = panel.form.findChild(QComboBox)
    assert panel.choice.currentText() == "Activations"
    assert labels_of(panel.choice) == ["Method"]
    assert layer.currentText() == "stem"
    assert labels_of(layer) == ["Layer"]


@pytest.mark.parametrize("place", [INSPECT, EXPLAIN, IMAGINE, STYLE, ATTACK, LIVE])
def test_every_list_that_can_be_seen_has_a_name(opened, place):
    opened.enter(place)
    seen = [each for each in opened.findChildren(QComboBox) if each.isVisible()]
    assert seen
    nameless = [
        e.currentText() for e in seen if len(list(filter(None, labels_of(e)))) != 1
    ]
    assert nameless == []


def test_exclusive_buttons_are_told_as_such(opened):
    roles = {
        each.text(): QAccessible.queryAccessibleInterface(each).role()
        for each in opened.findChildren(QPushButton, "segment")
        if each.isVisible()
    }
    for text in ("Image", "Side by side", "Result", "strongest", "network"):
        assert roles[text] is QAccessible.Role.RadioButton


def test_the_label_moves_and_goes_with_its_list(qtbot):
    room = QWidget()
    qtbot.addWidget(room)
    box = ComboBox()
    box.setAccessibleName("Paper")
    QVBoxLayout(room).addWidget(box)
    assert labels_of(box) == ["Paper"]
    box.deleteLater()
    qtbot.waitUntil(lambda: not room.findChildren(QLabel))
