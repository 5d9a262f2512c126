"""Matrices (grids of numbers) as images and figures."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.render import colormaps
from nnviz.render.drawings import formulas
from nnviz.render.drawings.matrix_layout import (
    NUMBER_SHARE,
    READABLE_CELL,
    MatrixLayout,
    PlacedGrid,
    arrange,
    cell_text,
)
from nnviz.render.drawings.plane_parts import series_color
from nnviz.render.drawings.plots import blank_figure, face_of, hex_of, plain, rasterized
from nnviz.render.palette import ACCENT, SCREEN, Color, Ink
from nnviz.render.text.paragraphs import Canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STRENGTH, _FAINTEST = 0.65, 0.12
"""Color strength of the cell with the largest number, and the least of any nonzero one.
"""
_TALLEST = 0.7
"""Maximum height of a page's matrix as a fraction of its width."""
_MARGIN = 1.0
_BRIGHT = 140
FRAME_WIDTH = 2.5
"""Width of the frame around a grid's window, px."""


def cell_colors(grid: Grid, ground: Color) -> NDArray[np.uint8]:
    """Return the color of each cell, uint8 (R, C, 3).

    Signed grids are blue where negative and orange where positive, stronger for larger
    magnitudes; zeros and cells not yet known have the background color.
    """
    shown = np.ones(grid.values.shape, bool) if grid.known is None else grid.known
    plain = np.broadcast_to(np.array(ground, np.uint8), (*shown.shape, 3)).copy()
    if grid.colors == "none" or not shown.any():
        return plain
    if grid.colors == "gray":
        scale = colormaps.scale_of(grid.values[shown], signed=False)
        high = scale.high if not scale.flat else scale.low + 1
        painted = colormaps.apply(grid.values, "grey", scale.low, high)
    else:
        largest = float(np.abs(grid.values[shown]).max()) or 1.0
        share = _STRENGTH * np.abs(grid.values) / largest
        share = np.where(grid.values == 0, 0.0, _FAINTEST + share)[..., None]
        tone = np.where(grid.values[..., None] < 0, series_color(0), series_color(1))
        painted = np.rint(share * tone + (1 - share) * plain).astype(np.uint8)
    return np.where(shown[..., None], painted, plain)


def ink_on(color: NDArray[np.uint8]) -> Color:
    """Return black or white, whichever is more legible on a color."""
    bright = float(np.dot(color, (0.299, 0.587, 0.114)))
    return (16, 18, 22) if bright > _BRIGHT else (240, 242, 245)


def paint(matrix: Matrix, width: int, *, size: int = 13, ink: Ink = SCREEN) -> Canvas:
    """Paint the grids with titles and formula, uint8 (h, width, 3)."""
    return rasterized(figure(matrix, width, size=size, ink=ink))


def figure(
    matrix: Matrix, width: int, *, size: int = 13, ink: Ink = SCREEN
) -> "Figure":
    """Draw the grids as a matplotlib figure of a width in px, all vectors."""
    margin = _MARGIN * size
    # A page is not interactive: skip blank grids.
    shown = tuple(grid for grid in matrix.grids if not grid.is_blank)
    matrix = replace(matrix, grids=shown or matrix.grids)
    layout = arrange(matrix, width - 2 * margin, _TALLEST * width, size)
    below = 2.6 * size if matrix.formula else 0.0
    height = layout.height + below + 2 * margin
    drawn, axes = blank_figure(width, height, ink.ground)
    left = max(margin, (width - layout.width) / 2)
    for placed in layout.grids:
        _draw_grid(axes, placed, (left, margin), layout, ink)
    if matrix.formula:
        _draw_formula(axes, matrix.formula, (width, height), size, ink)
    return drawn


def _draw_formula(
    axes: "Axes", formula: str, sides: tuple[float, float], size: int, ink: Ink
) -> None:
    width, height = sides
    room = width - 2 * _MARGIN * size
    wide = formulas.formula_mask(formula, 1.4 * size).shape[1]
    letters = 1.4 * size * min(1.0, room / wide)
    axes.text(
        *(width / 2, height - _MARGIN * size, formula),
        ha="center",
        va="bottom",
        color=hex_of(ink.text),
        fontsize=letters * 0.72,
        math_fontfamily=formulas.FONTS,
    )


def _draw_grid(
    axes: "Axes",
    placed: PlacedGrid,
    offset: tuple[float, float],
    layout: MatrixLayout,
    ink: Ink,
) -> None:
    from matplotlib.patches import Rectangle

    grid = placed.grid
    left, top = placed.left + offset[0], placed.top + offset[1]
    wide, high = placed.cell_width, placed.cell_height
    colors = cell_colors(grid, ink.ground)
    face = face_of(min(high * NUMBER_SHARE, 2.2 * layout.words))
    for row, column in np.ndindex(grid.values.shape):
        x, y = left + column * wide, top + row * high
        axes.add_patch(
            Rectangle(
                (x, y),
                wide,
                high,
                facecolor=tuple(colors[row, column] / 255),
                edgecolor=hex_of(ink.line),
                linewidth=0.8,
            )
        )
        if high >= READABLE_CELL:
            quiet = grid.is_faint(row, column)
            tone = ink.quiet if quiet else ink_on(colors[row, column])
            axes.text(
                *(x + wide / 2, y + high / 2, cell_text(grid, row, column)),
                ha="center",
                va="center",
                color=hex_of(tone),
                fontproperties=face,
            )
    if grid.window is not None:
        _frame_window(axes, placed, (left, top))
    _write_words(axes, placed, (left, top), layout, ink)


def _frame_window(
    axes: "Axes", placed: PlacedGrid, corner: tuple[float, float]
) -> None:
    from matplotlib.patches import Rectangle

    if placed.grid.window is None:
        return
    row, column, rows, columns = placed.grid.window
    width, height = placed.cell_width, placed.cell_height
    frame = Rectangle(
        (corner[0] + column * width, corner[1] + row * height),
        columns * width,
        rows * height,
        fill=False,
        edgecolor=hex_of(ACCENT),
        linewidth=FRAME_WIDTH,
    )
    axes.add_patch(frame)


def _write_words(
    axes: "Axes",
    placed: PlacedGrid,
    corner: tuple[float, float],
    layout: MatrixLayout,
    ink: Ink,
) -> None:
    """Draw title, operator, labels and caption around the cells."""
    grid, words = placed.grid, layout.words
    left, top = corner
    face, quiet = face_of(words), hex_of(ink.quiet)
    labels = 1.6 * words if grid.columns else 0.0
    axes.text(
        left, top - labels - 0.6 * words, grid.title, color=quiet, fontproperties=face
    )
    for column, label in enumerate(grid.columns):
        x = left + (column + 0.5) * placed.cell_width
        axes.text(
            x,
            top - 0.5 * words,
            plain(label),
            ha="center",
            color=quiet,
            fontproperties=face,
        )
    for row, label in enumerate(grid.rows):
        y = top + (row + 0.5) * placed.cell_height
        axes.text(
            left - words / 2,
            y,
            plain(label),
            ha="right",
            va="center",
            color=quiet,
            fontproperties=face,
        )
    axes.text(
        left, top + placed.height + 1.4 * words, grid.caption,
        color=hex_of(ink.text), fontproperties=face,
    )  # fmt: skip
    if grid.operator:
        longest = max((len(label) for label in grid.rows), default=0)
        x = left - 1.9 * words - longest * 0.56 * words
        axes.text(
            x, top + placed.height / 2, grid.operator, ha="center", va="center",
            color=hex_of(ink.text), fontproperties=face_of(1.7 * words),
        )  # fmt: skip
