"""Results as pictures with captions and legends: what is saved, shown and printed."""

from functools import singledispatch

import numpy as np

from nnviz.base.images import Image
from nnviz.base.results import (
    Curves,
    Heatmap,
    Mosaic,
    Picture,
    Ranking,
    Report,
    Result,
    Table,
    Text,
)
from nnviz.render import (
    bars,
    charts,
    colormaps,
    legends,
    mosaics,
    overlays,
    pictures,
    tables,
    text,
)
from nnviz.render.palette import BACKGROUND, LINE, MUTED, TEXT, WARNING
from nnviz.render.text import Canvas
from nnviz.render.words import extent, plural

WIDTH = 960
"""Default width of a page, px; words grow with wider pages."""
_HIGHEST = 0.9
"""Most of its width that a picture may be high."""


def _unit(width: int) -> float:
    """Return the factor by which words and margins grow with the page."""
    return max(0.75, width / WIDTH)


def _px(size: float, width: int) -> int:
    return round(size * _unit(width))


@singledispatch
def paint(result: Result, image: Image | None = None, width: int = WIDTH) -> Canvas:
    """Paint a result with its caption and legend.

    Args:
        result: any kind.
        image: the photograph, for results that lie over it.
        width: px.

    Returns:
        uint8 (h, width, 3), no margin.

    Raises:
        TypeError: a kind without a painter.
    """
    del image, width
    raise TypeError(f"{type(result).__name__} cannot be painted")


@paint.register
def _(result: Ranking, image: Image | None = None, width: int = WIDTH) -> Canvas:
    size = _px(15, width)
    if image is None:
        return bars.ranking(result, width, size=size)
    left, right, gap = _halves(width, share=0.42)
    photo = _photo(image, left)
    rows = bars.ranking(result, right, size=size)
    return _beside(photo, rows, gap, middle=True)


@paint.register
def _(result: Heatmap, image: Image | None = None, width: int = WIDTH) -> Canvas:
    size = _px(13, width)
    scale = colormaps.scale_of(result.values, signed=result.signed)
    caption = f"{extent(result.values.shape)} places"
    if image is None or result.frame is None:
        legend = legends.colour_bar(scale, result.unit, width, size=size)
        whole = _plain_map(result, scale, width)
        return _below(whole, _captioned(legend, caption, width))
    left, right, gap = _halves(width)
    photo = pictures.rgb8(image.pixels)
    shape = pictures.fitted(photo.shape[:2], (int(left * 1.25), left))
    shown = pictures.show(photo, shape)
    over = _padded(overlays.blend(shown, result, scale), right)
    legend = legends.colour_bar(scale, result.unit, right, size=size)
    explained = _below(over, _captioned(legend, caption, right))
    return _beside(_padded(shown, left), explained, gap)


@paint.register
def _(result: Picture, image: Image | None = None, width: int = WIDTH) -> Canvas:
    pixels = pictures.rgb8(result.pixels)
    if image is None or result.frame is None:
        return _padded(_fit(pixels, width), width)
    left, right, gap = _halves(width)
    return _beside(_photo(image, left), _padded(_fit(pixels, right), right), gap)


@paint.register
def _(result: Mosaic, image: Image | None = None, width: int = WIDTH) -> Canvas:
    del image
    shown = result.tiles[result.order]
    scale = colormaps.scale_of(shown, signed=result.signed)
    factor = _shrink_factor(result, width)
    painted = mosaics.paint(
        mosaics.reduced(result, factor),
        width,
        scale=scale if result.shared_scale else None,
        captions=True,
    )
    words = _mosaic_words(result, factor)
    size = _px(13, width)
    body = _padded(painted.pixels[:, :width], width)
    if not result.shared_scale and not scale.flat:
        own = f"each {result.noun} on its own scale · {words}"
        below = text.paragraph(own, width, size, BACKGROUND, colour=MUTED)
        return _below(body, below)
    name = "grey" if shown.ndim == 4 else ""  # noqa: PLR2004
    legend = legends.colour_bar(scale, result.unit, width, colormap=name, size=size)
    return _below(body, _captioned(legend, words, width))


@paint.register
def _(result: Curves, image: Image | None = None, width: int = WIDTH) -> Canvas:
    del image
    return charts.curves(result, width, size=_px(13, width))


@paint.register
def _(result: Table, image: Image | None = None, width: int = WIDTH) -> Canvas:
    del image
    return tables.table(result, width, size=_px(13, width))


@paint.register
def _(result: Text, image: Image | None = None, width: int = WIDTH) -> Canvas:
    del image
    size = _px(14, width)
    if not result.warning:
        return text.paragraph(result.text, width, size, BACKGROUND)
    words = text.paragraph(result.text, width - size, size, BACKGROUND)
    canvas = text.sheet(len(words), width, BACKGROUND)
    canvas[:, size:] = words
    canvas[:, : max(2, size // 5)] = WARNING
    return canvas


def paint_report(
    report: Report,
    image: Image | None = None,
    width: int = WIDTH,
    title: str = "",
) -> Canvas:
    """Paint a whole report as one page: title, main result, the others, remarks.

    Args:
        report: what a method returned.
        image: the photograph that it was run on.
        width: px, margins included.
        title: heading; none if empty.

    Returns:
        uint8 (h, width, 3).
    """
    margin = _px(32, width)
    inner = width - 2 * margin
    blocks = [_heading(title, inner)] if title else []
    blocks.append(paint(report.main, image, inner))
    blocks += _others(report, image, inner)
    blocks += [_note(note, inner) for note in report.notes]
    gap = _px(20, width)
    height = sum(map(len, blocks)) + gap * (len(blocks) - 1) + 2 * margin
    page = text.sheet(height, width, BACKGROUND)
    top = margin
    for block in blocks:
        page[top : top + len(block), margin : margin + inner] = block
        top += len(block) + gap
    return page


def _others(report: Report, image: Image | None, width: int) -> list[Canvas]:
    """Return the results after the main one, two beside each other."""
    names = list(report)[1:]
    left, right, gap = _halves(width)
    if len(names) == 1:
        return [_section(names[0], report[names[0]], image, width)]
    rows = []
    for first in range(0, len(names), 2):
        pair = names[first : first + 2]
        sections = [
            _section(name, report[name], image, side)
            for name, side in zip(pair, (left, right), strict=False)
        ]
        rows.append(
            _beside(sections[0], sections[1], gap)
            if len(sections) > 1
            else _section(pair[0], report[pair[0]], image, width)
        )
    return rows


def _section(name: str, result: Result, image: Image | None, width: int) -> Canvas:
    """Return a result below a line and its name."""
    size = _px(14, width)
    head = text.sheet(text.line_height(size) + size, width, BACKGROUND)
    head[0] = LINE
    words = name.replace("_", " ").capitalize()
    text.stamp(head, (0, size // 2 + 2), words, size, bold=True)
    photo = None if isinstance(result, Ranking) else image
    return _below(head, paint(result, photo, width), gap=0)


def _heading(title: str, width: int) -> Canvas:
    return text.paragraph(
        title, width, _px(22, width), BACKGROUND, colour=TEXT, bold=True
    )


def _note(note: str, width: int) -> Canvas:
    return text.paragraph(note, width, _px(13, width), BACKGROUND, colour=MUTED)


def _halves(width: int, *, share: float = 0.5) -> tuple[int, int, int]:
    """Return the widths of two columns and of the gap between them."""
    gap = _px(24, width)
    if (width - gap) % 2:
        gap += 1
    left = round((width - gap) * share)
    return left, width - gap - left, gap


def _photo(image: Image, width: int) -> Canvas:
    return _padded(_fit(pictures.rgb8(image.pixels), width), width)


def _fit(pixels: Canvas, width: int) -> Canvas:
    room = (round(width * _HIGHEST), width)
    return pictures.show(pixels, pictures.fitted(pixels.shape[:2], room))


def _plain_map(result: Heatmap, scale: colormaps.Scale, width: int) -> Canvas:
    name = colormaps.default_map(signed=result.signed)
    colours = colormaps.apply(result.values, name, scale.low, scale.high)
    return _padded(_fit(colours, width), width)


def _captioned(legend: Canvas, words: str, width: int) -> Canvas:
    size = _px(13, width)
    caption = text.paragraph(words, width, size, BACKGROUND, colour=MUTED)
    return _below(legend, caption, gap=0)


def _mosaic_words(result: Mosaic, factor: int) -> str:
    count, total = len(result.order), len(result.tiles)
    shown = plural(total, result.noun)
    if count < total:
        shown = f"{count} of {shown}"
    words = f"{shown} of {result.layer}, {extent(result.tiles.shape[1:])} each"
    return f"{words}, shown at 1/{factor}" if factor > 1 else words


def _shrink_factor(result: Mosaic, width: int) -> int:
    """Return by which whole factor tiles must shrink so that all fit the width."""
    _, height, side = (int(length) for length in result.tiles.shape[:3])
    for factor in range(1, side + 1):
        places = mosaics.layout(
            len(result.order), -(-height // factor), -(-side // factor), width
        )
        if places.size[1] <= width:
            return factor
    return side


def _padded(pixels: Canvas, width: int) -> Canvas:
    """Return the picture at the left of a strip of this width."""
    if pixels.shape[1] == width:
        return pixels
    canvas = text.sheet(pixels.shape[0], width, BACKGROUND)
    canvas[:, : pixels.shape[1]] = pixels
    return canvas


def _below(top: Canvas, bottom: Canvas, gap: int | None = None) -> Canvas:
    width = top.shape[1]
    space = text.sheet(_px(10, width) if gap is None else gap, width, BACKGROUND)
    return np.concatenate([top, space, bottom])


def _beside(left: Canvas, right: Canvas, gap: int, *, middle: bool = False) -> Canvas:
    height = max(len(left), len(right))
    canvas = text.sheet(height, left.shape[1] + gap + right.shape[1], BACKGROUND)
    canvas[: len(left), : left.shape[1]] = left
    top = (height - len(right)) // 2 if middle else 0
    canvas[top : top + len(right), left.shape[1] + gap :] = right
    return canvas
