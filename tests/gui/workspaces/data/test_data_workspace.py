"""The Data workspace: opening, filtering, sending images elsewhere.

Truth: the columns of the synthetic index, and what each gesture says it does.
"""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from nnviz.gui.state.modes import BOARD
from nnviz.gui.workspaces.data.workspace import DATA


@pytest.fixture
def panels(room):
    return room.stage.rooms["data"]


def test_an_empty_workspace_says_what_to_do(window):
    window.enter(DATA)
    page = window.stage.center.page("wall")
    assert page.opening.isVisible()
    assert "Drop a folder" in page.opening.words.text()
    assert not page.content.isVisible()


def test_a_dropped_index_is_opened_where_it_is_seen(window, index_folder):
    window.app.open_files([index_folder])
    assert window.workspace is DATA
    assert window.app.datasets.dataset.count == 600
    assert window.stage.center.mode == "wall"


def test_what_is_no_index_says_why(window, tmp_path):
    told = []
    window.app.messages.noticed.connect(told.append)
    window.enter(DATA)
    window.app.datasets.open(str(tmp_path))
    assert window.app.datasets.dataset is None
    assert "is not an index" in told[-1].text


def test_filters_reach_the_wall(room, panels):
    """Truth: the wrong answers among the records of class 1, counted by numpy."""
    columns = room.app.datasets.dataset.columns
    panels.filters.label.setCurrentIndex(panels.filters.label.findData(1))
    panels.filters.label.activated.emit(panels.filters.label.currentIndex())
    panels.filters.answers.setCurrentIndex(panels.filters.answers.findData(False))
    panels.filters.answers.activated.emit(panels.filters.answers.currentIndex())
    wrong = (columns["label"] == 1) & (columns["predicted"] != 1)
    grid = room.stage.center.page("wall").content.grid
    assert grid.order.tolist() == np.flatnonzero(wrong).tolist()
    panels.filters.reset.click()
    assert len(grid.order) == 600
    assert panels.filters.label.currentData() == -1


def test_the_selected_record_is_described(room, panels):
    room.app.datasets.selection.set_current(5)
    dataset = room.app.datasets.dataset
    label = dataset.index.class_names[dataset.columns["label"][5]]
    assert label in panels.record.words.text()
    assert panels.record.title.text().replace("\u200b", "") == "00000005.jpg"


def test_the_selection_is_kept_while_filters_change(room):
    chosen = room.app.datasets.selection
    chosen.select(np.array([1, 2, 400]))
    room.app.datasets.change(label=0)
    room.app.datasets.change(label=3)
    assert chosen.records().tolist() == [1, 2, 400]


def test_images_open_in_other_workspaces(room):
    """Truth: the tray holds the selected files, and the other workspace is entered."""
    room.app.datasets.selection.select(np.array([4, 8]))
    room.app.datasets.selection.set_current(8)
    room.stage.rooms["data"].record.rooms[1].click()
    assert room.workspace.name == "explain"
    dataset = room.app.datasets.dataset
    assert room.app.images.paths == (dataset.path(8), dataset.path(4))


def test_explain_these_makes_a_board(room, fake):
    """Truth: one map asked for each ticked method and selected image."""
    room.app.open_model("fake:net")
    room.app.datasets.selection.select(np.array([4, 8]))
    room.stage.center.page("wall").content.explain.click()
    assert room.stage.center.mode == BOARD
    images = {request.image.path for place, request in fake.asked if place == "board"}
    dataset = room.app.datasets.dataset
    assert images == {dataset.path(4), dataset.path(8)}


def test_a_folder_dropped_elsewhere_is_images_as_before(window, tmp_path):
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    window.app.open_files([str(tmp_path)])
    assert window.app.images.paths == (str(tmp_path / "one.png"),)
    assert window.workspace.name == "inspect"


def test_everything_can_be_reached_with_tab(room):
    """Truth: each control of the filters takes the keyboard, and has a name."""
    panel = room.stage.rooms["data"].filters
    named = [panel.text, panel.label, panel.predicted, panel.answers, panel.split,
             panel.least, panel.most, panel.sort, panel.descending]  # fmt: skip
    for each in named:
        assert each.accessibleName()
        assert each.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_return_opens_the_image(room):
    grid = room.stage.center.page("wall").content.grid
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert room.workspace.name == "inspect"
    assert room.app.images.current == room.app.datasets.dataset.path(0)
