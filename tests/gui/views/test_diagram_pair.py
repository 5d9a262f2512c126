"""Two graphs side by side under mouse; the graphs are written by hand."""

import pytest
from PySide6.QtCore import Qt

from nnviz.base.results import Diagram, DiagramEdge, DiagramNode
from nnviz.gui.views.comparison.diagram_pair import DiagramPairView


def chain(*names: str) -> Diagram:
    """A chain of layers whose titles are their names."""
    nodes = tuple(DiagramNode(name=n, title=n, layer=n) for n in names)
    edges = tuple(DiagramEdge(source=i, target=i + 1) for i in range(len(nodes) - 1))
    return Diagram(nodes=nodes, edges=edges)


@pytest.fixture
def view(qtbot):
    view = DiagramPairView()
    qtbot.addWidget(view)
    view.resize(600, 500)
    view.show()
    view.set_pair(chain("conv", "head"), chain("conv", "drop", "head"))
    return view


def test_it_says_what_differs(view):
    assert "2 the same" in view.summary.text()
    assert "1 only on the right" in view.summary.text()


def test_a_layer_chosen_on_one_side_is_shown_on_the_other(view, qtbot):
    canvas = view.views[1].canvas
    box = next(box for box in canvas.drawing.boxes if box.name == "head")
    at = canvas._to_widget(box.left + 20, box.top + 8).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert view.views[0].canvas._chosen == "head"


def test_differences_are_gone_through(view, qtbot):
    qtbot.mouseClick(view.next, Qt.MouseButton.LeftButton)
    assert view.views[1].canvas._chosen == "drop"


def test_it_can_be_narrow(view):
    assert view.minimumSizeHint().width() < 400
