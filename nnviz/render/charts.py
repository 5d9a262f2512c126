"""Line plots and histograms, drawn by matplotlib without its global state."""

import io
from typing import TYPE_CHECKING

from nnviz.base.results import Curves
from nnviz.render.drawings.plots import DPI, face_of, hex_of, plain, rasterized
from nnviz.render.palette import (
    ACCENT,
    BACKGROUND,
    LINE,
    MUTED,
    TEXT,
    WARNING,
    Color,
)
from nnviz.render.text.paragraphs import Canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CYCLE: tuple[Color, ...] = (
    ACCENT,
    WARNING,
    (120, 200, 150),
    (230, 130, 150),
    (180, 160, 240),
    MUTED,
    (213, 94, 0),
    (240, 228, 66),
)
"""Colors that also differ in lightness, for color-blind readers."""
_FEW = 12
"""Largest number of points that are marked."""
_MARGIN = 0.04
"""Margin beyond the limits as a fraction of the axis, so that points on them are not
cut.
"""
_LOWEST = 180
"""Smallest height, px."""
_TALLEST = 24
"""Greatest height, in multiples of the font size."""


def curves(
    result: Curves, width: int, *, size: int = 12, background: Color = BACKGROUND
) -> Canvas:
    """Plot curves with their axes, uint8 (h, width, 3)."""
    return rasterized(figure(result, width, size=size, background=background))


def curves_svg(
    result: Curves, width: int, *, size: int = 12, background: Color = BACKGROUND
) -> str:
    """Plot curves as SVG, with text as paths, so that no font is needed."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.StringIO()
    # A fixed salt and no date: equal curves give equal files.
    with rc_context({"svg.hashsalt": "nnviz"}):
        canvas = FigureCanvasSVG(
            figure(result, width, size=size, background=background)
        )
        canvas.print_svg(  # type: ignore[no-untyped-call]
            file, metadata={"Date": None}
        )
    return file.getvalue()


def figure(
    result: Curves, width: int, *, size: int, background: Color = BACKGROUND
) -> "Figure":
    """Plot curves as a matplotlib figure of a width in px."""
    from matplotlib.figure import Figure

    height = max(_LOWEST, min(round(width * 0.42), _TALLEST * size))
    drawn = Figure(
        figsize=(width / DPI, height / DPI),
        dpi=DPI,
        facecolor=hex_of(background),
        layout="constrained",
    )
    axes = drawn.add_subplot(facecolor=hex_of(background))
    _plot(axes, result)
    _dress(axes, result, size)
    return drawn


def _plot(axes: "Axes", result: Curves) -> None:
    for index, (name, values) in enumerate(result.series.items()):
        color = hex_of(_CYCLE[index % len(_CYCLE)])
        if result.style == "bars":
            share = 0.9 if len(result.series) == 1 else 0.5
            axes.stairs(
                values, result.x, fill=True, color=color, alpha=share, label=plain(name)
            )
        else:
            dots = "o" if len(values) <= _FEW else ""
            (line,) = axes.plot(
                result.x, values, color=color, linewidth=2, label=plain(name)
            )
            line.set(marker=dots, clip_on=not dots)


def _keep_bottom_spine(axes: "Axes") -> None:
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(hex_of(LINE))


def _dress(axes: "Axes", result: Curves, size: int) -> None:
    """Style the axes with the program's font and colors."""
    face = face_of(size)
    axes.set_xlabel(plain(result.x_label), fontproperties=face, color=hex_of(MUTED))
    axes.set_ylabel(plain(result.y_label), fontproperties=face, color=hex_of(MUTED))
    axes.tick_params(colors=hex_of(MUTED), length=0)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(face)
    axes.grid(visible=True, color=hex_of(LINE), linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0)
    if result.limits is not None:
        low, high = result.limits
        room = _MARGIN * (high - low)
        axes.set_ylim(low - room, high + room)
    _keep_bottom_spine(axes)
    if len(result.series) > 1:
        axes.legend(prop=face, labelcolor=hex_of(TEXT), frameon=False)
