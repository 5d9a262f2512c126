"""Boxes on a canvas, by mouse and by key.  Truth: geometry worked by hand."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.gui.views.canvas.box_canvas import NONE, BoxCanvas, DrawnBox
from nnviz.gui.views.canvas.layers import array_of

LEFT = Qt.MouseButton.LeftButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NO_KEY = Qt.KeyboardModifier.NoModifier
RED = (255, 0, 0)


class Board:
    """What a canvas asks for, done: as the window does it."""

    def __init__(self, canvas):
        self.canvas = canvas
        self.boxes = [(20.0, 20.0, 60.0, 60.0), (100.0, 10.0, 190.0, 90.0)]
        self.chosen, self.settled, self.named = NONE, 0, 0
        canvas.drawn.connect(self.draw)
        canvas.moved.connect(self.move)
        canvas.chosen.connect(self.choose)
        canvas.removed.connect(self.remove)
        canvas.settled.connect(self.settle)
        canvas.naming.connect(self.name)
        self.show()

    def show(self):
        shown = tuple(DrawnBox(each, "cat", RED) for each in self.boxes)
        self.canvas.set_boxes(shown, self.chosen)

    def draw(self, corners):
        self.boxes.append(corners)
        self.choose(len(self.boxes) - 1)

    def move(self, index, corners):
        self.boxes[index] = corners
        self.show()

    def choose(self, index):
        self.chosen = index
        self.show()

    def remove(self, index):
        del self.boxes[index]
        self.choose(NONE)

    def settle(self):
        self.settled += 1

    def name(self):
        self.named += 1


@pytest.fixture
def canvas(qtbot):
    made = BoxCanvas()
    qtbot.addWidget(made)
    made.resize(400, 200)  # two px of the widget for one of the image
    made.set_image(np.zeros((100, 200, 3), np.uint8))
    made.show()
    return made


@pytest.fixture
def board(canvas):
    return Board(canvas)


def drag(qtbot, canvas, start, end):
    """Drag from a point of the image to another, (x, y)."""
    start, end = QPoint(*(2 * each for each in start)), QPoint(*(2 * e for e in end))
    qtbot.mousePress(canvas, LEFT, pos=start)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, LEFT, pos=end)


def test_a_drag_draws_a_box_clipped_to_the_image(qtbot, canvas, board):
    drag(qtbot, canvas, (80, 90), (70, 140))
    assert board.boxes[-1] == (70, 90, 80, 100)
    assert board.chosen == 2


def test_a_click_selects_the_smallest_box_and_beside_all_none(qtbot, canvas, board):
    board.boxes.append((0.0, 0.0, 90.0, 90.0))
    board.show()
    qtbot.mouseClick(canvas, LEFT, pos=QPoint(80, 80))
    assert board.chosen == 0
    qtbot.mouseClick(canvas, LEFT, pos=QPoint(20, 20))
    assert board.chosen == 2
    qtbot.mouseClick(canvas, LEFT, pos=QPoint(190, 20))
    assert board.chosen == NONE


def test_the_selected_box_is_moved_and_stays_inside(qtbot, canvas, board):
    board.choose(0)
    drag(qtbot, canvas, (40, 40), (50, 45))
    assert board.boxes[0] == (30, 25, 70, 65)
    drag(qtbot, canvas, (50, 45), (1, 1))
    assert board.boxes[0] == (0, 0, 40, 40)
    assert board.settled == 2


def test_in_another_box_a_drag_draws(qtbot, canvas, board):
    """Truth: objects lie in one another; only the selected box is moved."""
    board.choose(0)
    drag(qtbot, canvas, (120, 30), (140, 60))
    assert board.boxes[1] == (100, 10, 190, 90)
    assert board.boxes[2] == (120, 30, 140, 60)


@pytest.mark.parametrize(
    ("grip", "by", "box"),
    [
        ((60, 60), (10, 20), (20, 20, 70, 80)),
        ((20, 20), (-30, 5), (0, 25, 60, 60)),
        ((40, 20), (15, 10), (20, 30, 60, 60)),
        ((60, 40), (-90, 15), (20, 20, 23, 60)),
    ],
)
def test_a_handle_resizes(qtbot, canvas, board, grip, by, box):
    """Truth: by hand; at least 3 px are left, and all of it is in the image."""
    board.choose(0)
    drag(qtbot, canvas, grip, (grip[0] + by[0], grip[1] + by[1]))
    assert board.boxes[0] == box


@pytest.mark.parametrize(
    ("key", "modifier", "box"),
    [
        (Qt.Key.Key_Right, NO_KEY, (21, 20, 61, 60)),
        (Qt.Key.Key_Up, SHIFT, (20, 19, 60, 59)),
        (Qt.Key.Key_Down, CONTROL, (20, 20, 60, 61)),
        (Qt.Key.Key_Left, CONTROL, (20, 20, 59, 60)),
    ],
)
def test_arrows_move_and_with_control_resize(qtbot, canvas, board, key, modifier, box):
    """Truth: a step is 1 % of the shorter side, here 1 px, and never less."""
    board.choose(0)
    qtbot.keyClick(canvas, key, modifier)
    assert board.boxes[0] == box
    assert board.settled == 1


def test_all_of_it_by_keys(qtbot, canvas, board):
    """Truth: by hand; a new box has a quarter of the image's shorter side."""
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    assert board.boxes[2] == (87.5, 37.5, 112.5, 62.5)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert board.named == 1
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert board.chosen == 0
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert board.chosen == 2
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert len(board.boxes) == 2
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert board.chosen == 1
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert board.chosen == NONE


def test_without_a_selected_box_keys_are_the_canvas_s(qtbot, canvas, board):
    canvas.zoom_by(4)
    before = canvas.state.center
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.state.center != before
    assert board.boxes[0] == (20, 20, 60, 60)


def test_an_image_without_a_file_takes_no_boxes(qtbot, canvas, board):
    canvas.editable = False
    drag(qtbot, canvas, (80, 20), (95, 60))
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    assert len(board.boxes) == 2


def test_a_double_click_names_the_box(qtbot, canvas, board):
    qtbot.mouseDClick(canvas, LEFT, pos=QPoint(80, 80))
    assert (board.chosen, board.named) == (0, 1)


def test_boxes_are_painted_where_they_are(canvas, board):
    """Truth: red on the edges, black inside; white handles on the selected one."""
    assert board.chosen == NONE
    pixels = array_of(canvas.grab().toImage())
    assert tuple(pixels[80, 40]) == RED
    assert tuple(pixels[80, 80]) == (0, 0, 0)
    board.choose(0)
    assert tuple(array_of(canvas.grab().toImage())[120, 120]) == (255, 255, 255)
