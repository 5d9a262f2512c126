"""Stickers placed on an image: opened, composited, their coverage measured."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from nnviz.base.errors import InputError
from nnviz.base.images import Image, Pixels
from nnviz.base.stickers.placed import Cut, Placed
from nnviz.base.stickers.placement import Outline, Placement, Size
from nnviz.media.decode import open_image
from nnviz.media.files import check_file
from nnviz.media.stickers.cutting import cut_out, pasted, solid

Layer = tuple[Image, Placement, float]
"""A sticker, its placement and its opacity."""
_GRAY_OR_COLOR = {1, 3}
_SOLID_SIDE = 512
_KEPT = 16
"""Number of cached stickers: dragging one opens it at every step."""
_COARSE = 256
"""Longer side of the image on which coverage is measured, px."""


def open_cut(cut: Cut) -> Image:
    """Open a sticker, cached until its file changes.

    Raises:
        InputError: its file cannot be read, is no image, or a color is misspelt.
    """
    if cut.is_color:
        return _solid(cut)
    return _cut(image_of(cut.source), cut.outline)


def image_of(source: str) -> Image:
    """Open the image that a sticker is cut from, cached until its file changes.

    Raises:
        InputError: its file cannot be read, is no image, or a color is misspelt.
    """
    if source.startswith("#"):
        raise InputError(source, "is not a color", "write it as #rrggbb")
    path = Path(source).expanduser()
    check_file(path)
    return _opened(path, path.stat().st_mtime_ns)


def open_placed(stickers: Iterable[Placed]) -> tuple[Layer, ...]:
    """Open placed stickers for ``paste_layers``; see ``open_cut``."""
    return tuple(
        (open_cut(each.cut), each.placement, each.opacity) for each in stickers
    )


def paste_layers(pixels: Pixels, layers: Iterable[Layer]) -> Pixels:
    """Composite stickers onto pixels (H, W, 1 or 3), in their own depth.

    Raises:
        InputError: the image is neither gray nor colored.
    """
    if pixels.shape[2] not in _GRAY_OR_COLOR:
        raise InputError(
            "stickers", f"the image has {pixels.shape[2]} channels", "choose another"
        )
    for sticker, placement, opacity in layers:
        pixels = pasted(pixels, sticker, placement, opacity)
    return pixels


def covered(size: Size, layers: Iterable[Layer]) -> float:
    """Return the share of an image that stickers cover, in [0, 1].

    Overlaps count once; half transparent pixels count half.

    Args:
        size: height and width of the image, px.
        layers: stickers on the image.
    """
    shrink = min(1.0, _COARSE / max(size))
    sides = [max(1, round(side * shrink)) for side in size]
    bare = np.zeros((sides[0], sides[1], 1), np.float32)
    white = ((_whitened(sticker), at, opacity) for sticker, at, opacity in layers)
    return float(paste_layers(bare, white).mean())


@lru_cache(_KEPT)
def _solid(cut: Cut) -> Image:
    return solid(cut.color, cut.outline, _SOLID_SIDE)


@lru_cache(_KEPT)
def _opened(path: Path, _changed: int) -> Image:
    return open_image(path)


@lru_cache(_KEPT)
def _cut(picture: Image, outline: Outline) -> Image:
    return cut_out(picture, outline)


@lru_cache(_KEPT)
def _whitened(sticker: Image) -> Image:
    white = np.full_like(sticker.pixels, 255)
    return Image(white, sticker.name, sticker.sha256, "", sticker.alpha)
