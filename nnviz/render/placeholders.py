"""Placeholders for missing results of a board, with the reason."""

import numpy as np

from nnviz.base.images import Image, rgb8, to_float
from nnviz.base.results import ColorImage
from nnviz.render import fitting
from nnviz.render.text import paragraphs as text

_WIDTH = 360
_SIZE = 20
_GROUND = 128
_VEIL = 0.82
_MARGIN = 14
_INK = (245, 245, 245)
_SHADE = 70
"""Amount by which the background is darker than middle gray, for legible text."""


def placeholder(image: Image, words: str) -> ColorImage:
    """Return the image behind a gray veil, with text over it.

    Args:
        image: image, which sets the shape.
        words: why there is no result; broken into lines.
    """
    height = max(120, round(_WIDTH * image.size[0] / image.size[1]))
    photo = fitting.show(rgb8(image.pixels), (height, _WIDTH))
    gray = np.full_like(photo, _GROUND - _SHADE)
    sheet = (photo * (1 - _VEIL) + gray * _VEIL).astype(np.uint8)
    pitch = text.line_height(_SIZE)
    room = max(1, (height - _MARGIN) // pitch)
    lines = text.wrap(words, _WIDTH - 2 * _MARGIN, _SIZE)[:room]
    top = (height - pitch * len(lines)) // 2
    for n, line in enumerate(lines):
        at = _WIDTH // 2, top + n * pitch
        text.stamp(sheet, at, line, _SIZE, color=_INK, align="centre")
    return ColorImage(pixels=to_float(sheet))
