"""The result kind Matrix: grids of numbers with operators between them."""

import re
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.results import Array, Result

Window = tuple[int, int, int, int]
"""Top, left, height and width of a rectangle of cells."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """A table of numbers within a ``Matrix``.

    Attributes:
        values: float64 (R, C), finite; cells not yet known are 0 and False in
            ``known``.
        title: shown above, "input"; names the array in files.
        operator: shown in front, "×", "="; empty for none.
        window: cells to frame; None for none.
        rows: a label for each row; () for none.
        columns: a label for each column; () for none.
        known: bool (R, C), cells whose number is known; None for all.
        faint: bool (R, C), cells that are not data, such as padding; None for none.
        colors: of the cells: "none", "signed" (diverging, zero in the middle) or
            "gray" (an image's pixels, lowest black).
        caption: one line below, "sum = 4"; may be empty.
        edits: name of the parameter (``cells_text`` of the grid) that flipping a cell
            changes, in a grid of two values; empty for a fixed grid.
        starts_line: whether the grid begins a new line; where none does, the available
            width decides.
    """

    values: NDArray[np.float64]
    title: str = ""
    operator: str = ""
    window: Window | None = None
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    known: NDArray[np.bool_] | None = None
    faint: NDArray[np.bool_] | None = None
    colors: Literal["none", "signed", "gray"] = "signed"
    caption: str = ""
    edits: str = ""
    starts_line: bool = False

    @classmethod
    def so_far(
        cls,
        values: NDArray[np.float64],
        known: NDArray[np.bool_],
        title: str,
        operator: str,
        window: Window | None = None,
    ) -> Self:
        """Build a grid whose unknown cells are hidden; arguments as the fields."""
        shown = np.where(known, values, 0.0)
        return cls(
            values=shown,
            title=title,
            operator=operator,
            known=known.copy(),
            window=window,
        )

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.values, self.known, self.faint):
            if array is not None:
                array.flags.writeable = False

    def is_known(self, row: int, column: int) -> bool:
        """Return whether the number of a cell is known."""
        return self.known is None or bool(self.known[row, column])

    def is_faint(self, row: int, column: int) -> bool:
        """Return whether a cell is padding, not data."""
        return self.faint is not None and bool(self.faint[row, column])

    @property
    def is_blank(self) -> bool:
        """Whether the grid can be drawn in and is still empty."""
        return bool(self.edits) and not (self.values > 0).any()

    def in_window(self, row: int, column: int) -> bool:
        """Return whether a cell lies in the framed window."""
        if self.window is None:
            return False
        top, left, height, width = self.window
        return top <= row < top + height and left <= column < left + width


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix(Result):
    """Grids of numbers side by side, as an equation: input × kernel → output.

    Attributes:
        grids: at least one, in reading order.
        answer: index of the grid that is the result: the main array.
        formula: mathtext with values substituted, shown below the grids; may be empty.
    """

    grids: tuple[Grid, ...]
    answer: int = -1
    formula: str = ""

    def arrays(self) -> dict[str, Array]:
        """Return the last grid as the main array, and every other grid by its title."""
        main = self.grids[self.answer]
        others = {
            re.sub(r"\W+", "_", grid.title.lower()).strip("_") or f"grid{index}": grid
            for index, grid in enumerate(self.grids)
            if grid is not main
        }
        return {"": main.values} | {k: grid.values for k, grid in others.items()}


INK, EMPTY = "#", "."
"""Cells of a drawing as text: one letter a cell, rows separated by slashes."""


def cells_text(cells: NDArray[np.bool_]) -> str:
    """Return a drawing (R, C) as text, "#.#/.#."; empty where nothing is drawn."""
    if not cells.any():
        return ""
    return "/".join("".join(INK if cell else EMPTY for cell in row) for row in cells)


def parse_cells(text: str, rows: int, columns: int, option: str) -> NDArray[np.bool_]:
    """Parse a drawing as bool (rows, columns); empty text is an empty drawing.

    Args:
        text: as ``cells_text`` writes it; missing cells at the end are empty.
        rows: number of rows.
        columns: number of columns.
        option: name of the parameter, for errors.

    Raises:
        UsageError: an unknown letter, or too many rows or columns.
    """
    lines = text.replace(" ", "").split("/")
    remedy = f"write rows of {INK} and {EMPTY} with slashes between"
    odd = sorted(set("".join(lines)) - {INK, EMPTY})
    if odd:
        raise UsageError(option, f"{odd[0]!r} is not a cell", remedy)
    if len(lines) > rows or max(map(len, lines)) > columns:
        size = f"{len(lines)} × {max(map(len, lines))}"
        raise UsageError(option, f"{size} cells", f"at most {rows} × {columns}")
    cells = np.zeros((rows, columns), bool)
    for index, line in enumerate(lines):
        cells[index, : len(line)] = [letter == INK for letter in line]
    return cells
