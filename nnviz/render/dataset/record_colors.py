"""Colors of the records of a data set: by category, number or correctness."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.render.colormaps import Scale, apply, scale_of
from nnviz.render.maps import classes
from nnviz.render.palette import BROKEN, Color

Colors = NDArray[np.uint8]

RIGHT: Color = (92, 185, 143)
WRONG: Color = (240, 110, 90)
_TAILS = 99.0
"""Percentage of the numbers that the colors span, so that outliers do not flatten the
rest.
"""


def category_colors(values: NDArray[Any], names: tuple[str, ...]) -> Colors:
    """Return the color of each record's category; gray for none.

    Args:
        values: int (n,), into ``names``; -1 for none.
        names: of the categories.
    """
    table = np.vstack([classes.table(names).reshape(-1, 3), [BROKEN]]).astype(np.uint8)
    places = np.where((values >= 0) & (values < len(names)), values, len(names))
    colors: Colors = table[places]
    return colors


def number_colors(values: NDArray[Any], name: str) -> tuple[Colors, Scale]:
    """Map a number of each record to colors; return them and their range.

    Args:
        values: float (n,); values that are not finite become gray.
        name: of the color map.
    """
    scale = scale_of(values, signed=False, percentile=_TAILS)
    return apply(values.astype(np.float32), name, scale.low, scale.high), scale


def answer_colors(correct: NDArray[np.int8]) -> Colors:
    """Return colors of right (1), wrong (0) and unlabeled (-1) answers."""
    table = np.array([WRONG, RIGHT, BROKEN], np.uint8)
    return table[correct.astype(np.int64)]
