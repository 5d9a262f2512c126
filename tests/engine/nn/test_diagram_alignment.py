"""Alignment of two graphs; truths are read off by hand, and off the paper's table."""

from xml.etree import ElementTree as ET

import numpy as np
from torchvision import models

from nnviz.base.kinds.diagram_alignment import DiagramComparison, Verdict
from nnviz.base.results import Diagram, DiagramEdge, DiagramNode
from nnviz.engine.nn.shapes.graph import operation_graph
from nnviz.render.drawings.diagram_pairs import MARK_COLORS, paint_pair, svg_pair


def chain(*words: str) -> Diagram:
    """A chain of nodes, each "name title detail"."""
    parts = [(*word.split(" ", 2), "", "")[:3] for word in words]
    nodes = tuple(
        DiagramNode(name=name, title=title, detail=detail, kind="other")
        for name, title, detail in parts
    )
    edges = tuple(
        DiagramEdge(source=i, target=i + 1, label="8") for i in range(len(nodes) - 1)
    )
    groups = {"a": "Sequential"} if any(n.name.startswith("a.") for n in nodes) else {}
    return Diagram(nodes=nodes, edges=edges, groups=groups)


FIRST = chain("a.0 Conv2d 3 × 3", "a.1 ReLU", "head Linear 8 → 5")
SECOND = chain(
    "a.0 Conv2d 5 × 5", "a.1 ReLU", "a.2 Dropout", "head Linear 8 → 5", "out Softmax"
)


def test_what_is_changed_and_what_only_one_has() -> None:
    found = DiagramComparison.of(FIRST, SECOND)
    assert [(p.first, p.second, p.verdict) for p in found.pairs] == [
        (0, 0, Verdict.CHANGED),
        (1, 1, Verdict.SAME),
        (None, 2, Verdict.SECOND),
        (2, 3, Verdict.SAME),
        (None, 4, Verdict.SECOND),
    ]
    assert found.marks(0) == {"a.0": Verdict.CHANGED, "a": Verdict.CHANGED}
    assert set(found.marks(1)) == {"a.0", "a.2", "out", "a"}
    assert found.counterpart(1, "head") == "head"
    assert found.counterpart(1, "a.2") == ""
    assert found.counterpart(0, "a") == "a"
    row = found.table().rows[0]
    assert row == ("changed", "a.0", "Conv2d 3 × 3", "8", "a.0", "Conv2d 5 × 5", "8")


def test_a_network_does_not_differ_from_itself() -> None:
    assert DiagramComparison.of(FIRST, FIRST).differences == ()


def test_resnet34_has_eight_blocks_more_than_resnet18() -> None:
    """He et al. 2015, table 1: 2, 2, 2, 2 blocks of two convolutions, or 3, 4, 6, 3."""
    graphs = [
        operation_graph(models.get_model(name, weights=None).eval(), 3, (64, 64))
        for name in ("resnet18", "resnet34")
    ]
    found = DiagramComparison.of(*graphs)
    assert found.counts()[Verdict.CHANGED] == found.counts()[Verdict.FIRST] == 0
    nodes = [graphs[1].nodes[p.second] for p in found.differences if p.second]
    assert sum(node.kind == "convolution" for node in nodes) == 2 * (16 - 8)
    marks = found.marks(1)
    blocks = [n for n in graphs[1].groups if marks.get(n) is Verdict.SECOND]
    counts = [sum(b.startswith(f"layer{i}.") for b in blocks) for i in range(1, 5)]
    assert counts == [1, 2, 4, 1]


def test_both_graphs_are_drawn_and_what_differs_is_framed() -> None:
    found = DiagramComparison.of(FIRST, SECOND)
    names = "one", "two"
    page = paint_pair(found, names, 500)
    assert page.dtype == np.uint8
    assert page.shape[1] == 500
    for place in (slice(0, 250), slice(250, 500)):
        half = page[:-40, place].reshape(-1, 3)
        assert MARK_COLORS[Verdict.CHANGED] in {tuple(each) for each in half}
    root = ET.fromstring(svg_pair(found, names))  # noqa: S314 -- our own
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"one", "two", "Dropout", "Softmax", "changed", "only here"} <= set(words)
