"""Layout of a Matrix's grids: side by side, in lines, with cells as large as fit."""

from dataclasses import dataclass
from itertools import pairwise

from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.render.text.words import short

LARGEST_CELL = 72.0
"""Maximum side of a cell, px."""
READABLE_CELL = 15.0
"""Minimum side of a cell with a number, px."""
NUMBER_SHARE = 0.4
"""Font size of a cell's number, as a fraction of the cell's height."""
_CHARACTER = 0.56
"""Width of a character, as a fraction of the font size."""
_CELL_MARGIN = 0.45
_ENOUGH = 0.7
"""Fraction of the largest possible cell size from which fewer lines are preferred."""
_GAP, _OPERATOR = 1.1, 1.6
"""Gap between grids, and the width of an operator, in font sizes."""


@dataclass(frozen=True, slots=True)
class PlacedGrid:
    """A grid with its position and cell size, px.

    Attributes:
        grid: the grid.
        left: of its cells.
        top: of its cells.
        cell_width: of one cell.
        cell_height: of one cell.
    """

    grid: Grid
    left: float
    top: float
    cell_width: float
    cell_height: float

    @property
    def width(self) -> float:
        """Width of all cells, px."""
        return self.cell_width * int(self.grid.values.shape[1])

    @property
    def height(self) -> float:
        """Height of all cells, px."""
        return self.cell_height * int(self.grid.values.shape[0])

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return row and column of the cell at a point; None outside."""
        column = int((x - self.left) // self.cell_width)
        row = int((y - self.top) // self.cell_height)
        rows, columns = self.grid.values.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None


@dataclass(frozen=True, slots=True)
class MatrixLayout:
    """The placed grids of a matrix.

    Attributes:
        grids: the placed grids.
        width: of all, px.
        height: of all, px.
        words: font size of titles and captions, px.
    """

    grids: tuple[PlacedGrid, ...]
    width: float
    height: float
    words: float


def cell_text(grid: Grid, row: int, column: int) -> str:
    """Return the number in a cell as text; "" where it is not yet known."""
    if not grid.is_known(row, column):
        return ""
    return short(float(grid.values[row, column]))


def arrange(matrix: Matrix, width: float, height: float, words: float) -> MatrixLayout:
    """Lay out the grids with cells as large as the space allows.

    Args:
        matrix: the matrix.
        width: of the space, px.
        height: of the space, px.
        words: font size of titles and captions, px.
    """
    layouts = [_in_lines(rows, width, height, words) for rows in _ways(matrix.grids)]
    largest = max(layout.grids[0].cell_height for layout in layouts)
    # A single line is easiest to read, where the cells stay large enough.
    good = (each for each in layouts if each.grids[0].cell_height > _ENOUGH * largest)
    return next(good)


def _ways(grids: tuple[Grid, ...]) -> list[list[tuple[Grid, ...]]]:
    """Return the possible line breaks of grids: their own, or into 1, 2, ... lines."""
    starts = [index for index, grid in enumerate(grids) if grid.starts_line and index]
    if starts:
        return [[grids[a:b] for a, b in pairwise([0, *starts, len(grids)])]]
    return [_split(grids, lines) for lines in range(1, len(grids) + 1)]


def _in_lines(
    rows: list[tuple[Grid, ...]], width: float, height: float, words: float
) -> MatrixLayout:
    cell = min([LARGEST_CELL, *(_cell_of_line(row, width, words) for row in rows)])
    fixed = sum(max(_around(grid, words) for grid in row) for row in rows)
    cells = sum(max(grid.values.shape[0] for grid in row) for row in rows)
    cell = max(1.0, min(cell, (height - fixed - words * (len(rows) - 1)) / cells))
    placed: list[PlacedGrid] = []
    top = 0.0
    for row in rows:
        tallest = max(grid.values.shape[0] for grid in row)
        placed += _line(row, top, cell, words)
        top += tallest * cell + max(_around(grid, words) for grid in row) + words
    right = max(each.left + each.width for each in placed)
    return MatrixLayout(tuple(placed), right, top - words, words)


def _split(grids: tuple[Grid, ...], lines: int) -> list[tuple[Grid, ...]]:
    """Split grids into lines of about equally many columns."""
    total = sum(_columns(grid) for grid in grids)
    rows: list[list[Grid]] = [[] for _ in range(lines)]
    seen = 0.0
    for grid in grids:
        middle = seen + _columns(grid) / 2
        rows[min(lines - 1, int(lines * middle / total))].append(grid)
        seen += _columns(grid)
    return [tuple(row) for row in rows if row]


def _line(
    row: tuple[Grid, ...], top: float, cell: float, words: float
) -> list[PlacedGrid]:
    """Lay out one line of grids, vertically centered."""
    tallest = max(grid.values.shape[0] for grid in row) * cell
    above = max(_above(grid, words) for grid in row)
    left = 0.0
    placed: list[PlacedGrid] = []
    for grid in row:
        left += _before(grid, words, first=not placed)
        middle = (tallest - grid.values.shape[0] * cell) / 2
        wide = cell * _aspect(grid)
        placed.append(PlacedGrid(grid, left, top + above + middle, wide, cell))
        left += max(wide * grid.values.shape[1], _title_width(grid, words))
    return placed


def _cell_of_line(row: tuple[Grid, ...], width: float, words: float) -> float:
    """Return the largest cell size with which a line fits the width."""
    fixed = sum(_before(grid, words, first=not index) for index, grid in enumerate(row))
    least = max(1.0, width - fixed)
    cells = sum(_columns(grid) for grid in row)
    cell = least / cells
    for _ in range(len(row)):
        # A narrow grid needs its title's width, which is then missing for the others.
        titles = {i: _title_width(g, words) for i, g in enumerate(row)}
        tight = [i for i, g in enumerate(row) if _columns(g) * cell < titles[i]]
        rest = sum(_columns(g) for i, g in enumerate(row) if i not in tight)
        if not rest:
            break
        cell = max(1.0, (least - sum(titles[i] for i in tight)) / rest)
    return cell


def _columns(grid: Grid) -> float:
    return int(grid.values.shape[1]) * _aspect(grid)


def _aspect(grid: Grid) -> float:
    """Return width over height of a cell that fits the grid's longest number."""
    rows, columns = grid.values.shape
    longest = max(
        len(short(float(value))) for value in grid.values.reshape(rows * columns)
    )
    return max(1.0, longest * _CHARACTER * NUMBER_SHARE + _CELL_MARGIN)


def _before(grid: Grid, words: float, *, first: bool) -> float:
    labels = max((len(label) for label in grid.rows), default=0)
    room = labels * _CHARACTER * words + (words / 2 if labels else 0)
    if grid.operator:
        return room + 2 * _GAP * words + _OPERATOR * words
    return room if first else room + 2 * _GAP * words


def _above(grid: Grid, words: float) -> float:
    return words * (1.8 * bool(grid.title) + 1.6 * bool(grid.columns))


def _around(grid: Grid, words: float) -> float:
    return _above(grid, words) + 1.8 * words * bool(grid.caption)


def _title_width(grid: Grid, words: float) -> float:
    longest = max(len(grid.title), len(grid.caption))
    return longest * _CHARACTER * words
