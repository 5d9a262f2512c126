"""The graph of a network under mouse and keys; the graph is written by hand."""

import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.base.results import Diagram, DiagramEdge, DiagramNode
from nnviz.gui.views.results.diagram import DiagramView
from nnviz.render import figures

BLOCK = Diagram(
    nodes=(
        DiagramNode(name="input", title="Input", kind="input"),
        DiagramNode(
            name="stem.conv", title="Conv2d", kind="convolution", layer="stem.conv"
        ),
        DiagramNode(name="stem.relu", title="ReLU", layer="stem.relu"),
        DiagramNode(name="output", title="Output", kind="output"),
    ),
    edges=tuple(DiagramEdge(source=i, target=i + 1, label="3") for i in range(3)),
    groups={"stem": "Sequential"},
)


@pytest.fixture
def view(qtbot):
    view = DiagramView()
    qtbot.addWidget(view)
    view.resize(500, 600)
    view.show()
    view.show_result(BLOCK, None)
    return view


def place_of(view, name):
    """The middle of a box's top line in the canvas, px."""
    box = next(box for box in view.canvas.drawing.boxes if box.name == name)
    at = view.canvas._to_widget(box.left + box.width / 2, box.top + 8)
    return QPoint(round(at.x()), round(at.y()))


def names(view):
    return {box.name for box in view.canvas.drawing.boxes}


def test_a_click_chooses_the_layer(view, qtbot):
    with qtbot.waitSignal(view.layer_chosen) as chosen:
        qtbot.mouseClick(
            view.canvas, Qt.MouseButton.LeftButton, pos=place_of(view, "stem.conv")
        )
    assert chosen.args == ["stem.conv"]


def test_a_double_click_closes_a_group_and_opens_it_again(view, qtbot):
    assert "stem.conv" in names(view)
    left = Qt.MouseButton.LeftButton
    qtbot.mouseDClick(view.canvas, left, pos=place_of(view, "stem"))
    assert names(view) == {"input", "stem", "output"}
    qtbot.mouseDClick(view.canvas, left, pos=place_of(view, "stem"))
    assert "stem.conv" in names(view)


def test_all_are_closed_and_opened_by_the_buttons(view, qtbot):
    qtbot.mouseClick(view.collapse, Qt.MouseButton.LeftButton)
    assert "stem.relu" not in names(view)
    qtbot.mouseClick(view.expand, Qt.MouseButton.LeftButton)
    assert "stem.relu" in names(view)


def test_a_figure_has_the_boxes_open_that_are_open_on_the_screen(view, qtbot):
    """Truth: the words of the SVG: a closed box hides the titles of what is in it."""
    assert "ReLU" in figures.write(BLOCK, None, "svg", view.figure_look()).decode()
    qtbot.mouseClick(view.collapse, Qt.MouseButton.LeftButton)
    assert view.figure_look() == frozenset()
    assert "ReLU" not in figures.write(BLOCK, None, "svg", view.figure_look()).decode()


def test_a_layer_in_the_middle_stays_there_as_the_view_grows(view):
    """Chosen while the view is still small, as in a result's first moment."""
    view.canvas._zoom_at(3.0, view.canvas.rect().center().toPointF())
    view.resize(300, 120)
    view.canvas.select("output")
    before = place_of(view, "output") - view.canvas.rect().center()
    view.resize(700, 800)
    after = place_of(view, "output") - view.canvas.rect().center()
    assert (after - before).manhattanLength() <= 2


def test_a_layer_chosen_elsewhere_is_opened_and_brought_into_sight(view, qtbot):
    qtbot.mouseClick(view.collapse, Qt.MouseButton.LeftButton)
    view.select_layer("stem.relu")
    assert "stem.relu" in names(view)
    assert view.canvas.rect().contains(place_of(view, "stem.relu"))


def test_search_opens_what_it_finds(view, qtbot):
    qtbot.mouseClick(view.collapse, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(view.search, "relu")
    assert "stem.relu" in names(view)


def test_what_is_under_the_cursor_is_told(view, qtbot):
    with qtbot.waitSignal(view.hovered, check_params_cb=bool) as told:
        qtbot.mouseMove(view.canvas, place_of(view, "stem.conv"))
    assert told.args == ["stem.conv  ·  Conv2d"]


def test_dragging_and_keys_pan_and_zero_fits(view, qtbot):
    before = place_of(view, "input")
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
    assert place_of(view, "input").y() < before.y()
    qtbot.keyClick(view.canvas, Qt.Key.Key_0)
    assert place_of(view, "input") == before
