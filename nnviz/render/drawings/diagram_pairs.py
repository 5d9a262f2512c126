"""Two diagrams side by side, differences framed in color, as an image and as SVG."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from nnviz.base.kinds.diagram_alignment import DiagramComparison, Verdict
from nnviz.render.drawings import diagrams
from nnviz.render.drawings.diagram_parts import DETAIL_SIZE, TITLE_SIZE
from nnviz.render.drawings.graph_layout import DiagramLayout
from nnviz.render.palette import PAPER, SCREEN, Color, Ink
from nnviz.render.text import paragraphs as text
from nnviz.render.text.paragraphs import Canvas

MARK_COLORS: Mapping[Verdict, Color] = MappingProxyType(
    {
        Verdict.CHANGED: (230, 159, 0),
        Verdict.FIRST: (204, 121, 167),
        Verdict.SECOND: (204, 121, 167),
    }
)
"""Frame colors of boxes that differ, after Okabe & Ito."""
_HEAD = 40.0
"""Height reserved for the names and for the legend, px."""
_GAP = 48.0


def paint_pair(
    found: DiagramComparison, names: tuple[str, str], width: int, ink: Ink = SCREEN
) -> Canvas:
    """Paint two graphs side by side under their names, uint8 (h, width, 3)."""
    half = width // 2
    columns = []
    for index, name in enumerate(names):
        title = text.sheet(round(_HEAD), half, ink.ground)
        fitting = text.shorten(name, half - 2 * TITLE_SIZE, TITLE_SIZE, bold=True)
        text.stamp(
            *(title, (TITLE_SIZE, TITLE_SIZE), fitting, TITLE_SIZE),
            color=ink.text,
            bold=True,
        )
        drawn = diagrams.paint(
            found.sides[index], half, ink=ink, marks=mark_colors(found, index)
        )
        columns.append(np.concatenate([title, drawn]))
    page = text.sheet(max(map(len, columns)), width, ink.ground)
    for index, column in enumerate(columns):
        page[: len(column), index * half : (index + 1) * half] = column
    return np.concatenate([page, _legend(width, ink)])


def svg_pair(found: DiagramComparison, names: tuple[str, str], ink: Ink = PAPER) -> str:
    """Return two graphs side by side under their names as an SVG document."""
    left, tallest, parts = 0.0, 0.0, []
    for index, name in enumerate(names):
        layout = DiagramLayout(found.sides[index])
        drawing = layout.draw(layout.top_groups(diagrams.BOXES))
        body, height = diagrams.svg_body(
            layout, drawing, ink, mark_colors(found, index)
        )
        title = diagrams.svg_text(name, (float(DETAIL_SIZE), _HEAD / 2), ink, bold=True)
        moved = f'<g transform="translate(0 {_HEAD:.0f})">'
        parts += [f'<g transform="translate({left:.1f} 0)">', title, moved, *body]
        parts += ["</g>", "</g>"]
        wide = max(drawing.width, text.width_of(name, TITLE_SIZE, bold=True))
        left += wide + _GAP
        tallest = max(tallest, height + _HEAD)
    words = [
        _svg_key(index, verdict, tallest, ink)
        for index, verdict in enumerate((Verdict.CHANGED, Verdict.FIRST))
    ]
    lines = [line for key in words for line in key]
    return diagrams.svg_document(
        [*parts, *lines], max(left - _GAP, 2 * _KEY), tallest + _HEAD
    )


def mark_colors(found: DiagramComparison, place: int) -> dict[str, Color]:
    """Return the frame color of each node and group that differs, for one side."""
    return {name: MARK_COLORS[each] for name, each in found.marks(place).items()}


_KEY = 140.0
"""Width of an entry of the legend, px."""
_WORDS = {Verdict.CHANGED: "changed", Verdict.FIRST: "only here"}


def _svg_key(place: int, verdict: Verdict, top: float, ink: Ink) -> tuple[str, str]:
    x, middle = place * _KEY + DETAIL_SIZE, top + _HEAD / 2
    return (
        diagrams.svg_frame(x, middle - DETAIL_SIZE / 2, MARK_COLORS[verdict]),
        diagrams.svg_text(_WORDS[verdict], (x + 2 * DETAIL_SIZE, middle), ink),
    )


def _legend(width: int, ink: Ink) -> Canvas:
    line = text.sheet(round(_HEAD), width, ink.ground)
    for index, verdict in enumerate((Verdict.CHANGED, Verdict.FIRST)):
        left, top = round(index * _KEY) + TITLE_SIZE, TITLE_SIZE
        line[top : top + DETAIL_SIZE, left : left + DETAIL_SIZE] = MARK_COLORS[verdict]
        line[top + 2 : top + DETAIL_SIZE - 2, left + 2 : left + DETAIL_SIZE - 2] = (
            ink.ground
        )
        place_of_words = (left + 2 * DETAIL_SIZE, top - 2)
        text.stamp(line, place_of_words, _WORDS[verdict], DETAIL_SIZE, color=ink.quiet)
    return line
