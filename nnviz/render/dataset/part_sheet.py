"""Sheets of NMF parts: a row for each part, with the images that contain most of it."""

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.concepts import ConceptParts
from nnviz.render.palette import SCREEN, Ink
from nnviz.render.text.paragraphs import Canvas, line_height, sheet, stamp

_SIDE, _SIZE, _GAP, _MARGIN, _HEAD = 96, 14, 4, 12, 110
_DIM = 0.3


def _write_head(canvas: Canvas, top: int, words: tuple[str, str], ink: Ink) -> None:
    """Draw a part's name and share at the left of its row."""
    name, share = words
    stamp(canvas, (_MARGIN, top), name, _SIZE, color=ink.text, bold=True)
    place = (_MARGIN, top + line_height(_SIZE))
    stamp(canvas, place, share, _SIZE, color=ink.quiet)


def part_sheet(
    found: ConceptParts, thumbnails: NDArray[np.uint8], ink: Ink = SCREEN
) -> Canvas:
    """Paint the sheet, uint8 (H, W, 3).

    The map is stretched over the whole thumbnail, as if the network saw the whole
    image.

    Args:
        found: the parts.
        thumbnails: (r, k, side, side, 3), thumbnails of each part's images.
        ink: of the page.
    """
    rows, columns = found.top.shape
    pitch = _SIDE + _GAP
    width = 2 * _MARGIN + _HEAD + columns * pitch
    canvas = sheet(2 * _MARGIN + rows * pitch, width, ink.ground)
    for row in range(rows):
        top = _MARGIN + row * pitch
        _write_head(
            canvas, top, (f"part {row}", f"{100 * found.shares[row]:.1f} % of all"), ink
        )
        for column in range(columns):
            left = _MARGIN + _HEAD + column * pitch
            heat = found.maps[found.top[row, column], ..., row]
            lit = lit_thumbnail(thumbnails[row, column], heat)
            canvas[top : top + _SIDE, left : left + _SIDE] = lit
    return canvas


def lit_thumbnail(thumbnail: NDArray[np.uint8], heat: NDArray[np.float32]) -> Canvas:
    """Return a thumbnail at the tile's size, dimmed where a part is weak.

    Args:
        thumbnail: (side, side, 3).
        heat: (h, w), over the whole of it.
    """
    side = len(thumbnail)
    pixels = np.arange(_SIDE)
    large = thumbnail[pixels[:, None] * side // _SIDE, pixels[None] * side // _SIDE]
    rows = pixels[:, None] * heat.shape[0] // _SIDE
    strength = heat[rows, pixels[None] * heat.shape[1] // _SIDE]
    light = _DIM + (1 - _DIM) * strength / (heat.max() or 1)
    return np.asarray(large * light[..., None], np.uint8)
