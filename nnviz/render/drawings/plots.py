"""Shared parts of matplotlib drawings: fonts, colors, figures sized in px."""

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from nnviz.base.host.reading import printable
from nnviz.base.shipped.resources import resource
from nnviz.render.palette import Color
from nnviz.render.text.paragraphs import Canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWING = threading.RLock()
"""Held while matplotlib draws: its mathtext parser and settings are global, and the
window paints formulas while other threads paint files.
"""
DPI = 100
POINTS = 72 / DPI
"""Points of one px."""


def hex_of(color: Color) -> str:
    """Return a color as "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def plain(text: str) -> str:
    """Return a text that matplotlib draws as it is.

    It would read formulas between dollar signs, leave names that begin with "_" out of
    legends, and fail for file names that are not UTF-8.
    """
    shown = printable(text).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def face_of(size: float) -> Any:
    """Return the program's font at a size in px."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(
        fname=str(resource("fonts", "Inter-Regular.ttf")), size=size * POINTS
    )


def blank_figure(width: float, height: float, ground: Color) -> "tuple[Figure, Axes]":
    """Return an empty figure whose axes are in px from the top left corner."""
    from matplotlib.figure import Figure

    drawn = Figure(
        figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=hex_of(ground)
    )
    axes = drawn.add_axes((0, 0, 1, 1), frameon=False)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return drawn, axes


def rasterized(drawn: "Figure") -> Canvas:
    """Render a figure as pixels, uint8 (h, w, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(drawn)
    with DRAWING:
        canvas.draw()  # type: ignore[no-untyped-call]
    painted = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return painted[..., :3].copy()
