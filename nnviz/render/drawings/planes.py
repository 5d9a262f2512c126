"""Planes (points and regions over two axes) as images and figures."""

from typing import TYPE_CHECKING

import numpy as np

from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints
from nnviz.render.drawings import formulas
from nnviz.render.drawings.plane_parts import (
    BUBBLE_ALPHA,
    contour_lines,
    region_colors,
    series_color,
    tick_texts,
    ticks,
)
from nnviz.render.drawings.plots import DPI, POINTS, face_of, hex_of, plain, rasterized
from nnviz.render.palette import SCREEN, Ink
from nnviz.render.text.paragraphs import Canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHT, _SQUARE = 0.62, 0.8
_MARKERS = {"dot": "o", "ring": "o", "cross": "X", "star": "*"}
_SIZES = {"dot": 5.0, "ring": 9.0, "cross": 3.0, "star": 14.0}
"""Areas of the markers, in multiples of the font size."""
_LINES = {"solid": "-", "dashed": "--", "steps": "-", "arrow": "-"}


def paint(plane: Plane, width: int, *, size: int = 13, ink: Ink = SCREEN) -> Canvas:
    """Paint a plane with its axes, uint8 (h, width, 3)."""
    return rasterized(figure(plane, width, size=size, ink=ink))


def figure(plane: Plane, width: int, *, size: int = 13, ink: Ink = SCREEN) -> "Figure":
    """Draw a plane as a matplotlib figure of a width in px."""
    from matplotlib.figure import Figure

    height = round(width * (_SQUARE if plane.equal else _HEIGHT))
    drawn = Figure(
        figsize=(width / DPI, height / DPI),
        dpi=DPI,
        facecolor=hex_of(ink.ground),
        layout="constrained",
    )
    axes = drawn.add_subplot(facecolor=hex_of(ink.ground))
    _draw_behind(axes, plane, ink)
    for path in plane.paths:
        _draw_path(axes, path, ink)
    _draw_arrows(axes, plane, ink)
    for index, series in enumerate(plane.points):
        _draw_points(axes, series, index, size, ink)
    for word in plane.texts:
        face = face_of(size)
        ink_text = hex_of(ink.text)
        axes.text(
            word.x, word.y, plain(word.text), zorder=5,
            color=ink_text, fontproperties=face,
            bbox={"facecolor": hex_of(ink.ground), "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    _dress(axes, plane, size, ink)
    if plane.formula:
        drawn.supxlabel(
            plane.formula,
            color=hex_of(ink.text),
            fontsize=_formula_size(plane.formula, size, width),
            math_fontfamily=formulas.FONTS,
        )
    return drawn


def _formula_size(formula: str, size: int, width: int) -> float:
    """Return the font size with which a formula fits, points."""
    wide = formulas.formula_mask(formula, 1.2 * size).shape[1]
    room = (width - 2 * size) / int(wide)
    return 1.2 * size * min(1.0, room) * POINTS


def _draw_behind(axes: "Axes", plane: Plane, ink: Ink) -> None:
    if plane.region is None:
        return
    axes.imshow(
        region_colors(plane.region, ink.ground, light=ink.light),
        extent=(*plane.x_range, *plane.y_range),
        aspect="auto",
        interpolation="nearest" if plane.region.kind == "classes" else "bilinear",
        zorder=0,
    )
    for line in contour_lines(plane):
        axes.plot(line[:, 0], line[:, 1], color=hex_of(ink.quiet), linewidth=0.9)


def _draw_path(axes: "Axes", path: PlanePath, ink: Ink) -> None:
    color = hex_of(series_color(path.color) if path.color >= 0 else ink.quiet)
    axes.plot(
        path.places[:, 0],
        path.places[:, 1],
        color=color,
        linewidth=2,
        linestyle=_LINES[path.style],
        marker="o" if path.style == "steps" else "",
        markersize=3.5,
        label=path.name or "_",
    )
    if path.style == "arrow" and len(path.places) > 1:
        start, end = map(tuple, path.places[-2:])
        head = {"arrowstyle": "-|>", "color": color, "lw": 2}
        axes.annotate("", xy=end, xytext=start, arrowprops=head)


def _draw_arrows(axes: "Axes", plane: Plane, ink: Ink) -> None:
    for each in plane.arrows:
        color = hex_of(series_color(each.color) if each.color >= 0 else ink.quiet)
        for start, end in zip(each.starts, each.ends, strict=True):
            axes.annotate(
                "",
                xy=tuple(end),
                xytext=tuple(start),
                arrowprops={"arrowstyle": "-|>", "color": color, "lw": 1.8},
            )
        if each.name:
            axes.plot([], [], color=color, linewidth=2, label=each.name)


def _draw_points(
    axes: "Axes", series: PlanePoints, place: int, size: int, ink: Ink
) -> None:
    if not len(series.places):
        return
    classes = (
        np.full(len(series.places), place) if series.classes is None else series.classes
    )
    colors = [hex_of(series_color(int(each))) for each in classes]
    named = series.name if series.classes is None else ""
    axes.scatter(
        series.places[:, 0],
        series.places[:, 1],
        s=_SIZES[series.marker] * size * (1 if series.areas is None else series.areas),
        alpha=None if series.areas is None else BUBBLE_ALPHA,
        marker=_MARKERS[series.marker],
        facecolors="none" if series.marker == "ring" else colors,
        edgecolors=colors if series.marker == "ring" else hex_of(ink.ground),
        linewidths=1.6 if series.marker == "ring" else 0.8,
        zorder=3,
        label=named or "_",
    )
    if series.marked >= 0:
        x, y = series.places[series.marked]
        axes.scatter(
            [x], [y], s=18 * size, facecolors="none", edgecolors=hex_of(ink.text),
            linewidths=2, zorder=4,
        )  # fmt: skip
    for label, (x, y) in zip(series.labels, series.places, strict=bool(series.labels)):
        axes.annotate(
            label, (x, y), xytext=(6, 4), textcoords="offset points",
            color=hex_of(ink.text), fontproperties=face_of(size),
        )  # fmt: skip


def _dress(axes: "Axes", plane: Plane, size: int, ink: Ink) -> None:
    """Style the axes: limits, ticks, names, font and colors."""
    face = face_of(size)
    quiet = hex_of(ink.quiet)
    axes.set_xlim(*plane.x_range)
    axes.set_ylim(*plane.y_range)
    for limits, place, name in (
        (plane.x_range, axes.xaxis, plane.x_label),
        (plane.y_range, axes.yaxis, plane.y_label),
    ):
        at = ticks(limits)
        place.set_ticks(at, tick_texts(at), fontproperties=face)
        place.set_label_text(name, fontproperties=face, color=quiet)
    axes.tick_params(colors=quiet, length=0)
    if plane.equal:
        axes.set_aspect("equal", adjustable="box")
    if plane.region is None:
        axes.grid(visible=True, color=hex_of(ink.line), linewidth=0.6)
        axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(hex_of(ink.line))
    if any(not str(t).startswith("_") for t in axes.get_legend_handles_labels()[1]):
        axes.legend(
            prop=face, labelcolor=hex_of(ink.text), facecolor=hex_of(ink.ground),
            edgecolor=hex_of(ink.line), framealpha=0.85,
        )  # fmt: skip
