"""Geometry of a scrolled grid of equal cells: positions, rows, pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GridGeometry:
    """Grid of cells in rows, left to right; all lengths in device px.

    Attributes:
        count: number of cells.
        side: of a cell.
        gap: between cells.
        width: of the view.
        height: of the view.
    """

    count: int = 0
    side: int = 64
    gap: int = 2
    width: int = 1
    height: int = 1

    @property
    def pitch(self) -> int:
        """Distance from one cell to the next, px."""
        return self.side + self.gap

    @property
    def columns(self) -> int:
        """Number of cells in a row, at least one."""
        return max(1, (self.width + self.gap) // self.pitch)

    @property
    def rows(self) -> int:
        """Number of rows; the last may be incomplete."""
        return -(-self.count // self.columns)

    @property
    def deepest(self) -> int:
        """Largest scroll offset."""
        return max(0, self.rows * self.pitch - self.gap - self.height)

    @property
    def rows_in_view(self) -> int:
        """Number of whole rows that fit the view, at least one."""
        return max(1, self.height // self.pitch)

    @classmethod
    def fitted(
        cls, count: int, least: int, gap: int, view: tuple[int, int]
    ) -> "GridGeometry":
        """Return a grid whose cells fill the width: as many as fit, then enlarged.

        Args:
            count: number of cells.
            least: minimum side, px.
            gap: between them, px.
            view: its width and height, px.
        """
        width, height = view
        columns = max(1, (width + gap) // (least + gap))
        side = max(least, (width + gap) // columns - gap) if width > least else least
        return cls(count, side, gap, width, height)

    def visible(self, offset: int, beyond: int = 0) -> range:
        """Return the rows in view at an offset, and some more at both ends."""
        first = offset // self.pitch - beyond
        last = (offset + self.height) // self.pitch + 1 + beyond
        return range(max(0, first), max(0, min(self.rows, last)))

    def corner(self, place: int) -> tuple[int, int]:
        """Return a cell's left and top, from the top of the first row."""
        row, column = divmod(place, self.columns)
        return column * self.pitch, row * self.pitch

    def place_at(self, x: int, y: int) -> int:
        """Return the cell at a point, from the top of the first row; -1 for none."""
        column, across = divmod(x, self.pitch)
        row, down = divmod(y, self.pitch)
        place = row * self.columns + column
        hit = max(across, down) < self.side and 0 <= column < self.columns
        return place if hit and row >= 0 and place < self.count else -1

    def places_within(
        self, left: int, top: int, right: int, bottom: int
    ) -> NDArray[np.int64]:
        """Return the cells that a rectangle touches, from the top of the first row."""
        columns = np.arange(max(0, left // self.pitch), right // self.pitch + 1)
        columns = columns[columns < self.columns]
        last = min(self.rows - 1, bottom // self.pitch)
        rows = np.arange(max(0, top // self.pitch), last + 1)
        places = (rows[:, None] * self.columns + columns).ravel()
        return places[places < self.count]

    def offset_showing(self, place: int, offset: int) -> int:
        """Return the nearest offset at which a cell is wholly in view."""
        top = self.corner(place)[1]
        lowest = top + self.side - self.height
        return max(0, min(self.deepest, max(min(offset, top), lowest)))
