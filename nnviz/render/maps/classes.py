"""Class colors as a table, and legible text colors on them."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from nnviz.base.kinds.class_colors import PALETTE, class_colors
from nnviz.render.palette import BACKGROUND, TEXT, Color

__all__ = ["PALETTE", "class_colors", "ink_on", "luminance", "table"]

_LIGHT_FROM = 0.18
"""Relative luminance from which dark text has more contrast than light text."""


def table(labels: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return the table of class colors, uint8 (K, 3)."""
    return np.array(class_colors(labels), np.uint8)


@cache
def ink_on(color: Color) -> Color:
    """Return the text color, dark or light, that is more legible on a color."""
    return BACKGROUND if luminance(color) > _LIGHT_FROM else TEXT


def luminance(color: Color) -> float:
    """Return the relative luminance of an sRGB color, in [0, 1] (WCAG 2.1)."""
    shares = np.asarray(color, np.float64) / 255
    linear = np.where(
        shares <= 0.04045,  # noqa: PLR2004 - of the sRGB standard
        shares / 12.92,
        ((shares + 0.055) / 1.055) ** 2.4,
    )
    return float(linear @ (0.2126, 0.7152, 0.0722))
