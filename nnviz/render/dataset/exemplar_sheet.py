"""Sheets of exemplars: a row for each channel, with its top-activating patches."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.render.palette import SCREEN, Ink
from nnviz.render.text.paragraphs import Canvas, line_height, sheet, stamp

ROWS = 32
"""Channels on a sheet."""
_SIZE, _GAP, _MARGIN, _HEAD = 14, 4, 12, 150
_DIM = 0.35
_INSIDE = 0.5
"""Fraction of the highest activation from which a position is not dimmed."""


def exemplar_sheets(found: Exemplars, ink: Ink = SCREEN) -> Iterator[Canvas]:
    """Yield sheets of ``ROWS`` channels each, uint8 (H, W, 3).

    On the left the channel's index, the share of images that activate it and its
    highest activation; then the patches, strongest first.
    """
    for start in range(0, len(found.channels), ROWS):
        yield _sheet(found, range(start, min(start + ROWS, len(found.channels))), ink)


def _sheet(found: Exemplars, rows: range, ink: Ink) -> Canvas:
    count, side = found.patches.shape[1], found.patches.shape[2]
    pitch = side + _GAP
    title = line_height(_SIZE + 2) + _GAP
    height = 2 * _MARGIN + title + len(rows) * pitch
    canvas = sheet(height, 2 * _MARGIN + _HEAD + count * pitch, ink.ground)
    words = f"{found.model}, {found.layer}: what excites each channel most"
    stamp(canvas, (_MARGIN, _MARGIN), words, _SIZE + 2, color=ink.text, bold=True)
    for line, row in enumerate(rows):
        top = _MARGIN + title + line * pitch
        _name(canvas, found, row, top, ink)
        for index in range(count):
            left = _MARGIN + _HEAD + index * pitch
            canvas[top : top + side, left : left + side] = seen_patch(found, row, index)
    return canvas


def _name(canvas: Canvas, found: Exemplars, row: int, top: int, ink: Ink) -> None:
    answering = found.answering[row]
    share = "never active" if answering == 0 else f"active on {100 * answering:.0f} %"
    lines = (
        (f"channel {found.channels[row]}", ink.text),
        (share, ink.quiet),
        (f"maximum {found.values[row, 0]:.3g}", ink.quiet),
    )
    for number, (words, color) in enumerate(lines):
        place = (_MARGIN, top + number * line_height(_SIZE))
        stamp(canvas, place, words, _SIZE, color=color, bold=number == 0)


def seen_patch(found: Exemplars, row: int, place: int) -> Canvas:
    """Return a patch, dimmed where the channel's activation is below half of its peak.

    The map covers the network's whole input; the patch is a part of that.
    """
    patch: Canvas = found.patches[row, place]
    peak, heat = float(found.values[row, place]), found.maps[row, place]
    if peak <= 0 or heat.size == 1:
        return patch
    height, width = found.input_size
    left, top, right, bottom = (float(each) for each in found.boxes[row, place])
    side = len(patch)
    rows = _weights(top, bottom, height, heat.shape[0], side)
    columns = _weights(left, right, width, heat.shape[1], side)
    inside = rows @ heat @ columns.T >= _INSIDE * peak
    return np.where(inside[..., None], patch, patch * _DIM).astype(np.uint8)


def _weights(
    first: float, last: float, extent: int, cells: int, side: int
) -> NDArray[np.float64]:
    """Return linear interpolation weights of a map's cells for a patch's pixels.

    Bilinear along one axis: between the centers of cells the map is a ramp.
    """
    pixels = first + (np.arange(side) + 0.5) / side * (last - first)
    places = np.clip(pixels / extent * cells - 0.5, 0, cells - 1)
    return np.asarray(np.maximum(0, 1 - np.abs(places[:, None] - np.arange(cells))))
