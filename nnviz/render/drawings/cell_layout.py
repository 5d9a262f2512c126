"""Grid layout of a diagram whose nodes name their cells (column, row)."""

from collections.abc import Sequence

from nnviz.base.results import Diagram
from nnviz.render.drawings.diagram_parts import LINE, Box, Drawing, Point, Route

Size = tuple[float, float]
"""Width and height, px."""
_PADDING, _COLUMN_GAP, _ROW_GAP = 12.0, 36.0, 38.0


def draw_on_cells(
    diagram: Diagram, sizes: Sequence[Size], labels: Sequence[float]
) -> Drawing:
    """Lay out a diagram whose nodes all have a cell.

    Args:
        diagram: without groups.
        sizes: of each node's box.
        labels: width of each arrow's label, px.
    """
    cells = [node.cell or (0, 0) for node in diagram.nodes]
    gap = max([_COLUMN_GAP, *(width + LINE for width in labels if width)])
    lefts, width = _spans([c for c, _ in cells], [w for w, _ in sizes], gap)
    tops, height = _spans([r for _, r in cells], [h for _, h in sizes], _ROW_GAP)
    boxes = tuple(
        Box(
            node.name,
            lefts[column] + (_span(lefts, width, column, gap) - wide) / 2,
            tops[row] + (_span(tops, height, row, _ROW_GAP) - high) / 2,
            wide,
            high,
            node=index,
        )
        for index, (node, (column, row), (wide, high)) in enumerate(
            zip(diagram.nodes, cells, sizes, strict=True)
        )
    )
    routes = tuple(
        Route(
            _ends(boxes[edge.source], boxes[edge.target]),
            edge.label,
            named=bool(edge.label),
        )
        for edge in diagram.edges
    )
    return Drawing(width, height, boxes, routes)


def _spans(
    indices: Sequence[int], sizes: Sequence[float], gap: float
) -> tuple[list[float], float]:
    """Return the start of each column (or row), and their total size, px."""
    largest = [0.0] * (max(indices) + 1)
    for index, size in zip(indices, sizes, strict=True):
        largest[index] = max(largest[index], size)
    starts, at = [], _PADDING
    for size in largest:
        starts.append(at)
        at += size + gap
    return starts, at - gap + _PADDING


def _span(starts: Sequence[float], whole: float, index: int, gap: float) -> float:
    """Return the size of a column or row, px."""
    if index + 1 == len(starts):
        return whole - _PADDING - starts[index]
    return starts[index + 1] - starts[index] - gap


def _ends(source: Box, target: Box) -> tuple[Point, Point]:
    """Return the end points of an arrow between the facing sides of two boxes."""
    x, y = _middle(source)
    u, v = _middle(target)
    if target.left >= source.left + source.width:
        return (source.left + source.width, y), (target.left, v)
    if source.left >= target.left + target.width:
        return (source.left, y), (target.left + target.width, v)
    if v < y:
        return (x, source.top), (u, target.top + target.height)
    return (x, source.top + source.height), (u, target.top)


def _middle(box: Box) -> Point:
    return box.left + box.width / 2, box.top + box.height / 2
