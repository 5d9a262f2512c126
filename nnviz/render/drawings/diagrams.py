"""Diagrams (the graphs of networks) as images and as SVG."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from nnviz.base.results import DIAGRAM_KINDS, Diagram
from nnviz.render.drawings.diagram_parts import (
    DETAIL_SIZE,
    HEADER,
    LINE,
    TITLE_SIZE,
    Box,
    Drawing,
    Point,
    Route,
)
from nnviz.render.drawings.graph_layout import DiagramLayout
from nnviz.render.palette import SCREEN, Color, Ink
from nnviz.render.text import paragraphs as text
from nnviz.render.text.paragraphs import Canvas

KIND_COLORS: Mapping[str, Color] = MappingProxyType(
    {
        "input": (124, 134, 148),
        "output": (124, 134, 148),
        "convolution": (86, 180, 233),
        "linear": (64, 138, 210),
        "normalization": (150, 140, 220),
        "activation": (230, 159, 0),
        "pooling": (0, 158, 115),
        "attention": (204, 121, 167),
        "join": (213, 94, 0),
        "resize": (0, 158, 115),
        "reshape": (124, 134, 148),
        "other": (124, 134, 148),
    }
)
"""Colors of the strip at a box's left side, after Okabe & Ito, for color-blind readers;
the text in the box has the same information.
"""
GROUP_COLOR: Color = (124, 134, 148)
STRIP = 4.0
"""Width of the strip that shows the kind, px."""
RADIUS = 4.0
HEAD = 6.0
"""Length of an arrow's head, px."""
MARK = 2.5
"""Frame width of a marked box, px."""
_FINER = 2
"""Supersampling factor."""
BOXES = 48
"""A page opens outer groups until it shows about this many boxes."""
_LARGEST = 30_000
"""Height of the tallest page, px: taller ones are scaled down."""
_COLUMN_GAP, _COLUMN_HEIGHT = 24, 640
_FRAME, _SHADE = 0.5, 0.07
_HALF_CAPITAL = 0.364
"""Half the height of Inter's capitals, of the size of the text."""
_BEND = 0.5


def paint(
    diagram: Diagram,
    width: int,
    *,
    size: int = TITLE_SIZE,
    ink: Ink = SCREEN,
    opened: frozenset[str] | None = None,
    marks: Mapping[str, Color] = MappingProxyType({}),
) -> Canvas:
    """Paint a diagram with its legend.

    Args:
        diagram: a graph.
        width: of the image, px; larger drawings are scaled down.
        size: font size, px, where the drawing fits.
        ink: colors of background and text.
        opened: paths of the open groups; None for the outer ones.
        marks: frame colors by box name.

    Returns:
        uint8 (h, width, 3).
    """
    layout = DiagramLayout(diagram)
    drawing = layout.draw(layout.top_groups(BOXES) if opened is None else opened)
    scale = min(
        size / TITLE_SIZE, width / drawing.width, _LARGEST / max(1.0, drawing.height)
    )
    graph = _paint_graph(layout, drawing, scale, ink, marks)
    columns = _in_columns(graph, [y * scale for y in _breaks(drawing)], width, ink)
    legend = _legend(kinds_in(diagram), width, size - 1, ink)
    return np.concatenate([columns, legend])


def _breaks(drawing: Drawing) -> list[float]:
    """Return the heights at which a drawing can be cut between its outer boxes, px."""
    spans = sorted((b.top, b.top + b.height) for b in drawing.boxes if b.depth == 0)
    found: list[float] = []
    bottom = 0.0
    for top, low in spans:
        if found or bottom:
            found += [top - HEAD - 2] if top > bottom else []
        bottom = max(bottom, low)
    return found


def _in_columns(graph: Canvas, breaks: Sequence[float], width: int, ink: Ink) -> Canvas:
    """Split a tall drawing into columns, read left to right."""
    most = max(1, width // (graph.shape[1] + _COLUMN_GAP))
    count = min(most, -(-len(graph) // _COLUMN_HEIGHT), len(breaks) + 1)
    wanted = [len(graph) * place / count for place in range(1, count)]
    cuts = sorted({round(min(breaks, key=lambda y: abs(y - w))) for w in wanted})
    parts = [graph[a:b] for a, b in pairwise([0, *cuts, len(graph)])]
    page = text.sheet(max(map(len, parts)), width, ink.ground)
    step = width // len(parts)
    for index, part in enumerate(parts):
        left = index * step + (step - part.shape[1]) // 2
        page[: len(part), left : left + part.shape[1]] = part
    return page


def kinds_in(diagram: Diagram) -> tuple[str, ...]:
    """Return the kinds of nodes that occur, in the order of ``DIAGRAM_KINDS``."""
    found = {node.kind for node in diagram.nodes}
    return tuple(kind for kind in DIAGRAM_KINDS if kind in found)


def color_of(layout: DiagramLayout, box: Box) -> Color:
    """Return the color of a box's strip."""
    if box.group:
        return GROUP_COLOR
    return KIND_COLORS[layout.diagram.nodes[box.node].kind]


def words_in(layout: DiagramLayout, box: Box) -> tuple[str, str]:
    """Return title and second line of a box; the latter may be empty."""
    if not box.group:
        node = layout.diagram.nodes[box.node]
        return node.title, node.detail
    detail = layout.diagram.groups[box.name]
    title = box.name.rpartition(".")[2]
    return (title, detail) if box.opened else (title, layout.group_detail(box.name))


def bend(points: tuple[Point, ...]) -> Iterator[tuple[Point, Point, Point, Point]]:
    """Yield a route as cubic Bézier curves with vertical tangents at both ends.

    Each curve is a tuple of its end points with the two control points between.
    """
    for (x0, y0), (x1, y1) in pairwise(points):
        reach = (y1 - y0) * _BEND
        yield (x0, y0), (x0, y0 + reach), (x1, y1 - reach), (x1, y1)


def svg(layout: DiagramLayout, drawing: Drawing, ink: Ink = SCREEN) -> str:
    """Return a drawing with its legend as an SVG document.

    Text remains text; the background is transparent, for any slide.
    """
    body, height = svg_body(layout, drawing, ink)
    return svg_document(body, drawing.width, height)


def svg_document(body: Iterable[str], width: float, height: float) -> str:
    """Wrap elements as an SVG document of a size in px."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.1f} {height:.1f}" '
        'font-family="Inter, sans-serif">'
    )
    return "\n".join([head, *body, "</svg>"]) + "\n"


def svg_body(
    layout: DiagramLayout,
    drawing: Drawing,
    ink: Ink,
    marks: Mapping[str, Color] = MappingProxyType({}),
) -> tuple[list[str], float]:
    """Return a drawing with its legend as SVG elements, and their height, px.

    Args:
        layout: layout of the diagram.
        drawing: the drawing.
        ink: colors of text and lines.
        marks: frame colors by box name.
    """
    boxes = [
        line
        for box in drawing.boxes
        for line in _svg_box(layout, box, ink, marks.get(box.name))
    ]
    legend, height = _svg_legend(layout.diagram, drawing, ink)
    return [*boxes, *_svg_routes(drawing, ink), *legend], height


def svg_frame(left: float, top: float, color: Color) -> str:
    """Return the legend's sample of a marked frame, as SVG."""
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{DETAIL_SIZE}" '
        f'height="{DETAIL_SIZE}" fill="none" stroke="{_hex(color)}" '
        f'stroke-width="{MARK}"/>'
    )


def _svg_legend(
    diagram: Diagram, drawing: Drawing, ink: Ink
) -> tuple[list[str], float]:
    """Return the legend below a drawing as SVG elements, and its bottom, px."""
    lines: list[str] = []
    x, y = drawing.width, drawing.height
    for kind in kinds_in(diagram):
        room = text.width_of(kind, DETAIL_SIZE) + 3 * DETAIL_SIZE
        if x + room > drawing.width:
            x, y = float(DETAIL_SIZE), y + LINE
        middle = y - LINE / 2
        place = f'x="{x:.1f}" y="{middle - DETAIL_SIZE / 2:.1f}"'
        size = f'width="{DETAIL_SIZE / 2}" height="{DETAIL_SIZE}"'
        lines.append(f'<rect {place} {size} fill="{_hex(KIND_COLORS[kind])}"/>')
        lines.append(svg_text(kind, (x + DETAIL_SIZE, middle), ink))
        x += room
    return lines, y + LINE / 2


def _svg_box(
    layout: DiagramLayout, box: Box, ink: Ink, mark: Color | None
) -> Iterator[str]:
    color = color_of(layout, box)
    fill = mix(ink.ground, ink.text, _SHADE * (1 + (box.depth % 2) / 2))
    x, y = f"{box.left:.1f}", f"{box.top:.1f}"
    yield (
        f'<rect x="{x}" y="{y}" width="{box.width:.1f}" height="{box.height:.1f}" '
        f'rx="{RADIUS}" fill="{_hex(fill)}" stroke="{_hex(mark or ink.line)}" '
        f'stroke-width="{MARK if mark else 1}"/>'
    )
    strip = HEADER if box.opened else box.height
    yield (
        f'<rect x="{x}" y="{y}" width="{STRIP}" height="{strip:.1f}" rx="2" '
        f'fill="{_hex(color)}"/>'
    )
    for words, place, bold in placed_words(layout, box):
        yield svg_text(words, place, ink, bold=bold)


def svg_text(words: str, place: Point, ink: Ink, *, bold: bool = False) -> str:
    """Return a line of text as SVG, vertically centered at y.

    Its length is specified, so that text in another font still fits its box.  The
    baseline is too: not every reader of SVG knows ``dominant-baseline``.
    """
    size = TITLE_SIZE if bold else DETAIL_SIZE
    baseline = place[1] + _HALF_CAPITAL * size
    weight = ' font-weight="600"' if bold else ""
    tone = _hex(ink.text if bold else ink.quiet)
    length = text.width_of(words, size, bold=bold)
    return (
        f'<text x="{place[0]:.1f}" y="{baseline:.1f}" font-size="{size}"{weight} '
        f'textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs" '
        f'fill="{tone}">{escape(words)}</text>'
    )


def _svg_routes(drawing: Drawing, ink: Ink) -> Iterator[str]:
    color = _hex(mix(ink.ground, ink.text, _FRAME))
    for route in drawing.routes:
        x, y = route.points[0]
        path = f"M{x:.1f} {y:.1f}" + "".join(
            f"C{a:.1f} {b:.1f} {c:.1f} {d:.1f} {e:.1f} {f:.1f}"
            for _, (a, b), (c, d), (e, f) in bend(route.points)
        )
        title = f"<title>{escape(route.label)}</title>" if route.label else ""
        yield f'<path d="{path}" fill="none" stroke="{color}">{title}</path>'
        if route.named:
            yield svg_text(route.label, label_place(route.points), ink)
        if route.head:
            corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in head_of(route.points))
            yield f'<polygon points="{corners}" fill="{color}"/>'


def head_of(points: tuple[Point, ...]) -> tuple[Point, Point, Point]:
    """Return the corners of an arrowhead: vertical, or horizontal on a level line."""
    x, y = points[-1]
    # Routes may end in two identical points.
    x0, y0 = next((each for each in points[-2::-1] if each != (x, y)), (x, y - 1))
    if y == y0:
        back = x - HEAD if x > x0 else x + HEAD
        return (x, y), (back, y - HEAD / 2), (back, y + HEAD / 2)
    back = y - HEAD if y > y0 else y + HEAD
    return (x, y), (x - HEAD / 2, back), (x + HEAD / 2, back)


def placed_words(layout: DiagramLayout, box: Box) -> Iterator[tuple[str, Point, bool]]:
    """Yield each line of a box: text, position (x, middle y), whether bold."""
    title, detail = words_in(layout, box)
    left = box.left + STRIP + LINE / 2
    if box.opened:
        yield title, (left, box.top + HEADER / 2), True
        return
    middle = box.top + box.height / 2
    if not detail:
        yield title, (left, middle), True
        return
    yield title, (left, middle - LINE / 2), True
    yield detail, (left, middle + LINE / 2), False


def label_place(points: tuple[Point, ...]) -> Point:
    """Return the position of a route's label (x, middle y): beside its first bend.

    Above the line where the line is horizontal.
    """
    (x, top), (_, bottom) = points[1:3] if len(points) > 2 else points  # noqa: PLR2004
    if top == bottom:
        return min(x, points[1][0]) + LINE / 3, top - LINE / 2
    return x + LINE / 3, (top + bottom) / 2


def mix(first: Color, second: Color, share: float) -> Color:
    """Interpolate linearly between two colors."""
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(first, second, strict=True)
    )
    return red, green, blue


def _hex(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _paint_graph(
    layout: DiagramLayout,
    drawing: Drawing,
    scale: float,
    ink: Ink,
    marks: Mapping[str, Color],
) -> Canvas:
    """Paint a drawing, uint8 (h, w, 3)."""
    zoom = scale * _FINER
    size = (
        max(_FINER, round(drawing.width * scale) * _FINER),
        max(_FINER, round(drawing.height * scale) * _FINER),
    )
    sheet = PillowImage.new("RGB", size, ink.ground)
    pen = ImageDraw.Draw(sheet)
    for box in drawing.boxes:
        _draw_box(pen, layout, box, zoom, ink, marks.get(box.name))
    for route in drawing.routes:
        _draw_route(pen, route, zoom, ink)
    return np.asarray(sheet.reduce(_FINER))


def _draw_box(
    pen: ImageDraw.ImageDraw,
    layout: DiagramLayout,
    box: Box,
    zoom: float,
    ink: Ink,
    mark: Color | None,
) -> None:
    left, top = box.left * zoom, box.top * zoom
    right, bottom = left + box.width * zoom, top + box.height * zoom
    fill = mix(ink.ground, ink.text, _SHADE * (1 + (box.depth % 2) / 2))
    edge = max(1, round(MARK * zoom if mark else zoom / 2))
    pen.rounded_rectangle(
        (left, top, right, bottom), RADIUS * zoom, fill, mark or ink.line, edge
    )
    low = top + HEADER * zoom if box.opened else bottom
    pen.rounded_rectangle(
        (left, top, left + STRIP * zoom, low), zoom, color_of(layout, box)
    )
    for words, (x, y), bold in placed_words(layout, box):
        size = max(1, round((TITLE_SIZE if bold else DETAIL_SIZE) * zoom))
        tone = ink.text if bold else ink.quiet
        place = (x * zoom, y * zoom)
        face = text.font(size, bold=bold)
        pen.text(place, text.printable(words), tone, face, anchor="lm")


def _draw_route(pen: ImageDraw.ImageDraw, route: Route, zoom: float, ink: Ink) -> None:
    color = mix(ink.ground, ink.text, _FRAME)
    line = [(x * zoom, y * zoom) for x, y in _smooth(route.points)]
    pen.line(line, color, max(1, round(zoom * 0.6)), joint="curve")
    if route.head:
        corners = [(x * zoom, y * zoom) for x, y in head_of(route.points)]
        pen.polygon(corners, color)
    if route.named:
        x, y = label_place(route.points)
        face = text.font(max(1, round(DETAIL_SIZE * zoom)))
        pen.text((x * zoom, y * zoom), route.label, ink.quiet, face, anchor="lm")


def _smooth(points: tuple[Point, ...], steps: int = 8) -> list[Point]:
    """Flatten a route's curves into short straight lines."""
    line = [points[0]]
    for (x0, y0), (x1, y1), (x2, y2), (x3, y3) in bend(points):
        for step in range(1, steps + 1):
            t = step / steps
            s = 1 - t
            a, b, c, d = s**3, 3 * s * s * t, 3 * s * t * t, t**3
            point = (
                a * x0 + b * x1 + c * x2 + d * x3,
                a * y0 + b * y1 + c * y2 + d * y3,
            )
            line.append(point)
    return line


def _legend(kinds: Iterable[str], width: int, size: int, ink: Ink) -> Canvas:
    """Paint the legend of the colors, in as many lines as needed."""
    height = text.line_height(size) + size
    rows: list[Canvas] = []
    x = width
    for kind in kinds:
        room = text.width_of(kind, size) + 3 * size
        if x + room > width:
            rows.append(text.sheet(height, width, ink.ground))
            x = size
        top = height // 2 - size // 2
        rows[-1][top : top + size, x : x + size // 2] = KIND_COLORS[kind]
        place = x + size, (height - text.line_height(size)) // 2
        text.stamp(rows[-1], place, kind, size, color=ink.quiet)
        x += room
    return np.concatenate(rows) if rows else text.sheet(0, width, ink.ground)
