"""Results as figures for slides and papers: no title, no background, vector legend.

The image itself keeps its pixels; the color bar and all text are vectors in SVG and
PDF.  The background is transparent.
"""

import io
from functools import singledispatch
from typing import TYPE_CHECKING

import numpy as np

from nnviz.base.errors import UsageError
from nnviz.base.images import Image, rgb8
from nnviz.base.kinds.matrices import Matrix
from nnviz.base.kinds.planes import Plane
from nnviz.base.results import ColorImage, Curves, Diagram, Heatmap, Result
from nnviz.base.shipped.resources import resource
from nnviz.render import charts, colormaps
from nnviz.render.drawings import diagrams, matrices, planes
from nnviz.render.drawings.graph_layout import DiagramLayout
from nnviz.render.drawings.plots import DRAWING, plain
from nnviz.render.maps import heatmaps
from nnviz.render.palette import PAPER
from nnviz.render.report import paint
from nnviz.render.text.paragraphs import Canvas
from nnviz.render.text.words import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "pdf", "png")
FigureLook = heatmaps.MapLook | frozenset[str]
"""Appearance of a result: the look of a map, or the open groups of a diagram."""
_DPI = 200
_WIDTH = 1200
"""Width in px of an image rendered for the figure, and the minimum of a given one."""
_WORDS = 9
"""Font size of the legend, points."""
_BAR = 0.14
"""Height of the color bar, inches."""
_LEGEND = 0.75
"""Height of the bar with its numbers and its unit, inches."""
_LIGHT = (255, 255, 255)


@singledispatch
def draw(
    result: Result, image: Image | None = None, look: FigureLook | None = None
) -> "Figure":
    """Draw a result as a matplotlib figure.

    Args:
        result: any kind.
        image: image below the result, for kinds that lie over one.
        look: appearance; None for the default.
    """
    del look
    return _plain(paint(result, image, _WIDTH))


@draw.register(ColorImage)
def _(
    result: ColorImage, image: Image | None = None, look: FigureLook | None = None
) -> "Figure":
    del image, look
    return _plain(rgb8(result.pixels))


@draw.register(Curves)
def _(
    result: Curves, image: Image | None = None, look: FigureLook | None = None
) -> "Figure":
    del image, look
    return charts.figure(result, _WIDTH, size=26, background=_LIGHT)


@draw.register(Matrix)
def _(
    result: Matrix, image: Image | None = None, look: FigureLook | None = None
) -> "Figure":
    del image, look
    return matrices.figure(result, _WIDTH, size=22, ink=PAPER)


@draw.register(Plane)
def _(
    result: Plane, image: Image | None = None, look: FigureLook | None = None
) -> "Figure":
    del image, look
    return planes.figure(result, _WIDTH, size=26, ink=PAPER)


@draw.register(Diagram)
def _(
    result: Diagram, image: Image | None = None, look: FigureLook | None = None
) -> "Figure":
    del image
    opened = look if isinstance(look, frozenset) else None
    return _plain(diagrams.paint(result, _WIDTH, ink=PAPER, opened=opened))


@draw.register(Heatmap)
def _(
    result: Heatmap, image: Image | None = None, look: FigureLook | None = None
) -> "Figure":
    if not isinstance(look, heatmaps.MapLook):
        look = heatmaps.usual_look(result)
    scale = heatmaps.scale_of(result, look)
    if image is None or result.frame is None:
        shown = heatmaps.alone(result, scale, look)
    else:
        photo = rgb8(image.pixels)
        least = max(_WIDTH, photo.shape[1])
        large = heatmaps.enlarged(photo, least, photo.shape[0] * least)
        shown = heatmaps.laid(large, result, scale, look)
    unit = " · ".join(part for part in (result.unit, look.words, scale.clipped) if part)
    return _with_bar(shown, scale, unit)


def write(
    result: Result, image: Image | None, kind: str, look: FigureLook | None = None
) -> bytes:
    """Return a figure as a file's bytes, deterministically.

    Args:
        result: any kind.
        image: image below the result, for kinds that lie over one.
        kind: "svg", "pdf" or "png".
        look: appearance; None for the default.

    Raises:
        UsageError: the kind is unknown.
    """
    from matplotlib import rc_context

    if kind not in FORMATS:
        raise UsageError("figure", f"cannot be {kind}", f"use {', '.join(FORMATS)}")
    if kind == "svg" and isinstance(result, Diagram):
        return _diagram_svg(result, look).encode()
    file = io.BytesIO()
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}[kind]
    # A fixed salt and no date: equal results give equal files.
    with DRAWING, rc_context({"svg.hashsalt": "nnviz"}):
        draw(result, image, look).savefig(
            file, format=kind, transparent=True, dpi=_DPI, metadata=dated
        )
    return file.getvalue()


def _diagram_svg(diagram: Diagram, look: FigureLook | None) -> str:
    """Return a diagram as SVG with searchable text."""
    layout = DiagramLayout(diagram)
    opened = look if isinstance(look, frozenset) else layout.top_groups(diagrams.BOXES)
    return diagrams.svg(layout, layout.draw(opened), PAPER)


def _plain(pixels: Canvas) -> "Figure":
    """Return a figure of an image alone, from edge to edge."""
    return _sheet(pixels, below=0)


def _with_bar(pixels: Canvas, scale: colormaps.Scale, unit: str) -> "Figure":
    """Return a figure of an image with its color bar below."""
    figure = _sheet(pixels, below=_LEGEND)
    height = figure.get_size_inches()[1]
    axes = figure.add_axes(
        (0.2, (_LEGEND - 2 * _BAR) / height, 0.6, _BAR / height), frameon=False
    )
    colors = colormaps.table(colormaps.default_map(signed=scale.signed))
    axes.imshow(colors[None], aspect="auto", interpolation="nearest")
    axes.set_axis_off()
    face = _face()
    for place, value, side in ((-0.02, scale.low, "right"), (1.02, scale.high, "left")):
        axes.text(
            *(place, 0.5, "" if scale.flat else number(value)),
            transform=axes.transAxes,
            ha=side,
            va="center",
            fontproperties=face,
        )
    axes.text(
        *(0.5, -0.5, plain(scale.problem or unit)),
        transform=axes.transAxes,
        ha="center",
        va="top",
        fontproperties=face,
    )
    return figure


def _sheet(pixels: Canvas, below: float) -> "Figure":
    """Return a figure that an image fills, with room below it, inches."""
    from matplotlib.figure import Figure

    rows, columns = pixels.shape[:2]
    width, tall = max(columns, _WIDTH) / _DPI, max(columns, _WIDTH) / _DPI
    tall *= rows / columns
    height = tall + below
    figure = Figure(figsize=(width, height), dpi=_DPI)
    axes = figure.add_axes((0, below / height, 1, tall / height), frameon=False)
    axes.imshow(np.asarray(pixels), interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return figure


def _face() -> "object":
    from matplotlib.font_manager import FontProperties

    return FontProperties(
        fname=str(resource("fonts", "Inter-Regular.ttf")), size=_WORDS
    )
