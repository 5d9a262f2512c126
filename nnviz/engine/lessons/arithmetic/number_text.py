"""Text notation of matrices: rows separated by semicolons, numbers by spaces."""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError

Floats = NDArray[np.float64]
_REMEDY = "write rows with semicolons between: 1 0 -1; 2 0 -2; 1 0 -1"
_LARGEST = 1e9


def parse_matrix(text: str, option: str, largest: int = 32) -> Floats:
    """Parse a matrix: "1 0 -1; 2 0 -2".

    Args:
        text: at least one number in each row, all rows of one length.
        option: name of the parameter, for errors.
        largest: maximum number of rows and of columns.

    Returns:
        float64 (R, C).

    Raises:
        UsageError: not numbers, rows of different lengths, or too many.
    """
    rows = [row.replace(",", " ").split() for row in text.strip(" ;\n").split(";")]
    try:
        values = np.array([[float(word) for word in row] for row in rows], np.float64)
    except ValueError:
        odd = _odd_word(rows)
        reason = f"{odd!r} is not a number" if odd else "its rows differ in length"
        raise UsageError(option, reason, _REMEDY) from None
    if not values.size:
        raise UsageError(option, "is empty", _REMEDY)
    if max(values.shape) > largest:
        size = f"{values.shape[0]} × {values.shape[1]} are too many numbers"
        raise UsageError(option, size, f"at most {largest} × {largest}")
    if not np.abs(values).max() <= _LARGEST:
        raise UsageError(option, "holds a number that is too large", _REMEDY)
    return values


def matrix_text(values: Floats) -> str:
    """Format a matrix in the notation of ``parse_matrix``."""
    return "; ".join(" ".join(f"{value:g}" for value in row) for row in values)


def _odd_word(rows: list[list[str]]) -> str:
    for word in (word for row in rows for word in row):
        try:
            float(word)
        except ValueError:
            return word
    return ""
