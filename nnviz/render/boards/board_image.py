"""Boards painted as one image, fit for a paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nnviz.base.images import Image
from nnviz.base.results import Heatmap
from nnviz.render import colormaps, fitting, legends
from nnviz.render.boards import agreement
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.scale_locks import Lock, Part, Tile
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.palette import PAPER, Ink
from nnviz.render.text import paragraphs as text

WIDTH = 1600
_LARGEST = 400
"""Maximum width of a tile, px."""
_SMALLEST = 12
"""Minimum width of a tile, in font sizes, at which the range and scale below it are
legible.
"""
_TEXT_SHARE = 1 / 110
"""Font size as a fraction of the page's width."""
_TALLEST = 1.5
"""Maximum ratio of a tile's height to its width."""
_SIDE = 8
"""Width of the rows' headings, in font sizes."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Measures of a board, px, and the parts of images that it shows.

    Attributes:
        tile: width of a tile's image.
        side: width of the headings of rows; 0 where there are none.
        gap: between tiles.
        size: font size.
        columns: number of tiles in a row.
        parts: shown part of the photo, by image.
        barred: whether each map has its own color bar below it.
    """

    tile: int
    side: int
    gap: int
    size: int
    columns: int
    parts: Mapping[Image, Part]
    barred: bool

    @property
    def width(self) -> int:
        """Total width without margins."""
        return self.side + self.columns * (self.tile + self.gap) - self.gap

    def left(self, column: int) -> int:
        """Return x of a column's left edge."""
        return self.side + column * (self.tile + self.gap)


def paint(
    tiles: Sequence[Tile],
    *,
    lock: Lock = Lock.BOARD,
    width: int = WIDTH,
    ink: Ink = PAPER,
    numbers: bool = True,
    notes: str = "",
) -> Colors:
    """Paint a board: headings, maps over their images, ranges, scale.

    Args:
        tiles: the tiles; at least one.
        lock: which maps share a scale.
        width: px; the page is narrower if the tiles need less, and wider if many
            columns would be illegible otherwise.
        ink: colors of background and text.
        numbers: whether to write under each map its agreement with the first map of its
            row: rank correlation, and overlap of the strongest tenth.
        notes: remarks, such as the target.

    Returns:
        uint8 (H, W, 3).
    """
    shown = boards.with_photos(tiles)
    plan = _plan(shown, width, barred=lock in boards.ALONE)
    used = boards.scales(shown, lock)
    words = agreements(shown) if numbers else {}
    rows, columns = boards.grid(shown)
    blocks = [_heads(columns, plan, ink)]
    for row in rows:
        line = {n: tile for n, tile in enumerate(shown) if tile.title_row == row}
        blocks.append(_row(line, columns, used, words, plan, ink))
        if lock is Lock.ROW:
            blocks += _legend(line, used, plan, ink)
    if lock is Lock.BOARD:
        blocks += _legend(dict(enumerate(shown)), used, plan, ink)
    if lock is Lock.COLUMN:
        blocks.append(_column_legends(shown, used, plan, ink))
    said = [notes] if notes else []
    said.append(boards.SCALE_WORDS[lock])
    said += [_EXPLAINED.format(_percent())] if words else []
    cut = {scale.clipped for scale in used.values() if scale.clipped}
    if plan.barred and cut:
        said.append(_CUT.format(", ".join(sorted(cut))))
    grainy = boards.grainy_words(shown)
    said += [grainy] if grainy else []
    said += [_CROPPED] if any(map(_is_cut, plan.parts.values())) else []
    blocks.append(_remark(" ".join(said), plan, ink))
    return _stacked(blocks, plan, ink)


_EXPLAINED = (
    "ρ: Spearman's rank correlation with the first map of the row; top: overlap of "
    "the strongest {0} of the positions."
)


_CUT = "Where a raw range is named, colors span {0} or lie evenly about zero."
_CROPPED = "Shown is the part of the image that the networks see."
_WHOLE = (0.0, 1.0)


def _is_cut(part: Part) -> bool:
    return part != (_WHOLE, _WHOLE)


def _percent() -> str:
    return f"{100 * agreement.TOP_SHARE:.0f} %"


def agreements(tiles: Sequence[Tile]) -> dict[int, str]:
    """Return the agreement of each map with the first of its row, in words.

    Keys are indices into ``tiles``; the first maps themselves have no entry.
    """
    firsts: dict[str, Heatmap] = {}
    found: dict[int, str] = {}
    for n, tile in enumerate(tiles):
        if not isinstance(tile.result, Heatmap):
            continue
        first = firsts.setdefault(tile.title_row, tile.result)
        if first is not tile.result:
            found[n] = agreement_words(first, tile.result)
    return found


def agreement_words(first: Heatmap, second: Heatmap) -> str:
    """Return the agreement of two maps in words: "ρ 0.83 · top 0.61"."""
    pair = agreement.common_grid(first, second)
    return pair_words(agreement.rank_correlation(*pair), agreement.top_overlap(*pair))


def pair_words(rho: float, top: float) -> str:
    """Return a rank correlation and a top overlap in words."""
    if np.isnan(rho):
        return "no range to compare"
    return f"ρ {signed(rho)} · top {top:.2f}"


def signed(value: float) -> str:
    """Format a number with two decimals and a real minus sign, and no minus zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def _plan(tiles: Sequence[Tile], width: int, *, barred: bool) -> _Plan:
    """Choose the tile size with which a board fits a width."""
    rows, columns = boards.grid(tiles)
    size = max(11, round(width * _TEXT_SHARE))
    side = _SIDE * size if any(rows) else 0
    free = width - 4 * size - side - size * (len(columns) - 1)
    tile = min(max(free // len(columns), _SMALLEST * size), _LARGEST)
    parts = boards.seen_parts(tiles)
    return _Plan(tile, side, size, size, len(columns), parts, barred)


def _shape(tile: Tile, plan: _Plan) -> float:
    """Return the aspect ratio (height over width) of a tile's content."""
    if tile.image is None:
        shape = next(iter(tile.result.arrays().values())).shape
        return float(shape[0] / shape[1])
    rows, columns = plan.parts.get(tile.image, (_WHOLE, _WHOLE))
    height, width = tile.image.size
    return height * (rows[1] - rows[0]) / (width * (columns[1] - columns[0]))


def _heads(columns: Sequence[str], plan: _Plan, ink: Ink) -> Colors:
    """Return the headings of the columns, wrapped."""
    wrapped = [
        text.wrap(each, plan.tile, plan.size, bold=True) or [""] for each in columns
    ]
    pitch = text.line_height(plan.size)
    strip = text.sheet(pitch * max(map(len, wrapped)), plan.width, ink.ground)
    for column, lines in enumerate(wrapped):
        top = strip.shape[0] - pitch * len(lines)
        for n, line in enumerate(lines):
            at = plan.left(column) + plan.tile // 2, top + n * pitch
            text.stamp(
                strip, at, line, plan.size, color=ink.text, bold=True, align="centre"
            )
    return strip


def _row(
    line: Mapping[int, Tile],
    columns: Sequence[str],
    used: Mapping[int, Scale],
    words: Mapping[int, str],
    plan: _Plan,
    ink: Ink,
) -> Colors:
    """Paint a row: heading, tiles, and captions below them."""
    size = plan.size - 1
    pitch = text.line_height(size)
    shapes = [_shape(tile, plan) for tile in line.values()]
    tall = round(plan.tile * min(max(shapes), _TALLEST))
    foot = pitch * (plan.barred + (2 if words else 1)) + size // 2
    strip = text.sheet(tall + foot, plan.width, ink.ground)
    if plan.side:
        title, wide = next(iter(line.values())).title_row, plan.side - plan.size
        head = text.paragraph(
            title, wide, plan.size, ink.ground, color=ink.text, bold=True
        )[:tall]
        top = (tall - len(head)) // 2
        strip[top : top + len(head), : head.shape[1]] = head
    for n, tile in line.items():
        left = plan.left(columns.index(tile.title_column))
        area = strip[:, left : left + plan.tile]
        _put(area[:tall], _paint_tile(tile, used.get(n), plan, ink), ink)
        foot_area = area[tall + size // 2 :]
        if plan.barred and n in used:
            _put_bar(foot_area[:pitch], used[n], size, ink)
        for row, each in enumerate(
            (_own_range(tile, used.get(n), plan), words.get(n, ""))
        ):
            at = plan.tile // 2, (row + plan.barred) * pitch
            short = text.shorten(each, plan.tile, size)
            text.stamp(foot_area, at, short, size, color=ink.quiet, align="centre")
    return strip


def _paint_tile(tile: Tile, scale: Scale | None, plan: _Plan, ink: Ink) -> Colors:
    """Paint a tile, cropped to the part of the image that any map covers."""
    whole = boards.flat_image(tile, scale, ink)
    about = tile.image is not None and whole.shape[:2] == tile.image.size
    if tile.image is None or not about or tile.image not in plan.parts:
        return whole
    return boards.cropped(whole, plan.parts[tile.image])


def _put_bar(area: Colors, scale: Scale, size: int, ink: Ink) -> None:
    """Paint the color bar below a map; nothing for a flat scale."""
    if scale.flat:
        return
    bar = legends.bare_bar(scale, area.shape[1], size=size, ink=ink)
    left = (area.shape[1] - bar.shape[1]) // 2
    area[: len(bar), left : left + bar.shape[1]] = bar


def _own_range(tile: Tile, scale: Scale | None, plan: _Plan) -> str:
    """Return a map's own range as text, or its unit where the bar shows the range."""
    if not isinstance(tile.result, Heatmap) or not plan.barred or scale is None:
        return _fitting_range(tile, plan)
    own = colormaps.scale_of(tile.result.values, signed=False)
    if own.problem or (own.low, own.high) == (scale.low, scale.high):
        return own.problem or tile.result.unit
    words = boards.raw_range(tile, unit=False)
    return _fitting((f"raw {words} {tile.result.unit}", f"raw {words}", words), plan)


def _fitting_range(tile: Tile, plan: _Plan) -> str:
    """Return a map's own range as text, with its unit if there is room for it."""
    return _fitting((boards.raw_range(tile), boards.raw_range(tile, unit=False)), plan)


def _fitting(choices: Sequence[str], plan: _Plan) -> str:
    """Return the first text that fits below a tile; the last if none does."""
    fits = (w for w in choices if text.width_of(w, plan.size - 1) <= plan.tile)
    return next(fits, choices[-1])


def _put(area: Colors, picture: Colors, ink: Ink) -> None:
    """Paint an image, scaled and centered in an area, with a hairline border."""
    ratio = min(area.shape[0] / picture.shape[0], area.shape[1] / picture.shape[1])
    height = max(1, min(area.shape[0], round(picture.shape[0] * ratio)))
    width = max(1, min(area.shape[1], round(picture.shape[1] * ratio)))
    top, left = (area.shape[0] - height) // 2, (area.shape[1] - width) // 2
    place = area[top : top + height, left : left + width]
    place[...] = fitting.show(picture, (height, width))
    for edge in (place[0], place[-1], place[:, 0], place[:, -1]):
        edge[...] = ink.line


def _legend(
    line: Mapping[int, Tile], used: Mapping[int, Scale], plan: _Plan, ink: Ink
) -> list[Colors]:
    """Paint the legend of a color scale below the maps that share it."""
    results = {n: each.result for n, each in line.items()}
    maps = {n: each for n, each in results.items() if isinstance(each, Heatmap)}
    if not maps:
        return []
    units = ", ".join(dict.fromkeys(each.unit for each in maps.values()))
    scale = used[next(iter(maps))]
    room = plan.width - plan.side
    bar = legends.color_bar(scale, units, room, size=plan.size, ink=ink)
    strip = text.sheet(len(bar), plan.width, ink.ground)
    strip[:, plan.side : plan.side + bar.shape[1]] = bar
    return [strip]


def _column_legends(
    tiles: Sequence[Tile], used: Mapping[int, Scale], plan: _Plan, ink: Ink
) -> Colors:
    """Paint the legend of each column below it."""
    columns = boards.grid(tiles)[1]
    bars: dict[int, Colors] = {}
    for n, tile in enumerate(tiles):
        if isinstance(tile.result, Heatmap):
            unit, size = tile.result.unit, plan.size - 1
            bars[columns.index(tile.title_column)] = legends.color_bar(
                used[n], unit, plan.tile, size=size, ink=ink
            )
    height = max((len(bar) for bar in bars.values()), default=1)
    strip = text.sheet(height, plan.width, ink.ground)
    for column, bar in bars.items():
        left = plan.left(column)
        strip[: len(bar), left : left + bar.shape[1]] = bar
    return strip


def _remark(words: str, plan: _Plan, ink: Ink) -> Colors:
    room = plan.width - plan.side
    note = text.paragraph(words, room, plan.size - 1, ink.ground, color=ink.quiet)
    strip = text.sheet(len(note), plan.width, ink.ground)
    strip[:, plan.side :] = note
    return strip


def _stacked(blocks: Sequence[Colors], plan: _Plan, ink: Ink) -> Colors:
    """Stack blocks vertically on a page with margins."""
    margin, gap = 2 * plan.size, plan.size // 2 + 2
    height = sum(map(len, blocks)) + gap * (len(blocks) - 1) + 2 * margin
    page = text.sheet(height, plan.width + 2 * margin, ink.ground)
    top = margin
    for block in blocks:
        page[top : top + len(block), margin : margin + plan.width] = block
        top += len(block) + gap
    return page
