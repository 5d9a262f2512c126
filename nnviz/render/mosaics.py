"""Mosaics of small maps as one image, and the lookup of the map at a pixel."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Mosaic
from nnviz.render import colormaps
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.palette import BACKGROUND, BROKEN, EMPTY, GAP, MUTED
from nnviz.render.text import paragraphs as text

_WIDEST = 2.0
"""Maximum ratio of columns to rows, where that avoids an incomplete last row."""
_GAP_FROM = 12
"""Tiles of at least this many px have a gap of 2 px, smaller ones of 1."""
_WIDEST_GAP = 12
_CAPTION_FROM = 3
"""Minimum width of a tile with a caption, in multiples of the font size."""
_COLOR_AXES = 4


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a mosaic's tiles, row by row.

    Attributes:
        count: number of tiles.
        columns: tiles in a full row.
        tile_size: height and width of a tile's data.
        zoom: px a number, an integer factor.
        gap: px between tiles.
        caption: height of the strip below each tile, px.
        room: number of tiles to reserve space for, where more are to come.
    """

    count: int
    columns: int
    tile_size: tuple[int, int]
    zoom: int = 1
    gap: int = 1
    caption: int = 0
    room: int = 0

    @property
    def rows(self) -> int:
        """Number of rows; the last may be incomplete."""
        return -(-max(self.count, self.room) // self.columns)

    @property
    def pitch(self) -> tuple[int, int]:
        """Distance from one tile to the next, vertical and horizontal, px."""
        height, width = self.tile_size
        return (
            height * self.zoom + self.caption + self.gap,
            width * self.zoom + self.gap,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the whole image, px."""
        return (
            self.rows * self.pitch[0] - self.gap,
            self.columns * self.pitch[1] - self.gap,
        )

    def rectangle(self, place: int) -> tuple[int, int, int, int]:
        """Return top, left, height and width of the tile at a position, px."""
        row, column = divmod(place, self.columns)
        height, width = self.tile_size
        return (
            row * self.pitch[0],
            column * self.pitch[1],
            height * self.zoom,
            width * self.zoom,
        )

    def locate(self, y: float, x: float) -> tuple[int, int, int] | None:
        """Return the tile's position, and the row and column of its data, at a pixel.

        None between tiles, on a caption and outside.
        """
        if y < 0 or x < 0:
            return None
        row, inner_y = divmod(int(y), self.pitch[0])
        column, inner_x = divmod(int(x), self.pitch[1])
        place = row * self.columns + column
        height, width = self.tile_size
        if column >= self.columns or place >= self.count:
            return None
        if inner_y >= height * self.zoom or inner_x >= width * self.zoom:
            return None
        return place, inner_y // self.zoom, inner_x // self.zoom


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A painted mosaic.

    Attributes:
        pixels: uint8 (H, W, 3).
        layout: layout of the tiles.
        order: index of the tile in each cell.
        scale: the colors' range, over all tiles; meaningful for shared scales.
        limits: float64 (M, 2), the range used in each cell.
    """

    pixels: Colors
    layout: Layout
    order: NDArray[np.int64]
    scale: Scale
    limits: NDArray[np.float64]

    def tile_at(self, y: float, x: float) -> int | None:
        """Return the tile's index at a pixel; None where there is none."""
        found = self.layout.locate(y, x)
        return None if found is None else int(self.order[found[0]])

    def rectangle_of(self, tile: int) -> tuple[int, int, int, int] | None:
        """Return top, left, height and width of a tile; None if it is not shown."""
        places = np.flatnonzero(self.order == tile)
        return self.layout.rectangle(int(places[0])) if places.size else None


def layout(
    count: int,
    tile_height: int,
    tile_width: int,
    width_hint: int = 960,
    *,
    magnify: bool = True,
    captions: int = 0,
) -> Layout:
    """Choose a layout between square and twice as wide as high.

    Args:
        count: number of tiles, at least 1.
        tile_height: of a tile's data.
        tile_width: likewise.
        width_hint: px to fill, by integer factors and wider gaps; a mosaic whose tiles
            need more is wider.
        magnify: whether to enlarge tiles; else 1 px a number and narrow gaps.
        captions: font size of captions, for which space is reserved below tiles that
            are wide enough.
    """
    columns = _columns(count, tile_height, tile_width)
    zoom = 1
    if magnify:
        zoom = max(1, (width_hint - 2 * (columns - 1)) // (columns * tile_width))
    gap = 2 if min(tile_height, tile_width) * zoom >= _GAP_FROM else 1
    if magnify and columns > 1:
        left = width_hint - columns * tile_width * zoom
        gap = max(gap, min(_WIDEST_GAP, left // (columns - 1)))
    roomy = captions > 0 and tile_width * zoom >= captions * _CAPTION_FROM
    strip = text.line_height(captions) if roomy else 0
    return Layout(count, columns, (tile_height, tile_width), zoom, gap, strip)


def room_for(count: int, tile_size: tuple[int, int], width: int) -> tuple[int, int]:
    """Return the tile size, at most the given one, with which a mosaic fits a width."""
    height, side = tile_size
    columns = _columns(count, height, side)
    most = max(1, (width - 2 * (columns - 1)) // columns)
    if side <= most:
        return tile_size
    return max(1, round(height * most / side)), most


def _columns(count: int, height: int, width: int) -> int:
    """Choose the number of columns that leaves the fewest gaps, then the squarest."""
    shape = height / width
    fewest = max(1, math.ceil(math.sqrt(count * shape)))
    most = max(fewest, math.floor(math.sqrt(count * shape * _WIDEST)))
    return min(
        range(fewest, min(most, count) + 1) or [min(fewest, count)],
        key=lambda columns: (-count % columns, columns),
    )


def paint(
    mosaic: Mosaic,
    width_hint: int = 960,
    *,
    colormap: str = "",
    scale: Scale | None = None,
    magnify: bool = True,
    captions: int = 0,
) -> Painted:
    """Paint a mosaic.

    Args:
        mosaic: tiles of numbers get a color map; tiles of colors are stretched to
            their range, signed ones so that zero is middle gray.
        width_hint: see ``layout``.
        colormap: a name; the default for the kind of numbers if empty.
        scale: a range to use instead of the mosaic's own (locked across a board).
        magnify: see ``layout``.
        captions: font size of the captions of tiles that are wide enough; 0 for none.
    """
    shown = mosaic.tiles[mosaic.order]
    places = layout(
        len(shown),
        shown.shape[1],
        shown.shape[2],
        width_hint,
        magnify=magnify,
        captions=captions,
    )
    whole = scale or colormaps.scale_of(shown, signed=mosaic.signed)
    if scale is not None or mosaic.shared_scale:
        used = scale or whole
        limits = np.tile(np.array([used.low, used.high], np.float64), (len(shown), 1))
    else:
        limits = limits_of(shown, signed=mosaic.signed)
    pixels = _color(shown, limits, places, _map_of(mosaic, colormap))
    _mark(pixels, places, shown, limits)
    if places.caption:
        _write_captions(pixels, places, mosaic, captions)
    return Painted(pixels, places, mosaic.order, whole, limits)


def _has_colors(mosaic: Mosaic) -> bool:
    return mosaic.tiles.ndim == _COLOR_AXES


def _map_of(mosaic: Mosaic, colormap: str) -> str:
    """Return the color map's name; "" for tiles that are colors."""
    if _has_colors(mosaic):
        return ""
    return colormap or colormaps.default_map(signed=mosaic.signed)


def limits_of(tiles: NDArray[Any], *, signed: bool) -> NDArray[np.float64]:
    """Return the range of each tile's values, float64 (N, 2).

    Values that are not finite are ignored; signed ranges are symmetric about zero.
    """
    flat = tiles.reshape(len(tiles), -1)
    low, high = flat.min(1), flat.max(1)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        finite = np.isfinite(flat)
        low = np.where(finite, flat, np.inf).min(1)
        high = np.where(finite, flat, -np.inf).max(1)
        none = ~finite.any(1)
        low[none] = high[none] = 0
    if signed:
        high = np.maximum(np.abs(low), np.abs(high))
        low = -high
    return np.stack([low, high], 1).astype(np.float64)


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    """Replace values that are not finite by 0."""
    if np.isfinite(values.min()) and np.isfinite(values.max()):
        return values
    return np.where(np.isfinite(values), values, 0)


def scaled(tiles: NDArray[Any], limits: NDArray[np.float64]) -> Colors:
    """Quantize finite tiles to 0-255 between their limits, uint8."""
    axes = (-1, *[1] * (tiles.ndim - 1))
    if len(limits) and (limits == limits[0]).all():
        return colormaps.levels(tiles, limits[0, 0], limits[0, 1])
    low, high = limits[:, 0].reshape(axes), limits[:, 1].reshape(axes)
    return colormaps.levels(tiles, low, high)


def _color(
    shown: NDArray[Any], limits: NDArray[np.float64], places: Layout, name: str
) -> Colors:
    rows = arrange(scaled(_finite(shown), limits), places)
    pixels = colormaps.look_up(rows, name) if name else rows
    return _clear_gaps(pixels, places)


def arrange(tiles: Colors, places: Layout, fill: Any = 0) -> Colors:
    """Arrange tiles on one canvas, with gaps all around.

    Args:
        tiles: uint8 (M, h, w) or (M, h, w, 3), in the order of the cells.
        places: cells of the tiles.
        fill: color of gaps and empty cells.
    """
    (height, width), zoom, columns = places.tile_size, places.zoom, places.columns
    extra = tiles.shape[3:]
    canvas = np.empty(
        (places.rows, places.pitch[0], columns, places.pitch[1], *extra), np.uint8
    )
    canvas[...] = fill
    cells = canvas[:, : height * zoom, :, : width * zoom]
    full = len(tiles) // columns
    whole = tiles[: full * columns].reshape(full, columns, height, width, *extra)
    cells[:full] = _enlarged(whole.swapaxes(1, 2), zoom)
    rest = tiles[full * columns :]
    if len(rest):
        cells[full, :, : len(rest)] = _enlarged(rest.swapaxes(0, 1)[None], zoom)[0]
    return canvas.reshape(
        places.rows * places.pitch[0], columns * places.pitch[1], *extra
    )


def _enlarged(rows: Colors, zoom: int) -> Colors:
    """Magnify (rows, h, columns, w, ...) by repeating each number."""
    return rows.repeat(zoom, 1).repeat(zoom, 3) if zoom > 1 else rows


def _clear_gaps(pixels: Colors, places: Layout) -> Colors:
    height, width = (side * places.zoom for side in places.tile_size)
    cells = pixels.reshape(places.rows, places.pitch[0], places.columns, -1, 3)
    between = BACKGROUND if places.caption else GAP
    cells[:, height:] = between
    cells[:, :, :, width:] = between
    last = places.count % places.columns
    if last:
        cells[-1, :, last:] = BACKGROUND
    total_height, total_width = places.size
    return np.ascontiguousarray(pixels[:total_height, :total_width])


def _mark(
    pixels: Colors,
    places: Layout,
    shown: NDArray[Any],
    limits: NDArray[np.float64],
) -> None:
    """Paint flat tiles and values that are not finite in grays."""
    for place in np.flatnonzero(~(limits[:, 1] > limits[:, 0])):
        top, left, height, width = places.rectangle(int(place))
        pixels[top : top + height, left : left + width] = EMPTY
    if np.isfinite(shown.min()) and np.isfinite(shown.max()):
        return
    broken = ~np.isfinite(shown)
    if broken.ndim == _COLOR_AXES:
        broken = broken.any(3)
    mask = arrange(broken.astype(np.uint8), places)
    pixels[mask[: pixels.shape[0], : pixels.shape[1]] > 0] = BROKEN


def _write_captions(pixels: Colors, places: Layout, mosaic: Mosaic, size: int) -> None:
    for index, tile in enumerate(mosaic.order):
        top, left, height, width = places.rectangle(index)
        words = text.shorten(mosaic.caption(int(tile)), width, size)
        at = (left + width // 2, top + height)
        text.stamp(pixels, at, words, size, color=MUTED, align="centre")


def reduced(mosaic: Mosaic, size: tuple[int, int]) -> Mosaic:
    """Shrink the tiles of a mosaic by area averaging.

    Args:
        mosaic: any.
        size: new height and width of a tile, no larger than the old ones.
    """
    tiles = np.moveaxis(mosaic.tiles, 3, 1) if _has_colors(mosaic) else mosaic.tiles
    blocks = mosaic.tiles.shape[1] // size[0], mosaic.tiles.shape[2] // size[1]
    if (size[0] * blocks[0], size[1] * blocks[1]) == mosaic.tiles.shape[1:3]:
        small = _block_means(tiles, blocks)
    else:
        rows = _areas(mosaic.tiles.shape[1], size[0])
        columns = _areas(mosaic.tiles.shape[2], size[1])
        small = rows @ tiles.astype(np.float32, copy=False) @ columns.T
    if _has_colors(mosaic):
        small = np.moveaxis(small, 1, 3)
    return replace(mosaic, tiles=small)


def _block_means(tiles: NDArray[Any], block: tuple[int, int]) -> NDArray[np.float32]:
    """Return means over blocks, by adding slices: 4 times as fast as a product."""
    (tall, wide), (height, width) = block, tiles.shape[-2:]
    lines = tiles.reshape(*tiles.shape[:-2], height // tall, tall, width)
    total = lines[..., 0, :].astype(np.float32)
    for line in range(1, tall):
        total += lines[..., line, :]
    cells = total.reshape(*total.shape[:-1], width // wide, wide)
    means = cells[..., 0].copy()
    for column in range(1, wide):
        means += cells[..., column]
    means *= np.float32(1 / (tall * wide))
    return means


def _areas(old: int, new: int) -> NDArray[np.float32]:
    """Return area weights of old cells in new ones; rows sum to 1."""
    edges = np.linspace(0, old, new + 1)
    starts = np.arange(old)
    upper = np.minimum(edges[1:, None], starts + 1)
    lower = np.maximum(edges[:-1, None], starts)
    return ((upper - lower).clip(0) * new / old).astype(np.float32)
