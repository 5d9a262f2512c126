"""Contact sheets: results of several methods in a grid, each with its legend.

Unlike on a board, whose maps share a scale, each result is painted as it would be
alone, so all kinds of results can be combined.
"""

import math
from collections.abc import Sequence

import numpy as np

from nnviz.base.catalogue import method_title
from nnviz.base.images import Image, rgb8
from nnviz.base.recipes import Run
from nnviz.base.results import Ranking
from nnviz.render import report
from nnviz.render.maps import heatmaps
from nnviz.render.palette import BACKGROUND, MUTED
from nnviz.render.text import paragraphs as text
from nnviz.render.text.paragraphs import Canvas

WIDTH = 1600
"""Default width, px."""
_SIZE = 17
"""Font size, px, at the default width."""
_MOST_IN_ONE_ROW = 3
_HIGHEST = 0.9
"""Maximum height of the image as a fraction of its width, as in ``report``."""


def paint(runs: Sequence[Run], width: int = WIDTH) -> Canvas:
    """Paint results below their methods' titles, the image first where all share it.

    Args:
        runs: at least one; in their order, row by row.
        width: px, margins included.

    Returns:
        uint8 (h, width, 3).
    """
    size = max(11, round(_SIZE * width / WIDTH))
    gap = 2 * size
    shared = _shared_image(runs)
    count = len(runs) + (shared is not None)
    columns = count if count <= _MOST_IN_ONE_ROW else math.ceil(math.sqrt(count))
    side = (width - gap * (columns + 1)) // columns
    cells = [] if shared is None else [_image_cell(shared, side, size)]
    cells += [_cell(run, side, size, named=shared is None) for run in runs]
    return _page([cells[n : n + columns] for n in range(0, count, columns)], gap, side,
                 width)  # fmt: skip


def _page(rows: Sequence[Sequence[Canvas]], gap: int, side: int, width: int) -> Canvas:
    """Lay out cells row by row, aligned at the top."""
    heights = [max(map(len, row)) for row in rows]
    page = text.sheet(sum(heights) + gap * (len(rows) + 1), width, BACKGROUND)
    top = gap
    for row, height in zip(rows, heights, strict=True):
        for column, cell in enumerate(row):
            left = gap + column * (side + gap)
            page[top : top + len(cell), left : left + side] = cell
        top += height + gap
    return page


def _shared_image(runs: Sequence[Run]) -> Image | None:
    """Return the image that all results share; None where they differ."""
    images = {
        run.image.sha256 if run.image is not None else "": run.image for run in runs
    }
    return next(iter(images.values())) if len(images) == 1 else None


def _image_cell(image: Image, width: int, size: int) -> Canvas:
    pixels = rgb8(image.pixels)
    large = heatmaps.enlarged(pixels, width, round(_HIGHEST * width))
    canvas = text.sheet(len(large), width, BACKGROUND)
    canvas[:, : large.shape[1]] = large
    return np.concatenate([_head(image.name, "", width, size), canvas])


def _cell(run: Run, width: int, size: int, *, named: bool) -> Canvas:
    """Paint a result below its method's title and its first note.

    Args:
        run: the result.
        width: px.
        size: font size, px.
        named: whether to write the image's name.
    """
    notes = [run.image.name] if named and run.image is not None else []
    notes += run.report.notes[:1]
    title = method_title(run.recipe.method)
    head = _head(title, " · ".join(notes), width, size)
    image = None if isinstance(run.report.main, Ranking) else run.image
    return np.concatenate([head, report.paint(run.report.main, image, width, size)])


def _head(title: str, asked: str, width: int, size: int) -> Canvas:
    """Paint a title and a line below it, both optional."""
    line, large = text.line_height(size), text.line_height(size + 4)
    canvas = text.sheet(line + large + size // 2, width, BACKGROUND)
    text.stamp(canvas, (0, 0), title, size + 4, bold=True)
    text.stamp(canvas, (0, large), asked, size, color=MUTED)
    return canvas
