"""Comparisons and boards: linked, on one scale, read at one place."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array
from nnviz.base.results import ColorImage, Heatmap
from nnviz.gui.views.canvas.layers import array_of
from nnviz.gui.views.comparison.board import BoardView
from nnviz.gui.views.comparison.compare import CompareView, Mode
from nnviz.gui.views.comparison.side import pixel_at, value_at
from nnviz.render import colormaps, differences
from nnviz.render.boards.board_sheet import paint_sheet
from nnviz.render.boards.scale_locks import Lock, Tile
from nnviz.render.normalized import Norm

PHOTO = image_from_array(np.full((40, 60, 3), 90, np.uint8), "plain")


def heat(values, *, frame=Frame.PHOTO, unit="score"):
    return Heatmap(
        values=np.asarray(values, np.float64), signed=False, unit=unit, frame=frame
    )


def tile(column, result, row="net", image=PHOTO):
    return Tile(row, column, result, image)


@pytest.fixture
def pair():
    """Two maps alone, of 1 x 3 places; the second is twice the first."""
    return (
        tile("a", heat([[0, 2, 4]], frame=None), image=None),
        tile("b", heat([[0, 4, 8]], frame=None), image=None),
    )


@pytest.fixture
def compare(qtbot, pair):
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    view.set_pair(*pair)
    return view


def color(canvas, y, x):
    pixels = array_of(canvas.grab().toImage())
    at = canvas.viewport().to_widget(y, x)
    return tuple(pixels[round(at[0]), round(at[1])])


class TestCompare:
    def test_both_have_one_zoom(self, compare):
        compare.sides[0].canvas.state.set(3.0, (0.2, 0.3))
        assert compare.sides[1].canvas.viewport().magnification == 3

    def test_same_numbers_have_same_colors_on_one_scale(self, compare):
        one = color(compare.sides[0].canvas, 0.3, 2.3)
        assert one == color(compare.sides[1].canvas, 0.3, 1.3)
        compare.locked.setChecked(False)
        top = tuple(colormaps.table("inferno")[-1])
        assert color(compare.sides[0].canvas, 0.3, 2.3) == top

    def test_the_cursor_reads_both(self, compare, qtbot):
        with qtbot.waitSignal(compare.hovered) as caught:
            compare.sides[0].pointed.emit((0.5, 0.5))
        assert caught.args == ["net a: 2 score  ·  net b: 4 score"]
        assert "4 score" in compare.sides[1].words.text()
        compare.sides[0].pointed.emit(None)
        assert "0 … 8" in compare.sides[1].words.text()

    def test_the_pixel_is_told_once_for_one_image_and_each_for_two(
        self, compare, qtbot
    ):
        other = image_from_array(np.full((40, 60, 3), 7, np.uint8), "other")
        here, gap = "x 30  y 20 px", "  ·  "
        gray = f"{here}{gap}90  90  90", "net a: 2 score"
        once = gap.join((*gray, "net b: 4 score"))
        each = gap.join((*gray, f"{here}{gap}7  7  7", "net b: 4 score"))
        for second, words in ((PHOTO, once), (other, each)):
            compare.set_pair(
                tile("a", heat([[0, 2, 4]])), tile("b", heat([[0, 4, 8]]), image=second)
            )
            with qtbot.waitSignal(compare.hovered) as caught:
                compare.sides[0].pointed.emit((0.5, 0.5))
            assert caught.args == [words]

    def test_swipe_shows_the_second_right_of_the_line(self, compare):
        compare.locked.setChecked(False)
        compare.set_mode(Mode.SWIPE)
        compare.set_pair(*compare._pair[::-1])
        compare.set_pair(
            tile("a", heat([[0, 0, 0, 9]], frame=None), image=None),
            tile("b", heat([[9, 0, 9, 9]], frame=None), image=None),
        )
        compare._split = 0.5
        low, high = (tuple(colormaps.table("inferno")[end]) for end in (0, -1))
        assert color(compare.over, 0.2, 0.3) == low
        assert color(compare.over, 0.2, 2.7) == high

    def test_blink_takes_turns_and_space_stops_it(self, compare, qtbot):
        compare.set_mode(Mode.BLINK)
        assert compare._timer.isActive()
        qtbot.keyClick(compare, Qt.Key.Key_Space)
        assert not compare._timer.isActive()
        assert compare._showing_second
        compare.set_mode(Mode.SIDES)
        assert not compare._timer.isActive()

    def test_by_rank_both_count_the_same_and_the_legend_says_so(self, compare):
        """Truth: of 0 2 4 and 0 4 8 the ranks are 0, 1/3 and 2/3 alike."""
        compare.set_norm(Norm.RANK)
        assert "rank" in compare.legend.toolTip()
        values = [side.tile.result.values.tolist() for side in compare.sides]
        assert values[0] == values[1] == [[0, 1 / 3, 2 / 3]]
        compare.set_norm(Norm.RAW)
        assert compare.sides[1].tile.result.values.tolist() == [[0, 4, 8]]

    def test_difference_is_second_minus_first(self, compare):
        compare.set_mode(Mode.DIFFERENCE)
        shown = compare.difference.result
        np.testing.assert_array_equal(shown.values, [[0, 2, 4]])
        assert shown.signed
        assert shown.unit == "difference, score"


def test_difference_of_other_sizes_is_taken_on_the_coarser_grid():
    fine = tile("a", heat([[0.0, 2.0, 4.0, 6.0]]))
    coarse = tile("b", heat([[2, 2]], unit="other"))
    result = differences.difference(fine, coarse)
    np.testing.assert_allclose(result.values, [[1, -3]])
    assert result.frame is Frame.PHOTO
    assert "other" in result.unit


def test_difference_of_pictures_is_that_of_their_brightness():
    dark, light = (
        tile("", ColorImage(pixels=np.full((2, 2, 3), value, np.float32)))
        for value in (0.25, 0.75)
    )
    np.testing.assert_allclose(differences.difference(dark, light).values, 0.5)


def test_values_outside_the_networks_input_are_not_made_up(make_heat, photo):
    # The input is the middle 40 of 60 columns.
    one = Tile("", "", make_heat([[1, 2]]), photo)
    assert value_at(one, (0.5, 0.05)) == ""
    assert value_at(one, (0.5, 0.3)) == "1 activation"


class TestBoard:
    @pytest.fixture
    def board(self, qtbot):
        view = BoardView()
        qtbot.addWidget(view)
        view.resize(900, 600)
        view.show()
        tiles = [
            tile("a", heat([[0, 1]]), "one"),
            tile("b", heat([[0, 2]]), "one"),
            tile("a", heat([[0, 4]]), "two"),
            tile("b", heat(np.zeros((1, 2))), "two"),
        ]

        def paint():
            view.show_sheet(paint_sheet(tiles, view.chosen_lock()))

        view.repaint_wanted.connect(paint)
        paint()
        return view

    def test_raw_ranges_stand_under_each_tile(self, board):
        words = [side.words.text() for side in board.sides]
        assert words == [
            "0 … 1",
            "0 … 2",
            "0 … 4",
            "all values are 0",
        ]

    def test_the_colors_range_is_said_beside_the_raw_one(self, board):
        assert board.sides[0].words.toolTip() == "0 … 1 score\ncolors span 0 … 4"
        board.set_lock(Lock.TILE)
        assert board.sides[0].words.toolTip() == "0 … 1 score\ncolors span 0 … 1"

    def test_pointing_at_one_reads_all(self, board, qtbot):
        with qtbot.waitSignal(board.hovered) as caught:
            board.sides[0].pointed.emit((0.5, 0.75))
        assert caught.args == ["x 45  y 20 px  ·  90  90  90  ·  one a: 1 score"]
        assert [side.words.text() for side in board.sides][1:3] == [
            "2 score",
            "4 score",
        ]
        board.sides[0].pointed.emit(None)
        assert board.sides[1].words.text() == "0 … 2"

    def test_the_scale_is_locked_as_chosen(self, board):
        assert board.chosen_lock() is Lock.BOARD
        assert "0 – 4" in board.legend.toolTip()
        board.set_lock(Lock.ROW)
        assert board.chosen_lock() is Lock.ROW
        assert "one scale per row" in board.legend.toolTip()

    def test_all_have_one_zoom(self, board):
        board.sides[0].canvas.state.set(2.0, (0.5, 0.5))
        assert {each.canvas.viewport().magnification for each in board.sides} == {2}

    def test_a_click_tells_which(self, board, qtbot):
        canvas = board.sides[2].canvas
        with qtbot.waitSignal(board.tile_chosen) as caught:
            qtbot.mouseClick(
                canvas,
                Qt.MouseButton.LeftButton,
                pos=QPoint(canvas.width() // 2, canvas.height() // 2),
            )
        assert caught.args == [2]

    def test_canvases_stay_for_new_results_under_the_same_headings(self, board):
        before = list(board.sides)
        board.show_sheet(paint_sheet(board.tiles, Lock.BOARD))
        assert board.sides == before
        board.show_sheet(paint_sheet(board.tiles[:3], Lock.BOARD))
        assert len(board.sides) == 3

    def test_agreement_is_shown_where_asked(self, board):
        assert board._agreements[1].text() == "ρ 1.00 · top 1.00"
        board.agreeing.setChecked(False)
        assert not board._agreements[1].isVisible()

    @pytest.mark.parametrize(
        ("size", "across"), [((1400, 420), 8), ((600, 900), 3), ((900, 700), 4)]
    )
    def test_rows_take_as_many_lines_as_make_the_tiles_largest(
        self, qtbot, size, across
    ):
        """Truth: by hand, for 8 square maps beside headings of 104 px.

        In 600 x 900 px three across are 160 px wide, and of four lines of two each has
        but 128 px.  In 900 x 700 four across are 199 px wide; three lines leave 136 px.
        """
        view = BoardView()
        qtbot.addWidget(view)
        view.resize(*size)
        view.show()
        square = image_from_array(np.full((60, 60, 3), 90, np.uint8), "square")
        tiles = [tile(str(n), heat([[0, n]]), image=square) for n in range(8)]
        view.show_sheet(paint_sheet(tiles, Lock.BOARD))
        lines = -(-8 // across)

        def tops():
            return len({side.geometry().top() for side in view.sides})

        room = (size[0] - 104) / across - 30
        qtbot.waitUntil(lambda: tops() == lines and view.sides[0].width() > room)


def test_the_pixel_below_the_cursor_is_told_beside_the_maps_values():
    """Truth: pixel (2, 3) of a 4 x 6 image is 10, 20, 30, written there by hand."""
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[2, 3] = 10, 20, 30
    image = image_from_array(pixels, "cat.png")
    assert pixel_at(image, (0.5, 0.5)) == "x 3  y 2 px  ·  10  20  30"
    assert pixel_at(image, (1.0, 1.0)).startswith("x 5  y 3 px")  # at the very edge
    assert pixel_at(None, (0.5, 0.5)) == ""
