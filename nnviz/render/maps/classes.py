"""The colors of classes: boxes, masks, legends."""

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import BACKGROUNDS
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
color-blind see it (Machado 2009, protanopia and deuteranopia), among colors light
enough to show on images."""
_EVERYDAY = {
    name: place
    for place, names in enumerate(
        (
            ("person",),
            ("bicycle",),
            ("car",),
            ("motorcycle", "motorbike"),
            ("airplane", "aeroplane"),
            ("bus",),
            ("train",),
            ("boat",),
            ("bird",),
            ("cat",),
            ("dog",),
            ("horse",),
            ("sheep",),
            ("cow",),
            ("bottle",),
            ("chair",),
            ("couch", "sofa"),
            ("potted plant", "pottedplant"),
            ("dining table", "diningtable"),
            ("tv", "tvmonitor"),
        )
    )
    for name in names
}
"""What Pascal VOC's segmenters and COCO's detectors both know, in COCO's order."""
_LIGHT_FROM = 0.18
"""Relative luminance from which dark letters have more contrast than light ones."""


@cache
def colours_of(labels: tuple[str, ...]) -> tuple[Colour, ...]:
    """Return the colors of a network's classes; the same for the same name, always.

    Everyday things have one of their own.  Other classes get, in turn, those that are
    left: a detector's first is a segmenter's, whose labels begin with the background.

    Args:
        labels: all names that the network knows, in its order.
    """
    taken = {_EVERYDAY[name] for name in labels if name in _EVERYDAY}
    places = [place for place in range(len(PALETTE)) if place not in taken]
    free = itertools.cycle(places or range(len(PALETTE)))
    return tuple(PALETTE[_place(name, free)] for name in labels)


def _place(name: str, free: Iterator[int]) -> int:
    if name in BACKGROUNDS:
        return 0  # never painted
    return _EVERYDAY[name] if name in _EVERYDAY else next(free)


def table(labels: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return the colors of all classes, uint8 (K, 3)."""
    return np.array(colours_of(labels), np.uint8)


@cache
def ink_on(colour: Colour) -> Colour:
    """Return the color, dark or light, in which words are read best on another."""
    return BACKGROUND if luminance(colour) > _LIGHT_FROM else TEXT


def luminance(colour: Colour) -> float:
    """Return the relative luminance of an sRGB color, in [0, 1] (WCAG 2.1)."""
    shares = np.asarray(colour, np.float64) / 255
    linear = np.where(
        shares <= 0.04045,  # noqa: PLR2004 - of the sRGB standard
        shares / 12.92,
        ((shares + 0.055) / 1.055) ** 2.4,
    )
    return float(linear @ (0.2126, 0.7152, 0.0722))
