"""Stickers on a canvas, by mouse and by key.  Truth: geometry worked by hand."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.base.images import image_from_array
from nnviz.base.stickers.placement import Placement
from nnviz.gui.views.canvas.layers import array_of
from nnviz.gui.views.canvas.stickers import NONE, Sheet, StickerCanvas
from nnviz.media.stickers.cutting import cut_out
from nnviz.media.stickers.placed import paste_layers

PICTURE = (100, 200)
SHIFT = Qt.KeyboardModifier.ShiftModifier
PIXELS = np.full((50, 50, 4), 255, np.uint8)
PIXELS[..., 1:3] = 0


class Board:
    """What a canvas asks for, done: as the window does it."""

    def __init__(self, canvas):
        self.canvas = canvas
        self.placements = [Placement(0.25, 0.5, 0.4, 0), Placement(0.75, 0.5, 0.4, 0)]
        self.chosen, self.settled = NONE, 0
        canvas.moved.connect(self.move)
        canvas.chosen.connect(self.choose)
        canvas.removed.connect(self.remove)
        canvas.settled.connect(self.settle)
        self.show()

    def show(self):
        sheets = tuple(Sheet(PIXELS, each) for each in self.placements)
        self.canvas.set_stickers(sheets, self.chosen)

    def move(self, index, placement):
        self.placements[index] = placement
        self.show()

    def choose(self, index):
        self.chosen = index
        self.show()

    def remove(self, index):
        del self.placements[index]
        self.choose(NONE)

    def settle(self):
        self.settled += 1


@pytest.fixture
def canvas(qtbot):
    made = StickerCanvas()
    qtbot.addWidget(made)
    made.resize(400, 200)  # two px of the widget for one of the picture
    made.set_image(np.zeros((*PICTURE, 3), np.uint8))
    made.show()
    return made


@pytest.fixture
def board(canvas):
    return Board(canvas)


def drag(qtbot, canvas, start, end, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, modifier, QPoint(*start))
    event_at = QPoint(*end)
    qtbot.mouseMove(canvas, event_at)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, modifier, event_at)


def numbers(placement):
    return (placement.x, placement.y, placement.width, placement.angle)


def test_a_press_chooses_and_dragging_moves(qtbot, canvas, board):
    """Truth: 40 px of the widget are 20 of 200 px, a tenth of the width."""
    drag(qtbot, canvas, (100, 100), (140, 120))
    assert board.chosen == 0
    assert numbers(board.placements[0]) == pytest.approx((0.35, 0.6, 0.4, 0))
    assert numbers(board.placements[1]) == (0.75, 0.5, 0.4, 0)
    assert board.settled == 1


def test_a_corner_scales_about_the_center(qtbot, canvas, board):
    """Truth: a corner twice as far from the center: twice as wide."""
    board.choose(0)
    corner = canvas.handles(0)[0].at(2).toPoint()  # 40 px right of and below (100, 100)
    assert (corner.x(), corner.y()) == (140, 140)
    drag(qtbot, canvas, (140, 140), (180, 180))
    assert numbers(board.placements[0]) == pytest.approx((0.25, 0.5, 0.8, 0))


def test_the_round_handle_turns(qtbot, canvas, board):
    """Truth: from above to the left is a quarter turn, counter-clockwise."""
    board.choose(0)
    turn = canvas.handles(0)[1].toPoint()
    assert (turn.x(), turn.y()) == (100, 34)
    drag(qtbot, canvas, (100, 34), (20, 100))
    assert board.placements[0].angle == pytest.approx(90)
    turn = canvas.handles(0)[1].toPoint()
    assert (turn.x(), turn.y()) == (34, 100)


def test_beside_all_nothing_is_chosen_and_the_picture_pans(qtbot, canvas, board):
    """Truth: an ordinary canvas, where no sticker lies."""
    board.choose(0)
    drag(qtbot, canvas, (200, 20), (240, 60))
    assert board.chosen == NONE
    assert not canvas.state.fitted
    assert board.settled == 0


@pytest.mark.parametrize(
    ("key", "modifier", "expected"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, (0.255, 0.5, 0.4, 0)),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, (0.25, 0.49, 0.4, 0)),
        (Qt.Key.Key_Down, SHIFT, (0.25, 0.502, 0.4, 0)),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.NoModifier, (0.25, 0.5, 0.424, 0)),
        (Qt.Key.Key_Plus, SHIFT, (0.25, 0.5, 0.424, 0)),
        (Qt.Key.Key_Minus, Qt.KeyboardModifier.NoModifier, (0.25, 0.5, 0.3774, 0)),
        (Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.NoModifier, (0.25, 0.5, 0.4, 5)),
        (Qt.Key.Key_BracketRight, Qt.KeyboardModifier.NoModifier, (0.25, 0.5, 0.4, -5)),
        (Qt.Key.Key_BraceLeft, SHIFT, (0.25, 0.5, 0.4, 1)),
    ],
)
def test_keys(qtbot, canvas, board, key, modifier, expected):
    """Truth: a step is 1 of 100 px of the shorter side; 6 %; 5 degrees."""
    board.choose(0)
    qtbot.keyClick(canvas, key, modifier)
    assert numbers(board.placements[0]) == pytest.approx(expected, abs=1e-4)
    assert board.settled == 1


def test_delete_takes_it_away_and_keys_are_the_canvas_again(qtbot, canvas, board):
    """Truth: without a chosen sticker the arrow keys pan."""
    board.choose(1)
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert [at.x for at in board.placements] == [0.25]
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert not canvas.state.fitted


def test_it_is_painted_where_it_is_pasted(canvas):
    """Truth: ``paste``, which has its own tests; compared on the whole picture."""
    placement = Placement(0.6, 0.4, 0.5, 30)
    canvas.set_stickers((Sheet(PIXELS, placement),), NONE)
    painted = array_of(canvas.grab().toImage().scaled(PICTURE[1], PICTURE[0]))
    sticker = cut_out(image_from_array(PIXELS[..., :3]), "square")
    bare = np.zeros((*PICTURE, 3), np.uint8)
    pasted = paste_layers(bare, ((sticker, placement, 1.0),))
    differs = np.abs(painted[..., 0].astype(int) - pasted[..., 0]) > 64
    assert differs.mean() < 0.01


def test_the_picture_may_go_while_it_is_dragged(qtbot, canvas, board):
    """Truth: nothing is raised, and nothing is held afterwards."""
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 100))
    canvas.set_message("gone")
    canvas.set_stickers((), NONE)
    qtbot.mouseMove(canvas, QPoint(150, 100))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))
    assert board.settled == 0
