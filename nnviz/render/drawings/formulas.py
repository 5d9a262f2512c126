"""Formulas in mathtext, rendered without matplotlib's global state."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnviz.render.drawings.plots import DRAWING
from nnviz.render.palette import TEXT, Color

if TYPE_CHECKING:
    from matplotlib.mathtext import MathTextParser

FONTS = "stixsans"
"""Font of formulas, which matches the program's own."""
_POINTS = 72
_KEPT = 64


@lru_cache(maxsize=1)
def _parser() -> "MathTextParser[Any]":
    from matplotlib.mathtext import MathTextParser  # loaded when first used: 0.3 s

    return MathTextParser("agg")


@lru_cache(maxsize=_KEPT)
def formula_mask(formula: str, size: float) -> NDArray[np.uint8]:
    """Render a formula as a mask, uint8 (h, w), 255 where there is ink.

    Args:
        formula: mathtext, "$a^2$"; text outside of dollar signs is upright.
        size: font size, px.
    """
    from matplotlib import rc_context
    from matplotlib.font_manager import FontProperties

    with DRAWING, rc_context({"mathtext.fontset": FONTS}):
        parsed = _parser().parse(formula, _POINTS, FontProperties(size=size))
    mask = np.asarray(parsed.image, np.uint8)
    mask.flags.writeable = False
    return mask


def load_renderer() -> None:
    """Load what draws formulas, 0.5 s, so that the first one need not wait for it."""
    formula_mask("$x$", 12.0)


def fitted_mask(formula: str, size: float, width: float) -> NDArray[np.uint8]:
    """Render a formula as a mask, shrunk to a width."""
    mask = formula_mask(formula, size)
    if mask.shape[1] <= width:
        return mask
    return formula_mask(formula, max(1.0, size * width / mask.shape[1] - 0.1))


def rgba(mask: NDArray[np.uint8], color: Color = TEXT) -> NDArray[np.uint8]:
    """Color a mask, uint8 (h, w, 4), alpha not premultiplied."""
    painted = np.empty((*mask.shape, 4), np.uint8)
    painted[..., :3] = color
    painted[..., 3] = mask
    return painted
