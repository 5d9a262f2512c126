"""The colours of classes: boxes, masks, legends."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from nnviz.render.palette import BACKGROUND, TEXT, Colour

PALETTE: tuple[Colour, ...] = (
    (90, 180, 230),
    (230, 160, 0),
    (230, 30, 100),
    (160, 70, 250),
    (130, 250, 180),
    (250, 130, 150),
    (130, 120, 180),
    (250, 220, 0),
    (230, 100, 10),
    (30, 230, 250),
    (160, 130, 250),
    (200, 200, 130),
    (250, 0, 180),
    (0, 200, 190),
    (40, 180, 120),
    (190, 90, 140),
    (0, 160, 0),
    (100, 150, 210),
    (200, 20, 220),
    (180, 210, 60),
)
"""Each is as far as can be from all before it, in Oklab, to normal sight and as the
colour-blind see it (Machado 2009, protanopia and deuteranopia), among colours light
enough to show on photographs."""
_LIGHT_FROM = 0.18
"""Relative luminance from which dark letters have more contrast than light ones."""


def colour_of(index: int) -> Colour:
    """Return the colour of a class; the same for the same index, always."""
    return PALETTE[index % len(PALETTE)]


def table(count: int) -> NDArray[np.uint8]:
    """Return the colours of the first classes, uint8 (count, 3)."""
    places = np.arange(count) % len(PALETTE)
    return np.array(PALETTE, np.uint8)[places]


@cache
def ink_on(colour: Colour) -> Colour:
    """Return the colour, dark or light, in which words are read best on another."""
    return BACKGROUND if luminance(colour) > _LIGHT_FROM else TEXT


def luminance(colour: Colour) -> float:
    """Return the relative luminance of an sRGB colour, in [0, 1] (WCAG 2.1)."""
    shares = np.asarray(colour, np.float64) / 255
    linear = np.where(
        shares <= 0.04045,  # noqa: PLR2004 - of the sRGB standard
        shares / 12.92,
        ((shares + 0.055) / 1.055) ** 2.4,
    )
    return float(linear @ (0.2126, 0.7152, 0.0722))
