"""The wall: where cells lie, what clicks, keys and rubber bands select.

Truth: cells counted by hand on a grid of known size.
"""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from nnviz.gui.views.canvas.layers import array_of
from nnviz.gui.views.dataset.grid_geometry import GridGeometry
from nnviz.render.dataset.thumbnail_rows import RowLayout, paint_row

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def test_cells_by_hand():
    """A view of 100 x 50 px: 3 cells of 30 px with a gap of 2 in a row."""
    grid = GridGeometry(count=7, side=30, gap=2, width=100, height=50)
    assert (grid.columns, grid.rows, grid.pitch) == (3, 3, 32)
    assert grid.deepest == 3 * 32 - 2 - 50
    assert list(grid.visible(0)) == [0, 1]
    assert list(grid.visible(40)) == [1, 2]
    assert grid.corner(4) == (32, 32)
    assert grid.place_at(33, 33) == 4
    assert grid.place_at(31, 33) == -1  # in the gap
    assert grid.place_at(33, 65) == -1  # row 2 holds but one
    assert grid.places_within(33, 0, 99, 40).tolist() == [1, 2, 4, 5]
    assert grid.offset_showing(6, 0) == 64 + 30 - 50
    assert grid.offset_showing(0, 40) == 0


@pytest.mark.parametrize("width", [17, 100, 333, 1440])
def test_fitted_cells_fill_the_width(width):
    """Truth: what is left of a row is less than one px a column."""
    grid = GridGeometry.fitted(1000, 24, 2, (width, 100))
    used = grid.columns * grid.pitch - grid.gap
    assert grid.side >= 24
    assert width - used < grid.columns or width < 24


def test_a_million_rows_fit_the_scroll_bar():
    """Truth: Qt's scroll bars count in 32 bits."""
    assert GridGeometry(10**6, 320, 2, 400, 900).deepest < 2**31


def test_a_row_holds_each_thumbnail_where_it_belongs():
    """Truth: tiles of one color each, shrunk and grown."""
    tiles = np.zeros((3, 16, 16, 3), np.uint8)
    tiles[0, ..., 0], tiles[1, ..., 1], tiles[2, ..., 2] = 200, 150, 100
    for side in (5, 16, 40):
        row = paint_row(tiles, RowLayout(side, 2, 4 * (side + 2)), (9, 9, 9))
        assert row.shape == (side + 2, 4 * (side + 2), 3)
        for n in range(3):
            left = n * (side + 2)
            cell = row[:side, left : left + side]
            assert (cell == tiles[n, 0, 0]).all()
            assert (row[:, left + side : left + side + 2] == 9).all()
        assert (row[:, 3 * (side + 2) :] == 9).all()


@pytest.fixture
def grid(room, qtbot):
    """The wall of the window, laid out, with its first rows painted."""
    wall = room.stage.center.page("wall").content.grid
    room.show()
    qtbot.waitUntil(lambda: wall.covered and len(wall.order) == 600)
    return wall


def middle(grid, place):
    left, top = grid._geometry.corner(place)
    half = grid._geometry.side // 2
    return QPoint(left + half, top + half - grid._offset)


def click(grid, place, modifiers=Qt.KeyboardModifier.NoModifier):
    QTest.mouseClick(grid.viewport(), LEFT, modifiers, middle(grid, place))


def test_clicks_select_one_a_range_and_one_more(grid, room):
    chosen = room.app.datasets.selection
    click(grid, 3)
    assert chosen.records().tolist() == [3]
    assert chosen.current == 3
    click(grid, 6, SHIFT)
    assert chosen.records().tolist() == [3, 4, 5, 6]
    click(grid, 9, CONTROL)
    click(grid, 4, CONTROL)
    assert chosen.records().tolist() == [3, 5, 6, 9]
    click(grid, 5)
    assert chosen.records().tolist() == [5]


def test_pulling_draws_a_rubber_band(grid, room):
    """Truth: the rectangle of places 0 to 1 in rows 0 to 1."""
    view, columns = grid.viewport(), grid._geometry.columns
    QTest.mousePress(view, LEFT, pos=middle(grid, 0))
    QTest.mouseMove(view, middle(grid, columns))
    QTest.mouseMove(view, middle(grid, columns + 1))
    chosen = room.app.datasets.selection
    assert chosen.records().tolist() == [0, 1, columns, columns + 1]
    QTest.mouseRelease(view, LEFT, pos=middle(grid, columns + 1))
    assert chosen.count == 4


def test_pulling_a_selected_record_drags_its_files(grid, room, monkeypatch):
    """Truth: the paths of the selected records, as files of any program."""
    taken = []
    monkeypatch.setattr(
        "nnviz.gui.workspaces.data.record_grid.QDrag",
        type("Drag", (), {
            "__init__": lambda _self, _: None,
            "setMimeData": lambda _self, data: taken.extend(data.urls()),
            "setPixmap": lambda _self, _: None,
            "exec": lambda _self, _: None,
        }),
    )  # fmt: skip
    click(grid, 2)
    click(grid, 3, SHIFT)
    QTest.mousePress(grid.viewport(), LEFT, pos=middle(grid, 2))
    QTest.mouseMove(grid.viewport(), middle(grid, 4))
    QTest.mouseMove(grid.viewport(), middle(grid, 5))
    QTest.mouseRelease(grid.viewport(), LEFT, pos=middle(grid, 5))
    dataset = room.app.datasets.dataset
    assert [url.toLocalFile() for url in taken] == [dataset.path(2), dataset.path(3)]
    assert room.app.datasets.selection.records().tolist() == [2, 3]


def test_keys_walk_and_extend(grid, room):
    chosen, columns = room.app.datasets.selection, grid._geometry.columns
    grid.setFocus()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(grid, key)
    assert chosen.records().tolist() == [columns + 1]
    QTest.keyClick(grid, Qt.Key.Key_Right, SHIFT)
    assert chosen.records().tolist() == [columns + 1, columns + 2]
    QTest.keyClick(grid, Qt.Key.Key_End)
    assert chosen.records().tolist() == [599]
    assert grid._geometry.rows - 1 in grid._geometry.visible(grid._offset)
    QTest.keyClick(grid, Qt.Key.Key_A, CONTROL)
    assert chosen.count == 600
    assert "class 2" in grid.accessibleDescription() or grid.accessibleDescription()


def test_page_keys_are_the_walls_while_it_has_them(grid, room, qtbot):
    """Truth: PgDown is the shortcut of another command elsewhere."""
    room.activateWindow()
    grid.setFocus()
    qtbot.waitUntil(grid.hasFocus)
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_PageDown)
    page = grid._geometry.rows_in_view * grid._geometry.columns
    assert room.app.datasets.selection.current == page


def test_the_middle_stays_while_thumbnails_grow(grid):
    """Truth: the row in the middle before holds the record in the middle after."""
    grid.verticalScrollBar().setValue(grid._geometry.deepest // 2)
    geometry = grid._geometry
    row = (grid._offset + geometry.height // 2) // geometry.pitch
    before = set(range(row * geometry.columns, (row + 1) * geometry.columns))
    grid.set_side(150)
    geometry = grid._geometry
    seen = geometry.visible(grid._offset)
    after = range(seen.start * geometry.columns, seen.stop * geometry.columns)
    assert before & set(after)


def test_the_memory_of_painted_rows_is_bounded(grid, monkeypatch):
    """Truth: the bound, and three screens of four bytes a pixel."""
    monkeypatch.setattr("nnviz.gui.views.dataset.thumbnail_grid._CACHE_BYTES", 1)
    grid.set_side(200)
    for offset in range(0, grid._geometry.deepest, 500):
        grid.verticalScrollBar().setValue(offset)
    screen = 4 * grid._geometry.width * (grid._geometry.height + 2 * 202)
    kept = sum(image.sizeInBytes() for image, _ in grid._rows.values())
    assert grid.covered
    assert kept <= 3 * screen


def test_a_wall_without_images_says_so(room):
    """Truth: pixels; a filter that nothing matches left an empty black page."""
    grid = room.stage.center.page("wall").content.grid
    grid.show_records(np.zeros(0, np.int64))
    grid.nothing = ""
    blank = array_of(grid.viewport().grab().toImage())
    grid.nothing = "No image matches the filters."
    assert (array_of(grid.viewport().grab().toImage()) != blank).any()
