"""Layered graph drawing; the truths are the aesthetics of Sugiyama et al. 1981."""

from itertools import combinations

import numpy as np
import pytest

from nnviz.base.results import Diagram, DiagramEdge, DiagramNode
from nnviz.render.drawings.diagram_parts import HEADER, Box
from nnviz.render.drawings.diagrams import HEAD, head_of
from nnviz.render.drawings.graph_layout import DiagramLayout


def diagram(names: str, arrows: str, groups: str = "") -> Diagram:
    """A graph written as "a b c" and "a>b b>c"."""
    nodes = names.split()
    ends = [each.split(">") for each in arrows.split()]
    return Diagram(
        nodes=tuple(DiagramNode(name=name, title=name) for name in nodes),
        edges=tuple(
            DiagramEdge(source=nodes.index(a), target=nodes.index(b), label="8")
            for a, b in ends
        ),
        groups=dict.fromkeys(groups.split(), "Block"),
    )


RESIDUAL = diagram(
    "in s.conv s.relu s.conv2 s.add out",
    "in>s.conv s.conv>s.relu s.relu>s.conv2 s.conv2>s.add in>s.add s.add>out",
    "s",
)


def boxes_of(layout: DiagramLayout, *opened: str) -> dict[str, Box]:
    return {box.name: box for box in layout.draw(opened).boxes}


def overlaps(first: Box, second: Box) -> bool:
    apart = (
        first.left + first.width <= second.left
        or second.left + second.width <= first.left
        or first.top + first.height <= second.top
        or second.top + second.height <= first.top
    )
    return not apart


def test_a_closed_group_is_one_box_between_what_leads_to_it_and_from_it() -> None:
    boxes = boxes_of(DiagramLayout(RESIDUAL))
    assert set(boxes) == {"in", "s", "out"}
    assert boxes["in"].top < boxes["s"].top < boxes["out"].top


def test_arrows_point_down_and_members_lie_in_their_group() -> None:
    layout = DiagramLayout(RESIDUAL)
    boxes = boxes_of(layout, "s")
    for edge in RESIDUAL.edges:
        source = boxes[RESIDUAL.nodes[edge.source].name]
        target = boxes[RESIDUAL.nodes[edge.target].name]
        assert source.top + source.height <= target.top
    group = boxes["s"]
    for name in ("s.conv", "s.relu", "s.conv2", "s.add"):
        member = boxes[name]
        assert group.left < member.left
        assert member.left + member.width < group.left + group.width
        assert group.top + HEADER <= member.top
        assert member.top + member.height < group.top + group.height


def test_nothing_overlaps_but_groups_and_their_members() -> None:
    layout = DiagramLayout(RESIDUAL)
    boxes = boxes_of(layout, "s").values()
    for first, second in combinations(boxes, 2):
        nested = second.name.startswith(first.name + ".")
        assert nested or not overlaps(first, second), (first.name, second.name)


def test_a_chain_is_drawn_straight() -> None:
    layout = DiagramLayout(diagram("a b c d", "a>b b>c c>d"))
    middles = {box.left + box.width / 2 for box in layout.draw().boxes}
    assert max(middles) - min(middles) < 1e-6


def test_a_skip_passes_beside_the_boxes_between() -> None:
    """The arrow from the top of the block to its sum crosses no other box."""
    layout = DiagramLayout(RESIDUAL)
    drawing = layout.draw(["s"])
    inner = [box for box in drawing.boxes if box.depth == 1]
    for route in drawing.routes:
        for (x0, y0), (x1, y1) in zip(route.points, route.points[1:], strict=False):
            if x0 != x1:
                continue
            low, high = sorted((y0, y1))
            for box in inner:
                across = box.left + 1 < x0 < box.left + box.width - 1
                along = low < box.top + box.height - 1 and high > box.top + 1
                assert not (across and along), (route, box.name)


def test_two_crossed_pairs_are_untangled() -> None:
    """a>d and b>c: the second row is turned round, so that nothing crosses."""
    layout = DiagramLayout(diagram("a b c d", "a>d b>c"))
    boxes = boxes_of(layout)
    left, right = sorted(("a", "b"), key=lambda name: boxes[name].left)
    below = {"a": "d", "b": "c"}
    assert boxes[below[left]].left < boxes[below[right]].left


def test_arrows_that_cross_a_border_go_through_ports() -> None:
    drawing = DiagramLayout(RESIDUAL).draw(["s"])
    group = next(box for box in drawing.boxes if box.name == "s")
    ends = [route.points[-1] for route in drawing.routes if not route.head]
    bottom = group.top + group.height
    assert [y for _, y in ends] == pytest.approx([bottom])


def test_a_group_that_is_run_twice_has_an_arrow_back() -> None:
    """A head shared by two levels: computed, left, and entered again."""
    shared = diagram("h.a x h.b", "h.a>x x>h.b", "h")
    drawing = DiagramLayout(shared).draw()
    assert {box.name for box in drawing.boxes} == {"h", "x"}
    assert len(drawing.routes) == 2


def test_outer_groups_open_first() -> None:
    nested = diagram("a.b.c a.b.d e", "a.b.c>a.b.d a.b.d>e", "a a.b")
    layout = DiagramLayout(nested)
    assert layout.top_groups(1) == frozenset()
    assert layout.top_groups(3) == {"a"}
    assert layout.top_groups(9) == {"a", "a.b"}
    assert layout.size_of("a") == 2


def test_the_innermost_box_is_found_at_a_point() -> None:
    drawing = DiagramLayout(RESIDUAL).draw(["s"])
    box = next(each for each in drawing.boxes if each.name == "s.relu")
    found = drawing.box_at(box.left + 1, box.top + 1)
    assert found is not None
    assert found.name == "s.relu"
    assert drawing.box_at(-5, -5) is None


def test_a_diagram_is_kept_as_arrays() -> None:
    arrays = RESIDUAL.arrays()
    assert arrays[""].dtype == np.int64
    assert arrays[""].tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [0, 4], [4, 5]]
    assert arrays["names"][1] == "s.conv"


def test_nodes_with_cells_stand_in_columns_from_left_to_right():
    """A network unrolled over two steps: time goes right, values go up."""
    cells = {"x1": (0, 1), "h1": (0, 0), "x2": (1, 1), "h2": (1, 0)}
    names = list(cells)
    ends = [(0, 1), (2, 3), (1, 3)]
    unrolled = Diagram(
        nodes=tuple(
            DiagramNode(name=name, title=name, cell=cell)
            for name, cell in cells.items()
        ),
        edges=tuple(DiagramEdge(source=a, target=b, label="W") for a, b in ends),
    )
    drawing = DiagramLayout(unrolled).draw()
    boxes = dict(zip(names, drawing.boxes, strict=True))
    assert boxes["x1"].left == boxes["h1"].left < boxes["x2"].left
    assert boxes["h1"].top == boxes["h2"].top < boxes["x1"].top
    up, _, right = drawing.routes
    (x0, y0), (x1, y1) = up.points
    assert x0 == x1
    assert y0 == boxes["x1"].top > y1 == boxes["h1"].top + boxes["h1"].height
    (x0, y0), (x1, y1) = right.points
    assert y0 == y1
    assert x0 == boxes["h1"].left + boxes["h1"].width < x1 == boxes["h2"].left
    # The arrow's head lies before its point, on either side of the line.
    assert head_of(right.points)[1:] == ((x1 - HEAD, y1 - 3), (x1 - HEAD, y1 + 3))
