"""Colors of classes, the same for a name in boxes, masks, legends and tiles."""

import itertools
from collections.abc import Iterator
from functools import cache

from nnviz.base.results import BACKGROUNDS

Color = tuple[int, int, int]

PALETTE: tuple[Color, ...] = (
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


@cache
def class_colors(labels: tuple[str, ...]) -> tuple[Color, ...]:
    """Return a color for each of a network's classes, stable for a given name.

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
