"""Results as images with captions and legends, to be saved, shown and printed."""

from collections.abc import Sequence
from functools import singledispatch

import numpy as np

from nnviz.base.catalogue import method_title
from nnviz.base.images import Image, rgb8
from nnviz.base.kinds.matrices import Matrix
from nnviz.base.kinds.planes import Plane
from nnviz.base.results import (
    Boxes,
    ColorImage,
    Curves,
    Diagram,
    Heatmap,
    Mask,
    Mosaic,
    Ranking,
    Report,
    Result,
    Table,
    Text,
)
from nnviz.render import (
    bars,
    boxes,
    charts,
    colormaps,
    fitting,
    legends,
    mosaics,
    tables,
)
from nnviz.render.drawings import diagrams, matrices, planes
from nnviz.render.maps import heatmaps, masks, overlays
from nnviz.render.palette import BACKGROUND, LINE, MUTED, PANEL, WARNING
from nnviz.render.text import paragraphs as text
from nnviz.render.text.paragraphs import Canvas
from nnviz.render.text.words import extent, plural

_USUAL: heatmaps.Looks = {}
WIDTH = 960
"""Default width of a page, px; text scales with the width."""
_SIZE, _SMALLEST = 13, 11
"""Font size, px, on a page of the default width, and on the narrowest."""
_HIGHEST = 0.9
"""Maximum height of an image as a fraction of its width."""
_HIGHEST_PAIR = 0.6
"""Likewise for two images side by side."""
_PAIR_FROM = 45
"""Minimum width for a map next to its overlay, in font sizes."""
_TINY = 64
"""Size in px below which images show each pixel as a square."""
_GRAYS = "grey"
"""Color map in the legend of color tiles."""


@singledispatch
def paint(
    result: Result, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    """Paint a result with its caption and legend.

    Args:
        result: any kind.
        image: the image, for results that lie over it.
        width: px.
        size: font size, px; 0 to derive it from the width.

    Returns:
        uint8 (h, width, 3), no margin.

    Raises:
        TypeError: the kind has no painter.
    """
    del image, width, size
    raise TypeError(f"{type(result).__name__} cannot be painted")


@paint.register
def _(
    result: Ranking, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    size = size or _size(width)
    if image is None:
        return bars.ranking(result, width, size=size + 1)
    left, right, gap = _columns(width, size, share=0.42)
    return _beside(_photo(image, left), bars.ranking(result, right, size=size + 1), gap)


@paint.register
def _(
    result: Heatmap, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    return paint_map(result, image, width, size)


def paint_map(
    result: Heatmap,
    image: Image | None = None,
    width: int = WIDTH,
    size: int = 0,
    look: heatmaps.MapLook | None = None,
) -> Canvas:
    """Paint a map with a caption and legend, in a given look.

    Args:
        result: the map.
        image: image below the map; not visible where the look has another background.
        width: px.
        size: font size, px; 0 to derive it from the width.
        look: appearance; None to choose the best.
    """
    size = size or _size(width)
    look = look or heatmaps.usual_look(result)
    scale = heatmaps.scale_of(result, look)
    beside = result.frame is not None and look.ground is heatmaps.Ground.IMAGE
    if image is None or not beside:
        shown = _padded(_fit(heatmaps.alone(result, scale, look), width), width)
        return _with_legend(shown, result, scale, size, look)
    photo = rgb8(image.pixels)
    if width < _PAIR_FROM * size:
        over = heatmaps.laid(_large(photo, width), result, scale, look)
        return _with_legend(_padded(over, width), result, scale, size, look)
    _, _, gap = _columns(width, size)
    alone = heatmaps.alone(result, scale, look)
    left, right = _equally_high(alone.shape, photo.shape, width - gap)
    over = heatmaps.laid(_large(photo, right), result, scale, look)
    alone = fitting.show(alone, (round(left * len(alone) / alone.shape[1]), left))
    pair = _beside(alone, _padded(over, width - gap - left), gap, middle=False)
    return _with_legend(pair, result, scale, size, look)


@paint.register
def _(
    result: ColorImage, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    size = size or _size(width)
    pixels = rgb8(result.pixels)
    if image is None or result.frame is None or width < _PAIR_FROM * size:
        return _padded(_large(pixels, width), width)
    left, right, gap = _columns(width, size)
    changed = _padded(_large(pixels, right), right)
    return _beside(_photo(image, left), changed, gap, middle=False)


@paint.register
def _(
    result: Mosaic, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    del image
    size = size or _size(width)
    scale = colormaps.scale_of(result.tiles[result.order], signed=result.signed)
    whole = (result.tiles.shape[1], result.tiles.shape[2])
    room = mosaics.room_for(len(result.order), whole, width)
    painted = mosaics.paint(
        result if room == whole else mosaics.reduced(result, room),
        width,
        scale=scale if result.shared_scale else None,
        captions=size - 1,
    )
    body = _padded(painted.pixels[:, :width], width)
    words = _mosaic_words(result, room)
    if not result.shared_scale and not scale.flat:
        own = f"each {result.noun} on its own scale · {words}"
        return _below(body, _words(own, width, size), size)
    name = _GRAYS if result.tiles.ndim == 4 else ""  # noqa: PLR2004
    legend = legends.color_bar(scale, result.unit, width, colormap=name, size=size)
    return _below(body, np.concatenate([legend, _words(words, width, size)]), size)


@paint.register
def _(
    result: Boxes, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    size = size or _size(width)
    photo, whole = _ground(result, image, width)
    body = _padded(boxes.draw(photo, result, whole), width)
    return _below(body, _words(boxes.summary(result), width, size), size)


@paint.register
def _(
    result: Mask, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    size = size or _size(width)
    photo, _ = _ground(result, image, width)
    body = _padded(masks.draw(photo, result), width)
    return _below(body, legends.classes(result, width, size=size), size)


@paint.register
def _(
    result: Curves, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    del image
    return charts.curves(result, width, size=size or _size(width))


@paint.register
def _(
    result: Diagram, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    del image
    return diagrams.paint(result, width, size=size or _size(width))


@paint.register
def _(
    result: Matrix, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    del image
    return matrices.paint(result, width, size=size or _size(width))


@paint.register
def _(
    result: Plane, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    del image
    return planes.paint(result, width, size=size or _size(width))


@paint.register
def _(
    result: Table, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    del image
    return tables.table(result, width, size=size or _size(width))


@paint.register
def _(
    result: Text, image: Image | None = None, width: int = WIDTH, size: int = 0
) -> Canvas:
    del image
    size = (size or _size(width)) + 1
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
    looks: heatmaps.Looks = _USUAL,
) -> Canvas:
    """Paint a whole report as one page: title, main result, other results, remarks.

    Args:
        report: the report of a method.
        image: the image that it was run on.
        width: px, margins included.
        title: heading; none if empty.
        looks: appearance of maps by the result's name; maps left out have the default.

    Returns:
        uint8 (h, width, 3).
    """
    size = _size(width)
    margin, gap = round(size * 2.5), round(size * 1.6)
    inner = width - 2 * margin
    blocks = [_heading(title, report.notes, inner, size)] if title else []
    main = next(iter(report))
    blocks.append(_named(main, report.main, image, (inner, size), looks))
    blocks += _others(report, image, inner, size, looks)
    notes = report.notes[1:] if title else report.notes
    if notes:
        blocks.append(_words("\n".join(notes), inner, size))
    height = sum(map(len, blocks)) + gap * (len(blocks) - 1) + 2 * margin
    page = text.sheet(height, width, BACKGROUND)
    top = margin
    for block in blocks:
        page[top : top + len(block), margin : margin + inner] = block
        top += len(block) + gap
    return page


def _size(width: int) -> int:
    """Return the font size for a page of a width, px."""
    return max(_SMALLEST, round(_SIZE * width / WIDTH))


def _others(
    report: Report, image: Image | None, width: int, size: int, looks: heatmaps.Looks
) -> list[Canvas]:
    """Paint the results after the main one, in pairs where they fit."""
    names = list(report)[1:]
    left, right, gap = _columns(width, size)
    rows: list[Canvas] = []
    while names:
        pair = names[:2]
        if len(pair) == 1 or any(_is_wide(report[name]) for name in pair):
            name = names.pop(0)
            room = left if _is_bare_map(report[name]) else width
            row = _section(name, report[name], image, (room, size), looks)
            rows.append(_padded(row, width))
            continue
        names = names[2:]
        first, second = (
            _section(name, report[name], image, (side, size), looks)
            for name, side in zip(pair, (left, right), strict=True)
        )
        rows.append(_beside(first, second, gap, middle=False))
    return rows


def _is_bare_map(result: Result) -> bool:
    """Whether a result is a map without an image below."""
    return isinstance(result, Heatmap) and result.frame is None


def _is_wide(result: Result) -> bool:
    """Whether a result needs the whole width of a page."""
    if isinstance(result, Diagram | Matrix):
        return True
    return isinstance(result, Table) and len(result.columns) > 3  # noqa: PLR2004


def _section(
    name: str,
    result: Result,
    image: Image | None,
    width_size: tuple[int, int],
    looks: heatmaps.Looks,
) -> Canvas:
    """Paint a result below a line and its name."""
    width, size = width_size
    head = text.sheet(text.line_height(size) + round(size * 1.2), width, BACKGROUND)
    head[0] = LINE
    text.stamp(head, (0, round(size * 0.6)), method_title(name), size, bold=True)
    photo = None if isinstance(result, Ranking) else image
    return np.concatenate([head, _named(name, result, photo, width_size, looks)])


def _named(
    name: str,
    result: Result,
    image: Image | None,
    width_size: tuple[int, int],
    looks: heatmaps.Looks,
) -> Canvas:
    """Paint a result of a report; a map in its chosen look."""
    if isinstance(result, Heatmap) and name in looks:
        return paint_map(result, image, *width_size, looks[name])
    return paint(result, image, *width_size)


def _heading(title: str, notes: Sequence[str], width: int, size: int) -> Canvas:
    """Paint the title, with the first note in large letters below."""
    head = text.paragraph(title, width, round(size * 1.7), BACKGROUND, bold=True)
    if not notes:
        return head
    asked = text.paragraph(notes[0], width, round(size * 1.25), BACKGROUND)
    return _below(head, asked, size // 2)


def _words(words: str, width: int, size: int) -> Canvas:
    return text.paragraph(words, width, size, BACKGROUND, color=MUTED)


def _columns(width: int, size: int, *, share: float = 0.5) -> tuple[int, int, int]:
    """Return the widths of two columns and of the gap between them."""
    gap = size * 2 + (width % 2)
    left = round((width - gap) * share)
    return left, width - gap - left, gap


def _ground(
    result: Boxes | Mask, image: Image | None, width: int
) -> tuple[Canvas, tuple[int, int]]:
    """Return the canvas to draw on, and the photo's height and width, px.

    Without a photo, the canvas is an empty sheet of the photo's shape.
    """
    if image is not None:
        return _fit(rgb8(image.pixels), width), image.size
    whole = overlays.extent_of(result)
    sheet = text.sheet(*whole, PANEL)
    return _fit(sheet, width), whole


def _photo(image: Image, width: int) -> Canvas:
    return _padded(_large(rgb8(image.pixels), width), width)


def _equally_high(
    first: tuple[int, ...], second: tuple[int, ...], width: int
) -> tuple[int, int]:
    """Return the widths at which two images fill a line at the same height."""
    shapes = first[1] / first[0], second[1] / second[0]
    height = min(width / sum(shapes), _HIGHEST_PAIR * width)
    return max(1, int(height * shapes[0])), max(1, int(height * shapes[1]))


def _large(pixels: Canvas, width: int) -> Canvas:
    """Enlarge an image to the page's width; a tiny one by nearest neighbor."""
    if max(pixels.shape[:2]) < _TINY:
        return _fit(pixels, width)
    return heatmaps.enlarged(pixels, width, round(width * _HIGHEST))


def _fit(pixels: Canvas, width: int) -> Canvas:
    room = (round(width * _HIGHEST), width)
    return fitting.show(pixels, fitting.fitted(pixels.shape[:2], room))


def _with_legend(
    painted: Canvas,
    result: Heatmap,
    scale: colormaps.Scale,
    size: int,
    look: heatmaps.MapLook,
) -> Canvas:
    width = painted.shape[1]
    name = heatmaps.colormap_of(look, signed=scale.signed)
    legend = legends.color_bar(scale, result.unit, width, colormap=name, size=size)
    words = f"{extent(result.values.shape)} positions"
    words = f"{words} · {look.words}" if look.words else words
    below = _words(words, width, size)
    return _below(painted, np.concatenate([legend, below]), size)


def _mosaic_words(result: Mosaic, shown: tuple[int, int]) -> str:
    count, total = len(result.order), len(result.tiles)
    tiles = plural(total, result.noun)
    if count < total:
        tiles = f"{count} of {tiles}"
    where = f" of {result.layer}" if result.layer else ""
    words = f"{tiles}{where}, {extent(result.tiles.shape[1:])} each"
    whole = (result.tiles.shape[1], result.tiles.shape[2])
    return words if shown == whole else f"{words}, shown as {extent(shown)} means"


def _padded(pixels: Canvas, width: int) -> Canvas:
    """Pad an image at the right to a width."""
    if pixels.shape[1] == width:
        return pixels
    canvas = text.sheet(pixels.shape[0], width, BACKGROUND)
    canvas[:, : pixels.shape[1]] = pixels
    return canvas


def _below(top: Canvas, bottom: Canvas, size: int) -> Canvas:
    space = text.sheet(round(size * 0.7), top.shape[1], BACKGROUND)
    return np.concatenate([top, space, bottom])


def _beside(left: Canvas, right: Canvas, gap: int, *, middle: bool = True) -> Canvas:
    """Place two images side by side, centered vertically or aligned at the top."""
    height = max(len(left), len(right))
    canvas = text.sheet(height, left.shape[1] + gap + right.shape[1], BACKGROUND)
    for part, start in ((left, 0), (right, left.shape[1] + gap)):
        top = (height - len(part)) // 2 if middle else 0
        canvas[top : top + len(part), start : start + part.shape[1]] = part
    return canvas
