"""Layout of a board's tiles, and the color scales that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nnviz.base.images import Image, rgb8
from nnviz.base.results import ColorImage, Heatmap
from nnviz.render import colormaps
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.maps import heatmaps, overlays
from nnviz.render.maps.overlays import Span
from nnviz.render.palette import SCREEN, Ink
from nnviz.render.sheets import CLIP
from nnviz.render.text.words import number

PHOTOGRAPH = "Image"
"""Heading of the column of images."""
Part = tuple[Span, Span]
"""Part of a photo: vertical and horizontal span, as fractions of its height and width.
"""
_WORTH = 0.75
"""Outliers are clipped where the rest takes less than this fraction of the range."""


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """A result of a board.

    Attributes:
        title_row: heading of its row: a network, an image.
        title_column: heading of its column: a method.
        result: a map or an image.
        image: the image of the result, if any.
        network: title of the network, where several are compared.
    """

    title_row: str
    title_column: str
    result: Heatmap | ColorImage
    image: Image | None = None
    network: str = ""


class Lock(StrEnum):
    """The groups of maps that share a color scale."""

    BOARD = "board"
    ROW = "row"
    COLUMN = "column"
    NETWORK = "network"
    """Maps of one method and one network share a scale: scores of two networks have no
    common unit, and maps of the one with smaller scores would look empty.
    """
    TILE = "tile"


ALONE = (Lock.NETWORK, Lock.TILE)
"""Locks with which a map may be the only one of its scale."""
SCALE_WORDS = {
    Lock.BOARD: "One color scale for all maps.",
    Lock.ROW: "One color scale for each row.",
    Lock.COLUMN: "One color scale for each method, for all networks alike.",
    Lock.NETWORK: "One color scale for each method and network: colors of "
    "different networks are not comparable.",
    Lock.TILE: "Each map has a color scale of its own.",
}
"""Explanation of the colors next to a board."""


def grid(tiles: Sequence[Tile]) -> tuple[list[str], list[str]]:
    """Return the headings of rows and columns, in order of occurrence."""
    rows = dict.fromkeys(tile.title_row for tile in tiles)
    columns = dict.fromkeys(tile.title_column for tile in tiles)
    return list(rows), list(columns)


def places(tiles: Sequence[Tile]) -> dict[tuple[int, int], Tile]:
    """Return the tile at each row and column; of two at one position the later."""
    rows, columns = grid(tiles)
    return {
        (rows.index(tile.title_row), columns.index(tile.title_column)): tile
        for tile in tiles
    }


def _shares_with(tile: Tile, place: int, lock: Lock) -> object:
    """Return the key of the group with which a tile shares its color scale."""
    return {
        Lock.BOARD: "",
        Lock.ROW: tile.title_row,
        Lock.COLUMN: tile.title_column,
        Lock.NETWORK: (tile.network, tile.title_column),
        Lock.TILE: place,
    }[lock]


def scales(
    tiles: Sequence[Tile], lock: Lock = Lock.BOARD, *, clip: bool = True
) -> dict[int, Scale]:
    """Return the color scale of each map, by its index into the tiles.

    Where one of the maps that share a scale is signed, zero is in the middle for all.
    A clipped range spans ``CLIP`` percent of all values that share it.

    Args:
        tiles: tiles; images among them have no scale.
        lock: which maps share one.
        clip: whether to clip a few outliers, where that gains enough range.
    """
    maps = {n: tile for n, tile in enumerate(tiles) if isinstance(tile.result, Heatmap)}
    groups: dict[object, list[int]] = {}
    for n, tile in maps.items():
        groups.setdefault(_shares_with(tile, n, lock), []).append(n)
    found: dict[int, Scale] = {}
    for group in groups.values():
        shared = _shared_scale([_heat(maps[n]) for n in group], clip=clip)
        found.update(dict.fromkeys(group, shared))
    return found


def _heat(tile: Tile) -> Heatmap:
    if not isinstance(tile.result, Heatmap):
        raise TypeError("an image has no scale")
    return tile.result


def _shared_scale(maps: Sequence[Heatmap], *, clip: bool) -> Scale:
    """Compute the color scale of several maps, each weighted equally.

    The clipped range is the largest of the maps' own, so that the coarser maps do not
    drown in the finest one.
    """
    signed = any(each.signed for each in maps)
    whole = [colormaps.scale_of(each.values, signed=signed) for each in maps]
    cut = [
        colormaps.scale_of(each.values, signed=signed, percentile=CLIP) for each in maps
    ]
    full = _union(whole)
    robust = _union(cut)
    worth = robust.high - robust.low <= _WORTH * (full.high - full.low)
    return robust if clip and worth and not robust.flat else full


def _union(given: Sequence[Scale]) -> Scale:
    """Return the union of the scales that are not flat; a flat one if all are."""
    some = [each for each in given if not each.flat]
    if not some:
        return given[0]
    return Scale(
        min(each.low for each in some),
        max(each.high for each in some),
        some[0].signed,
        "",
        some[0].clipped,
    )


def flat_image(
    tile: Tile, scale: Scale | None, ink: Ink = SCREEN, *, opacity: float = -1
) -> Colors:
    """Paint a tile: a map over its image, or an image.

    Args:
        tile: the tile.
        scale: color scale; None for the map's own, and for images.
        ink: page colors, which select the color map.
        opacity: of the map over the image; negative for the default, 1 or more for the
            map alone.

    Returns:
        uint8 (H, W, 3): the image's size, or the map's own.
    """
    result = tile.result
    if isinstance(result, ColorImage):
        return rgb8(result.pixels)
    scale = scale or colormaps.scale_of(result.values, signed=result.signed)
    name = colormaps.default_map(signed=scale.signed, light=ink.light)
    if tile.image is None or result.frame is None:
        return colormaps.apply(result.values, name, scale.low, scale.high)
    photo = rgb8(tile.image.pixels)
    if scale.flat:
        return photo
    if opacity < 0 and heatmaps.is_grainy(result):
        return heatmaps.laid(photo, result, scale, heatmaps.TILE, name)
    usual = overlays.OPACITY if opacity < 0 else opacity
    return overlays.blend(photo, result, scale, name, usual)


def grainy_words(tiles: Sequence[Tile]) -> str:
    """Return the note on grainy maps and their dark gray images; "" without any."""
    maps = (tile.result for tile in tiles if tile.image is not None)
    grainy = any(
        isinstance(each, Heatmap) and heatmaps.is_grainy(each) for each in maps
    )
    look = heatmaps.TILE.words
    return (
        f"Grainy maps lie on a dark gray image, their colors with {look}."
        if grainy
        else ""
    )


def seen_parts(tiles: Sequence[Tile]) -> dict[Image, Part]:
    """Return the part of each image that its maps cover together."""
    spans: dict[Image, list[Part]] = {}
    for tile in tiles:
        if isinstance(tile.result, Heatmap) and tile.image is not None:
            spans.setdefault(tile.image, []).append(overlays.covered(tile.result))
    return {
        image: (_reach(found, 0), _reach(found, 1)) for image, found in spans.items()
    }


def _reach(parts: Sequence[Part], axis: int) -> Span:
    """Return the extent of some parts along an axis, clipped to the image."""
    low, high = zip(*(part[axis] for part in parts), strict=True)
    return max(0.0, min(low)), min(1.0, max(high))


def cropped(picture: Colors, part: Part) -> Colors:
    """Return a view of a part of an image."""
    rows, columns = (
        slice(
            round(span[0] * side), max(round(span[0] * side) + 1, round(span[1] * side))
        )
        for span, side in zip(part, picture.shape, strict=False)
    )
    return picture[rows, columns]


def raw_range(tile: Tile, *, unit: bool = True) -> str:
    """Return a map's own range as text, or the reason why it has none."""
    if not isinstance(tile.result, Heatmap):
        return ""
    own = colormaps.scale_of(tile.result.values, signed=False)
    if own.flat:
        return own.problem
    words = f"{number(own.low)} … {number(own.high)}"
    if unit:
        words = f"{words} {tile.result.unit}"
    return f"{words} · {own.problem}" if own.problem else words


def color_range(scale: Scale) -> str:
    """Return the range of the colors as text, and how it was clipped."""
    if scale.flat:
        return scale.problem
    words = f"colors span {number(scale.low)} … {number(scale.high)}"
    return f"{words}, {scale.clipped}" if scale.clipped else words


def with_photos(tiles: Sequence[Tile]) -> list[Tile]:
    """Insert the image as a tile before each row that is about only one."""
    found: list[Tile] = []
    for row in grid(tiles)[0]:
        line = [tile for tile in tiles if tile.title_row == row]
        images = list(dict.fromkeys(tile.image for tile in line))
        if len(images) == 1 and images[0] is not None:
            photo = ColorImage(pixels=images[0].as_float())
            found.append(Tile(row, PHOTOGRAPH, photo, images[0]))
        found += line
    return found
