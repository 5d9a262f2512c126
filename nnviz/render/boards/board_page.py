"""Boards as self-contained HTML pages."""

from collections.abc import Sequence
from html import escape

import numpy as np

from nnviz.base.results import Heatmap
from nnviz.render import legends
from nnviz.render.boards import agreement, board_image
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.scale_locks import Lock, Tile
from nnviz.render.colormaps import Scale
from nnviz.render.fitting import fitted, show
from nnviz.render.pages import document, embedded
from nnviz.render.palette import PAPER

_TILE = 480
"""Longest side of an image, px."""
_LEGEND = 720


def page(
    tiles: Sequence[Tile], title: str, *, lock: Lock = Lock.BOARD, notes: str = ""
) -> str:
    """Return a board as a self-contained HTML page.

    Args:
        tiles: the tiles; at least one.
        title: heading.
        lock: which maps share a scale.
        notes: remarks, such as the recipe in words and commands.
    """
    shown = boards.with_photos(tiles)
    used = boards.scales(shown, lock)
    lead = f"<p class=lead>{escape(notes)}</p>" if notes else ""
    scales = f"{boards.SCALE_WORDS[lock]} {boards.grainy_words(shown)}".strip()
    body = _BODY.format(
        title=escape(title),
        notes=f"{lead}<p>{escape(scales)}</p>",
        board=_board(shown, used),
        legend=_legend(shown, used) if lock is Lock.BOARD else "",
        numbers=_numbers(tiles),
    )
    return document(title, body, _STYLE)


def _board(tiles: Sequence[Tile], used: dict[int, Scale]) -> str:
    rows, columns = boards.grid(tiles)
    places = {(tile.title_row, tile.title_column): n for n, tile in enumerate(tiles)}
    heads = "".join(f"<th scope='col'>{escape(name)}</th>" for name in columns)
    lines = [f"<tr><td></td>{heads}</tr>"]
    for row in rows:
        cells = "".join(
            _cell(tiles[places[row, column]], used.get(places[row, column]))
            if (row, column) in places
            else "<td></td>"
            for column in columns
        )
        lines.append(f"<tr><th scope='row'>{escape(row)}</th>{cells}</tr>")
    return "\n".join(lines)


def _cell(tile: Tile, scale: Scale | None) -> str:
    picture = boards.flat_image(tile, scale, PAPER)
    small = show(picture, fitted(picture.shape[:2], (_TILE, _TILE)))
    words = escape(boards.raw_range(tile))
    if scale is not None and not scale.flat:
        words = f"{words}<br>{escape(boards.color_range(scale))}"
    alt = escape(f"{tile.title_row} {tile.title_column}".strip(), quote=True)
    source = embedded(np.ascontiguousarray(small))
    return f'<td><img src="{source}" alt="{alt}"><span>{words}</span></td>'


def _legend(tiles: Sequence[Tile], used: dict[int, Scale]) -> str:
    if not used:
        return ""
    results = [tile.result for tile in tiles]
    units = [each.unit for each in results if isinstance(each, Heatmap)]
    scale = next(iter(used.values()))
    bar = legends.color_bar(
        scale, ", ".join(dict.fromkeys(units)), _LEGEND, size=14, ink=PAPER
    )
    return f'<img class="legend" src="{embedded(bar)}" alt="Color scale">'


def _group_tables(group: Sequence[Tile]) -> list[str]:
    """Return tables of the agreement of maps of one image; [] for a single map."""
    maps = {
        f"{tile.title_row} {tile.title_column}".strip(): tile.result
        for tile in group
        if isinstance(tile.result, Heatmap)
    }
    if len(maps) < 2:  # noqa: PLR2004
        return []
    numbers = agreement.board_numbers(list(maps.values()))
    return [
        _table("Rank correlation", list(maps), numbers.correlation),
        _table("Overlap of the strongest tenth", list(maps), numbers.overlap),
    ]


def _numbers(tiles: Sequence[Tile]) -> str:
    """Return the agreement of the maps of each image, as HTML."""
    parts = []
    groups: dict[object, list[Tile]] = {}
    for tile in tiles:
        groups.setdefault(tile.image, []).append(tile)
    for group in groups.values():
        parts += _group_tables(group)
    if not parts:
        return ""
    return "<h2>Agreement</h2>\n" + _EXPLAINED + "\n".join(parts)


def _table(title: str, names: list[str], values: agreement.Floats) -> str:
    heads = "".join(f"<th scope='col'>{n}</th>" for n in range(1, len(names) + 1))
    rows = "\n".join(
        f"<tr><th scope='row'>{n + 1} {escape(name)}</th>"
        + "".join(f"<td>{_figure(each)}</td>" for each in values[n])
        + "</tr>"
        for n, name in enumerate(names)
    )
    return (
        f"<table class='numbers'><caption>{escape(title)}</caption>"
        f"<tr><td></td>{heads}</tr>\n{rows}</table>"
    )


def _figure(value: float) -> str:
    return "" if np.isnan(value) else board_image.signed(value)


_EXPLAINED = f"""\
<p class="paper">Spearman's rank correlation, and the fraction of the strongest
{100 * agreement.TOP_SHARE:.0f} % of positions that two maps have in common, on
the grid of the coarser map over the part of the image that both cover. Unless
both maps have a sign, magnitudes are compared. Empty: a map without a range.</p>
"""

_BODY = """\
<header><h1>{title}</h1>{notes}</header>
<main>
<div class="scroll"><table class="board">
{board}
</table></div>
{legend}
{numbers}
</main>"""

_STYLE = """\
header, main { max-width: none; }
h2 { margin-top: 2rem; }
.scroll { overflow-x: auto; }
.board { border-collapse: separate; border-spacing: .75rem; }
.board th { font-weight: 600; text-align: left; }
.board th[scope=col] { text-align: center; }
.board td { vertical-align: top; min-width: 7.5rem; }
.board img { width: 100%; display: block; border-radius: .25rem; }
.board span { display: block; padding-top: .25rem; font-size: .8125rem;
  color: var(--quiet); text-align: center; }
.legend { display: block; max-width: 100%; margin: 1rem .75rem; padding: .5rem;
  background: #fff; border-radius: .25rem; }
.numbers { border-collapse: collapse; margin: 1.5rem 0; font-size: .875rem;
  font-variant-numeric: tabular-nums; }
.numbers caption { text-align: left; font-weight: 600; padding-bottom: .5rem; }
.numbers th, .numbers td { padding: .25rem .75rem; border-top: 1px solid var(--line);
  font-weight: 400; text-align: right; }
.numbers th[scope=row] { text-align: left; }
"""
