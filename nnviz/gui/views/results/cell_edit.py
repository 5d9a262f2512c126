"""Editing of a matrix's grids: strokes that toggle cells, returned as text."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.base.kinds.matrices import Matrix, cells_text

Cell = tuple[int, int, int]
"""Index of a grid, row and column."""


@dataclass(slots=True)
class CellEdit:
    """A stroke, which sets all its cells to the first one's new value.

    Attributes:
        grid: index of the grid that is drawn in.
        name: name of the parameter that holds its cells.
        cells: bool (R, C), current cells.
        ink: value that the stroke sets.
    """

    grid: int
    name: str
    cells: NDArray[np.bool_]
    ink: bool

    def put(self, cell: Cell) -> bool:
        """Set a cell to the stroke's value; return whether that changed it."""
        grid, row, column = cell
        if grid != self.grid or bool(self.cells[row, column]) == self.ink:
            return False
        self.cells[row, column] = self.ink
        return True

    @property
    def text(self) -> str:
        """The drawing as the parameter's text."""
        return cells_text(self.cells)


def begin_edit(matrix: Matrix, cell: Cell) -> CellEdit | None:
    """Begin a stroke at a cell; None where the grid is not editable."""
    place, row, column = cell
    grid = matrix.grids[place]
    if not grid.edits:
        return None
    cells = grid.values > 0
    return CellEdit(place, grid.edits, cells, not cells[row, column])


def editable_grids(matrix: Matrix) -> list[int]:
    """Return the indices of the editable grids."""
    return [index for index, grid in enumerate(matrix.grids) if grid.edits]


def step_cell(matrix: Matrix, chosen: Cell | None, down: int, right: int) -> Cell:
    """Return the cell next to the current one, within an editable grid."""
    if chosen is None:
        return editable_grids(matrix)[0], 0, 0
    grid, row, column = chosen
    rows, columns = matrix.grids[grid].values.shape
    return grid, (row + down) % rows, (column + right) % columns


def step_grid(matrix: Matrix, chosen: Cell | None, step: int) -> Cell:
    """Return the first cell of the next editable grid."""
    places = editable_grids(matrix)
    if chosen is None or chosen[0] not in places:
        return places[0], 0, 0
    return places[(places.index(chosen[0]) + step) % len(places)], 0, 0
