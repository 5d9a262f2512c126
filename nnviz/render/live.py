"""Fast composition of video frames with their results, for recordings.

On two cores of a server a 720p frame takes some milliseconds; nothing depends on
earlier frames.
"""

from functools import singledispatch

import numpy as np

from nnviz.base.frames import Frame
from nnviz.base.images import Image, rgb8
from nnviz.base.results import (
    Boxes,
    ColorImage,
    Heatmap,
    Mask,
    Mosaic,
    Ranking,
    Report,
    Result,
)
from nnviz.render import bars, boxes, colormaps, fitting, legends, sheets
from nnviz.render.maps import masks, overlays
from nnviz.render.palette import BACKGROUND, BROKEN, EMPTY
from nnviz.render.text import paragraphs as text
from nnviz.render.text.paragraphs import Canvas

_ROWS = 5
"""Maximum number of a ranking's rows that are shown."""
_BARS_SHARE, _NARROWEST = 0.3, 220
"""Width of the bars: a fraction of the frame's width, and the minimum, px."""
_VEIL = 0.82
"""Opacity of the background below text."""


def compose(report: Report | None, image: Image, *, height: int) -> Canvas:
    """Draw a result onto its frame.

    A color image replaces the frame; objects, segments and a map are drawn over it, a
    ranking in a corner, a mosaic next to it.  The size depends on the frame's shape and
    the kinds of results only, so that all frames of a video have the same.

    Args:
        report: results for the frame; None for the frame alone.
        image: the frame.
        height: of the image, px; made even, as video codecs require.

    Returns:
        uint8 (H, W, 3), both even; the frame's own pixels where nothing is drawn.
    """
    frame = _sized(rgb8(image.pixels), height)
    beside: list[Canvas] = []
    results = _over_each_other(report) if report is not None else ()
    for index, result in enumerate(results):
        if isinstance(result, Ranking) and index:
            frame = _with_bars(result, frame, top=True)
        else:
            frame = _lay(result, frame, image.size)
        if isinstance(result, Mosaic) and len(result.order):
            beside.append(_mosaic(result, frame.shape[0]))
    return np.hstack([frame, *beside]) if beside else frame


def _over_each_other(report: Report) -> tuple[Result, ...]:
    """Return the results to draw; of several maps, which would hide another, the first.

    Grad-CAM gives its map interpolated, and as it is.
    """
    first = report.first(Heatmap)
    return tuple(
        each
        for each in report.values()
        if each is first or not isinstance(each, Heatmap)
    )


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)


def _sized(pixels: Canvas, height: int) -> Canvas:
    """Resize the frame to a height."""
    tall = _even(height)
    return fitting.smoothly(
        pixels, (tall, _even(pixels.shape[1] * tall / pixels.shape[0]))
    )


@singledispatch
def _lay(result: Result, frame: Canvas, photo: tuple[int, int]) -> Canvas:
    """Draw a result onto the frame; kinds that do not lie over an image draw nothing.

    Args:
        result: any kind.
        frame: uint8 (H, W, 3), left as it is.
        photo: height and width of the photo that the result refers to, px.
    """
    del result, photo
    return frame


@_lay.register
def _(result: Boxes, frame: Canvas, photo: tuple[int, int]) -> Canvas:
    drawn = boxes.draw(frame, result, photo)
    if not len(result.boxes):
        _say(drawn, boxes.summary(result))
    elif result.tracks is not None and result.tracks.line_words:
        _say(drawn, result.tracks.line_words)
    return drawn


@_lay.register
def _(result: Mask, frame: Canvas, photo: tuple[int, int]) -> Canvas:
    del photo
    drawn = masks.draw(frame, result)
    size = boxes.text_size((frame.shape[0], frame.shape[1]))
    width = drawn.shape[1] - 4 * size
    _plate(drawn, legends.classes(result, width, size=size), size)
    return drawn


@_lay.register
def _(result: Heatmap, frame: Canvas, photo: tuple[int, int]) -> Canvas:
    del photo
    if result.frame is None:
        return frame
    whole = colormaps.scale_of(result.values, signed=result.signed)
    scale = sheets.robust_scale(result.values, whole)
    drawn = overlays.blend(frame, result, scale)
    size = boxes.text_size((frame.shape[0], frame.shape[1]))
    _plate(drawn, legends.color_bar(scale, result.unit, 30 * size, size=size), size)
    return drawn


@_lay.register
def _(result: ColorImage, frame: Canvas, photo: tuple[int, int]) -> Canvas:
    del photo
    if result.frame is not Frame.PHOTO:
        return frame
    return fitting.smoothly(rgb8(result.pixels), (frame.shape[0], frame.shape[1]))


@_lay.register
def _(result: Ranking, frame: Canvas, photo: tuple[int, int]) -> Canvas:
    del photo
    return _with_bars(result, frame)


def _with_bars(result: Ranking, frame: Canvas, *, top: bool = False) -> Canvas:
    """Draw the top of a ranking in a corner of the frame."""
    size = boxes.text_size((frame.shape[0], frame.shape[1]))
    width = min(
        max(_NARROWEST, round(frame.shape[1] * _BARS_SHARE)), frame.shape[1] - 2 * size
    )
    best = Ranking(
        labels=result.labels[:_ROWS],
        values=result.values[:_ROWS],
        indices=result.indices[:_ROWS],
        unit=result.unit,
        limits=result.limits,
    )
    drawn = frame.copy()
    _plate(drawn, bars.ranking(best, width, size=size), size, top=top)
    return drawn


def _say(frame: Canvas, words: str) -> None:
    size = boxes.text_size((frame.shape[0], frame.shape[1]))
    width = text.width_of(words, size)
    _plate(frame, text.paragraph(words, width, size, BACKGROUND), size)


def _plate(frame: Canvas, words: Canvas, pad: int, *, top: bool = False) -> None:
    """Draw words on a dark plate into the lower or upper left corner."""
    import cv2

    height, width = words.shape[0] + pad, words.shape[1] + 2 * pad
    plate = text.sheet(height, width, BACKGROUND)
    plate[pad // 2 : pad // 2 + words.shape[0], pad : pad + words.shape[1]] = words
    bottom = min(pad + height, frame.shape[0]) if top else frame.shape[0] - pad
    region = frame[max(0, bottom - height) : bottom, pad : pad + width]
    plate = plate[-region.shape[0] :, : region.shape[1]]
    cv2.addWeighted(plate, _VEIL, region, 1 - _VEIL, 0, dst=region)


def _mosaic(mosaic: Mosaic, height: int) -> Canvas:
    """Paint a mosaic as a square of the frame's height, on one robust scale."""
    import cv2

    count, tile = len(mosaic.order), mosaic.tiles.shape[1:3]
    room = float(height), float(height)
    columns = sheets.columns_for(count, sheets.layout_of(count, tile, 1).pitch, room)
    size = sheets.layout_of(count, tile, columns).size
    factor = max(1, min(int(max(size) / height), *tile))
    pixels = _colored(sheets.shrunk(mosaic, factor), columns)
    ratio = height / max(pixels.shape[:2])
    wanted = max(1, int(pixels.shape[1] * ratio)), max(1, int(pixels.shape[0] * ratio))
    # The values were averaged already: bilinear interpolation does for the rest.
    way = cv2.INTER_NEAREST if ratio >= 1 else cv2.INTER_LINEAR
    shown = cv2.resize(pixels, wanted, interpolation=way)
    square = text.sheet(height, height, BACKGROUND)
    top, left = (height - wanted[1]) // 2, (height - wanted[0]) // 2
    square[top : top + wanted[1], left : left + wanted[0]] = shown
    return square


def _colored(mosaic: Mosaic, columns: int) -> Canvas:
    scale = None
    if mosaic.shared_scale:
        values = sheets.shown_tiles(mosaic)
        whole = colormaps.scale_of(values, signed=mosaic.signed)
        scale = sheets.robust_scale(values, whole)
    rows = sheets.indices_of(mosaic, sheets.color_limits(mosaic, scale))
    table = sheets.table_of(mosaic, BACKGROUND, EMPTY, BROKEN)
    sheet = sheets.sheet_of(mosaic, rows, columns, table, BACKGROUND)
    if sheet.table is None:
        return sheet.pixels
    return sheet.table.take(sheet.pixels, axis=0, mode="clip")
