"""Stickers that lie on a picture: their files opened, pasted, what they cover."""

from collections.abc import Callable, Iterable

import numpy as np

from nnviz.base.errors import InputError
from nnviz.base.images import Image, Pixels
from nnviz.base.placed import Cut, Placed
from nnviz.base.stickers import Placement, Size
from nnviz.media.stickers import cut_out, open_sticker, pasted, solid

Layer = tuple[Image, Placement, float]
"""A sticker, where it lies, and its opacity."""
Open = Callable[[str], Image]
_SOLID_SIDE = 512
_COARSE = 512
"""Longer side of the picture on which it is measured what stickers cover, px."""


def open_cut(cut: Cut, open_file: Open = open_sticker) -> Image:
    """Return a sticker.

    Args:
        cut: what it is.
        open_file: opens a picture file.

    Raises:
        InputError: its file cannot be read, is no picture, or a colour is misspelt.
    """
    if cut.is_colour:
        return solid(cut.colour, cut.outline, _SOLID_SIDE)
    if cut.source.startswith("#"):
        raise InputError(cut.source, "is no colour", "write it as #rrggbb")
    return cut_out(open_file(cut.source), cut.outline)


def open_placed(
    stickers: Iterable[Placed], open_file: Open = open_sticker
) -> tuple[Layer, ...]:
    """Return stickers as ``paste_layers`` takes them; see ``open_cut``."""
    return tuple(
        (open_cut(each.cut, open_file), each.placement, each.opacity)
        for each in stickers
    )


def paste_layers(pixels: Pixels, layers: Iterable[Layer]) -> Pixels:
    """Return pixels (H, W, 1 or 3) with stickers on them, in their own depth."""
    for sticker, placement, opacity in layers:
        pixels = pasted(pixels, sticker, placement, opacity)
    return pixels


def covered(size: Size, layers: Iterable[Layer]) -> float:
    """Return the share of a picture that lies below stickers, in [0, 1].

    What lies below two counts once; what is half transparent counts half.

    Args:
        size: height and width of the picture, px.
        layers: what lies on it.
    """
    shrink = min(1.0, _COARSE / max(size))
    sides = [max(1, round(side * shrink)) for side in size]
    bare = np.zeros((sides[0], sides[1], 1), np.float32)
    white = ((_whitened(sticker), at, opacity) for sticker, at, opacity in layers)
    return float(paste_layers(bare, white).mean())


def _whitened(sticker: Image) -> Image:
    white = np.full_like(sticker.pixels, 255)
    return Image(white, sticker.name, sticker.sha256, "", sticker.alpha)
