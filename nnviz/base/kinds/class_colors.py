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
"""Each color maximizes the least distance in Oklab to those before it, for normal and
color-blind vision (Machado 2009, protanopia and deuteranopia), among colors light
enough to stand out on images.
"""
_EVERYDAY = {
    name: index
    for index, names in enumerate(
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
"""Classes common to Pascal VOC and COCO, in COCO's order."""


@cache
def class_colors(labels: tuple[str, ...]) -> tuple[Color, ...]:
    """Return a color for each of a network's classes, stable for a given name.

    Everyday things have fixed colors.  Other classes get the remaining colors in order;
    a background class is not counted, so that a detector's first class and a
    segmenter's agree.

    Args:
        labels: names of all classes, in the network's order.
    """
    taken = {_EVERYDAY[name] for name in labels if name in _EVERYDAY}
    places = [index for index in range(len(PALETTE)) if index not in taken]
    free = itertools.cycle(places or range(len(PALETTE)))
    return tuple(PALETTE[_place(name, free)] for name in labels)


def _place(name: str, free: Iterator[int]) -> int:
    if name in BACKGROUNDS:
        return 0  # never painted
    return _EVERYDAY[name] if name in _EVERYDAY else next(free)
