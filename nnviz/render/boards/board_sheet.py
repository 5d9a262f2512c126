"""Boards as the window shows them: painted tiles, color scales, agreement of maps.

All of this is slow for large images, so it must not run on the GUI thread.  Tiles that
did not change are reused from the previous sheet.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nnviz.base.results import Heatmap
from nnviz.render.boards import agreement
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.board_image import pair_words
from nnviz.render.boards.scale_locks import Lock, Tile
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.palette import SCREEN, Ink

Pair = tuple[float, float]
"""Rank correlation, NaN where a map has no range; share of the top in common."""


@dataclass(frozen=True, slots=True, eq=False)
class BoardSheet:
    """The painted tiles of a board, with their scales and agreement.

    Attributes:
        tiles: tiles by index.
        lock: which maps share a scale.
        ink: colors of the page.
        scales: color range of each map, by index.
        whole: common range without clipping, where all maps share one.
        pictures: uint8 (H, W, 3), by index.
        ranges: each map's own range as text, by index.
        pairs: agreement of each map with the first of its row, by index.
    """

    tiles: tuple[Tile, ...]
    lock: Lock
    ink: Ink
    scales: Mapping[int, Scale]
    whole: Scale | None
    pictures: tuple[Colors, ...]
    ranges: tuple[str, ...]
    pairs: Mapping[int, Pair] = field(default_factory=dict)

    def agreement_words(self) -> dict[int, str]:
        """Return the agreement of each map with the first of its row, by position."""
        return {n: pair_words(*pair) for n, pair in self.pairs.items()}

    def agreement_rows(self) -> Iterator[tuple[str, str, float | str, float]]:
        """Yield row, names of both maps, rank correlation and top overlap."""
        for n, first in _firsts(self.tiles):
            rho, top = self.pairs[n]
            tile = self.tiles[n]
            names = f"{first.title_column} · {tile.title_column}"
            yield tile.title_row, names, "" if np.isnan(rho) else rho, top


def paint_sheet(
    tiles: Sequence[Tile],
    lock: Lock,
    ink: Ink = SCREEN,
    before: BoardSheet | None = None,
) -> BoardSheet:
    """Paint the tiles of a board.

    Args:
        tiles: tiles by index.
        lock: which maps share a scale.
        ink: colors of the page.
        before: an earlier sheet, whose unchanged parts are reused.
    """
    scales = boards.scales(tiles, lock)
    whole = None
    if lock is Lock.BOARD and scales:
        whole = boards.scales(tiles, lock, clip=False)[next(iter(scales))]
    return BoardSheet(
        tiles=tuple(tiles),
        lock=lock,
        ink=ink,
        scales=scales,
        whole=whole,
        pictures=tuple(_pictures(tiles, scales, ink, before)),
        ranges=tuple(boards.raw_range(tile) for tile in tiles),
        pairs=_pairs(tiles, before),
    )


def _pictures(
    tiles: Sequence[Tile],
    scales: Mapping[int, Scale],
    ink: Ink,
    before: BoardSheet | None,
) -> Iterator[Colors]:
    known: dict[tuple[int, Scale | None], Colors] = {}
    if before is not None and before.ink == ink:
        known = {
            (id(tile.result), before.scales.get(n)): before.pictures[n]
            for n, tile in enumerate(before.tiles)
        }
    for n, tile in enumerate(tiles):
        scale = scales.get(n)
        key = id(tile.result), scale
        if key not in known:
            picture = boards.flat_image(tile, scale, ink)
            known[key] = np.ascontiguousarray(picture)
        yield known[key]


def _pairs(tiles: Sequence[Tile], before: BoardSheet | None) -> dict[int, Pair]:
    known: dict[tuple[int, int], Pair] = {}
    if before is not None:
        known = {
            (id(first.result), id(before.tiles[n].result)): before.pairs[n]
            for n, first in _firsts(before.tiles)
        }
    found = {}
    for n, first in _firsts(tiles):
        key = id(first.result), id(tiles[n].result)
        found[n] = known[key] if key in known else _agree(first, tiles[n])
    return found


def _firsts(tiles: Sequence[Tile]) -> Iterator[tuple[int, Tile]]:
    """Yield the position of each map but the first of its row, with that first map."""
    firsts: dict[str, Tile] = {}
    for n, tile in enumerate(tiles):
        if isinstance(tile.result, Heatmap):
            first = firsts.setdefault(tile.title_row, tile)
            if first is not tile:
                yield n, first


def _agree(first: Tile, second: Tile) -> Pair:
    one, two = first.result, second.result
    if not isinstance(one, Heatmap) or not isinstance(two, Heatmap):
        raise TypeError("images do not agree or disagree")
    pair = agreement.common_grid(one, two)
    return agreement.rank_correlation(*pair), agreement.top_overlap(*pair)
