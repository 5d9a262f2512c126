"""A picture and what became of it, swiped.

Truth: plain colors, the places that the divider leaves to each of them, and the
gestures that its documentation names.
"""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from nnviz.gui.views.canvas.layers import array_of
from nnviz.gui.views.comparison.before_after import BeforeAfter, Showing

RED, BLUE = (200, 0, 0), (0, 0, 200)


def plain(color, size=(90, 160)):
    return np.full((*size, 3), color, np.uint8)


@pytest.fixture
def view(qtbot):
    made = BeforeAfter(("Source", "Painting"))
    qtbot.addWidget(made)
    made.resize(400, 225)
    made.show()
    # What became of it is smaller, as a painting is.
    made.set_pair(plain(RED), plain(BLUE, (45, 80)))
    return made


def color_at(widget, x):
    """The color at a share of the width, half-way down."""
    pixels = array_of(widget.grab().toImage())
    row = pixels[pixels.shape[0] // 2]
    return tuple(int(part) for part in row[round(x * pixels.shape[1])])


def test_alone_it_is_shown_at_the_size_of_the_picture(view):
    assert view.before.isHidden()
    assert {color_at(view.after, x) for x in (0.02, 0.5, 0.98)} == {BLUE}


def test_side_by_side(view):
    view.set_showing(Showing.SIDES)
    QApplication.processEvents()
    assert color_at(view.before, 0.5) == RED
    assert color_at(view.after, 0.5) == BLUE


@pytest.mark.parametrize(("size", "beside"), [((800, 200), True), ((300, 600), False)])
def test_both_stay_as_large_as_they_can(view, size, beside):
    """Truth: 16:9 twice beside each other fills 800 x 200, below 300 x 600."""
    view.resize(*size)
    view.set_showing(Showing.SIDES)
    QApplication.processEvents()
    assert (view.before.y() == view.after.y()) is beside


def test_the_divider_parts_the_two(view):
    view.set_showing(Showing.SWIPE)
    assert color_at(view.after, 0.3) == RED
    assert color_at(view.after, 0.7) == BLUE
    view.after.set_split(0.2)
    assert color_at(view.after, 0.3) == BLUE


def test_it_is_dragged_and_a_double_click_centers_it(view, qtbot):
    view.set_showing(Showing.SWIPE)
    canvas = view.after
    width = canvas.width()
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, pos=QPoint(width // 2 + 3, 100))
    qtbot.mouseMove(canvas, QPoint(width // 4, 100))
    qtbot.mouseRelease(canvas, left, pos=QPoint(width // 4, 100))
    assert canvas.split == pytest.approx(0.25, abs=0.01)
    assert canvas.state.fitted
    qtbot.mouseDClick(canvas, left, pos=QPoint(width // 4, 100))
    assert canvas.split == 0.5


def test_elsewhere_the_mouse_does_what_it_does_on_a_canvas(view, qtbot):
    view.set_showing(Showing.SWIPE)
    canvas = view.after
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, pos=QPoint(50, 100))
    qtbot.mouseMove(canvas, QPoint(90, 100))
    qtbot.mouseRelease(canvas, left, pos=QPoint(90, 100))
    assert canvas.split == 0.5
    assert not canvas.state.fitted


def test_the_keyboard_moves_it(view, qtbot):
    view.set_showing(Showing.SWIPE)
    canvas, told = view.after, []
    canvas.split_changed.connect(told.append)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert told == pytest.approx([0.52, 0.42])
    for key, place in (
        (Qt.Key.Key_Home, 0.0),
        (Qt.Key.Key_End, 1.0),
        (Qt.Key.Key_Return, 0.5),
    ):
        qtbot.keyClick(canvas, key)
        assert canvas.split == place


def test_without_a_divider_the_arrows_pan(view, qtbot):
    qtbot.keyClick(view.after, Qt.Key.Key_Right)
    assert view.after.split == 0.5
    assert not view.after.state.fitted
