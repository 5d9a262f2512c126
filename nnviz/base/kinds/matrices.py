"""The result kind Matrix: grids of numbers with operators between them."""

import re
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Array, Result

Window = tuple[int, int, int, int]
"""Top, left, height and width of a rectangle of cells."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Numbers in cells: one table of a ``Matrix``.

    Attributes:
        values: float64 (R, C), finite; what is not known yet is 0 and not ``known``.
        title: above it, "input"; names the array in files.
        operator: in front of it, "×", "="; empty for none.
        window: cells to frame; None for none.
        rows: a label for each row; () for none.
        columns: a label for each column; () for none.
        known: bool (R, C), cells that have their number; None for all.
        faint: bool (R, C), cells that are not data, such as padding; None for none.
        colors: of the cells: "none", "signed" (diverging, zero in the middle) or
            "gray" (an image's pixels, lowest black).
        caption: one line below, "sum = 4"; may be empty.
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

    @classmethod
    def so_far(
        cls,
        values: NDArray[np.float64],
        known: NDArray[np.bool_],
        title: str,
        operator: str,
        window: Window | None = None,
    ) -> Self:
        """Return a grid that hides what is not known yet; arguments as the fields."""
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
        """Tell whether a cell has its number."""
        return self.known is None or bool(self.known[row, column])

    def is_faint(self, row: int, column: int) -> bool:
        """Tell whether a cell is padding, not data."""
        return self.faint is not None and bool(self.faint[row, column])

    def in_window(self, row: int, column: int) -> bool:
        """Tell whether a cell lies in the framed window."""
        if self.window is None:
            return False
        top, left, height, width = self.window
        return top <= row < top + height and left <= column < left + width


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix(Result):
    """Grids of numbers beside each other, as an equation: input × kernel → output.

    Attributes:
        grids: at least one, in reading order.
        answer: index of the grid that is the result: the main array.
        formula: mathtext with its values put in, below the grids; may be empty.
    """

    grids: tuple[Grid, ...]
    answer: int = -1
    formula: str = ""

    def arrays(self) -> dict[str, Array]:
        """Return the answer as the main array, and every other grid by its title."""
        main = self.grids[self.answer]
        others = {
            re.sub(r"\W+", "_", grid.title.lower()).strip("_") or f"grid{place}": grid
            for place, grid in enumerate(self.grids)
            if grid is not main
        }
        return {"": main.values} | {k: grid.values for k, grid in others.items()}
