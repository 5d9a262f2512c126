"""Diagrams painted and written; the SVG is read back by an XML parser."""

from xml.etree import ElementTree as ET

import numpy as np

from nnviz.base.results import Diagram, DiagramEdge, DiagramNode
from nnviz.render.drawings import diagrams
from nnviz.render.drawings.graph_layout import DiagramLayout

SVG = "{http://www.w3.org/2000/svg}"
CHAIN = Diagram(
    nodes=(
        DiagramNode(name="input", title="Input", kind="input"),
        DiagramNode(name="conv", title="Conv2d", kind="convolution", detail="a < b"),
        DiagramNode(name="output", title="Output", kind="output"),
    ),
    edges=(
        DiagramEdge(source=0, target=1, label="3 × 8 × 8"),
        DiagramEdge(source=1, target=2, label="4 × 8 × 8"),
    ),
)


def test_a_page_has_the_width_asked_for_and_each_kind_s_color() -> None:
    page = diagrams.paint(CHAIN, 400)
    assert page.dtype == np.uint8
    assert page.shape[1:] == (400, 3)
    colors = {tuple(color) for color in page.reshape(-1, 3)}
    assert diagrams.KIND_COLORS["convolution"] in colors
    assert diagrams.KIND_COLORS["attention"] not in colors


def test_a_narrow_page_makes_the_drawing_smaller() -> None:
    assert diagrams.paint(CHAIN, 60).shape[1] == 60


def test_a_tall_graph_stands_in_columns() -> None:
    names = [f"layer{index}" for index in range(40)]
    tall = Diagram(
        nodes=tuple(DiagramNode(name=name, title=name) for name in names),
        edges=tuple(DiagramEdge(source=i, target=i + 1) for i in range(39)),
    )
    layout = DiagramLayout(tall)
    assert len(diagrams.paint(tall, 900)) < layout.draw().height / 3


def test_svg_is_well_formed_and_holds_all_words() -> None:
    layout = DiagramLayout(CHAIN)
    root = ET.fromstring(diagrams.svg(layout, layout.draw()))  # noqa: S314 -- our own
    words = [each.text for each in root.iter(f"{SVG}text")]
    drawn = ["Input", "Conv2d", "a < b", "Output", "3 × 8 × 8", "4 × 8 × 8"]
    assert words == [*drawn, "input", "output", "convolution"]
    assert len(list(root.iter(f"{SVG}path"))) == 2


def test_svg_text_needs_no_baseline_of_the_reader_s() -> None:
    """Truth: Inter's capitals are 0.727 of its size: half lies below the center."""
    layout = DiagramLayout(CHAIN)
    root = ET.fromstring(diagrams.svg(layout, layout.draw()))  # noqa: S314 -- our own
    box, title = next(root.iter(f"{SVG}rect")), next(root.iter(f"{SVG}text"))
    center = float(box.attrib["y"]) + float(box.attrib["height"]) / 2
    below = 0.727 / 2 * float(title.attrib["font-size"])
    assert abs(float(title.attrib["y"]) - center - below) <= 0.1
    assert "dominant-baseline" not in title.attrib


def test_every_kind_has_a_color() -> None:
    from nnviz.base.results import DIAGRAM_KINDS

    assert set(diagrams.KIND_COLORS) == set(DIAGRAM_KINDS)


def test_an_arrow_that_ends_twice_at_one_place_points_down() -> None:
    """By hand: the tip below, both other corners above it."""
    tip, *others = diagrams.head_of(((3.0, 0.0), (3.0, 9.0), (3.0, 9.0)))
    assert tip == (3.0, 9.0)
    assert all(y < 9.0 for _, y in others)
