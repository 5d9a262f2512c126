"""Rows of thumbnails, painted once and blitted while a wall of images scrolls."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.media.resize import resize_tiles
from nnviz.render.palette import Color

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Measures of a row of thumbnails, device px.

    Attributes:
        side: of a thumbnail.
        gap: right of and below each.
        width: of the whole row.
    """

    side: int
    gap: int
    width: int

    @property
    def pitch(self) -> int:
        """Distance from one thumbnail to the next, px."""
        return self.side + self.gap

    @property
    def columns(self) -> int:
        """Number of thumbnails in a row, at least one."""
        return max(1, (self.width + self.gap) // self.pitch)


def paint_row(thumbnails: Bytes, layout: RowLayout, backdrop: Color) -> Bytes:
    """Paint a row of thumbnails.

    Args:
        thumbnails: uint8 (N, S, S, 3), N <= ``layout.columns``.
        layout: sizes.
        backdrop: color of gaps and of the space right of the last.

    Returns:
        uint8 (``layout.pitch``, ``layout.width``, 3).
    """
    side, pitch, count = layout.side, layout.pitch, len(thumbnails)
    wide = max(layout.width, layout.columns * pitch)
    row = np.empty((pitch, wide, 3), np.uint8)
    row[:] = backdrop
    if count:
        tiles = resize_tiles(thumbnails, side)
        cells = row[:side, : count * pitch].reshape(side, count, pitch, 3)
        cells[:, :, :side] = tiles.transpose(1, 0, 2, 3)
    return np.ascontiguousarray(row[:, : layout.width])
