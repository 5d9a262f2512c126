"""Makes the page of all lessons for the README: one picture a lesson, by section.

Usage: .venv/bin/python packaging/lesson_gallery.py [FILE]

Each lesson runs with its own values, as ``nnviz run`` does, on the bundled network and
a photograph that ships with scikit-image. FILE is lessons.webp in resources/screenshots
where none is named. It takes some minutes.
"""

import sys
from itertools import groupby
from pathlib import Path

import numpy as np
from gallery import GROUND, QUALITY, framed, sample_photo
from PIL import Image

import nnviz
from nnviz.base.errors import NnvizError
from nnviz.base.images import Colors
from nnviz.base.images import Image as Photo
from nnviz.base.info import SECTIONS, MethodInfo
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.render.report import paint
from nnviz.render.text import paragraphs as text

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots" / "lessons.webp"
COLUMNS, WIDE, HIGH, GAP = 6, 300, 236, 14
PAINTED = 560
"""Width at which a lesson is painted, before it is made small, px."""
TITLE, HEAD = 15, 24
INK, QUIET = (222, 224, 228), (150, 156, 166)


def main(words: list[str]) -> int:
    """Run all lessons and lay their pictures out."""
    path = Path(words[0]) if words else SHIPPED
    photo = nnviz.open_image(sample_photo())
    lessons = sorted(
        (info for info in nnviz.methods().values() if info.capabilities.section),
        key=lambda info: (
            SECTIONS.index(info.capabilities.section),
            info.capabilities.place,
        ),
    )
    parts: list[Colors] = []
    for section, members in groupby(lessons, lambda info: info.capabilities.section):
        tiles = [tile for info in members if (tile := picture(info, photo)) is not None]
        parts += [heading(section), *rows_of(tiles)]
    page = framed(np.concatenate(parts))
    Image.fromarray(page).save(path, quality=QUALITY, method=6)
    sys.stdout.write(f"{path}\n")
    return 0


def picture(info: MethodInfo, photo: Photo) -> Colors | None:
    """Return a lesson's main result with its title; None where it does not work."""
    try:
        result = nnviz.run(
            info.name,
            DEFAULT_MODEL if info.needs_model else None,
            photo if info.needs_image else None,
        )
    except NnvizError as error:
        sys.stderr.write(f"{info.name} is left out: {error}\n")
        return None
    painted = paint(result.main, result.image, PAINTED)
    small = Image.fromarray(np.ascontiguousarray(painted))
    small.thumbnail((WIDE, HIGH), Image.Resampling.LANCZOS)
    cell = text.sheet(HIGH + text.line_height(TITLE) + GAP, WIDE, GROUND)
    words = text.shorten(info.title, WIDE, TITLE)
    text.stamp(cell, (0, 0), words, TITLE, color=QUIET)
    top = text.line_height(TITLE) + GAP // 2
    cell[top : top + small.height, : small.width] = np.asarray(small)
    return cell


def heading(section: str) -> Colors:
    """Return the name of a section on a line of the page's width."""
    line = text.sheet(text.line_height(HEAD) + 2 * GAP, page_width(), GROUND)
    text.stamp(line, (0, GAP), section, HEAD, color=INK)
    return line


def rows_of(tiles: list[Colors]) -> list[Colors]:
    """Return tiles in rows of the page's width."""
    found = []
    for first in range(0, len(tiles), COLUMNS):
        row = text.sheet(tiles[0].shape[0], page_width(), GROUND)
        for place, tile in enumerate(tiles[first : first + COLUMNS]):
            left = place * (WIDE + GAP)
            row[:, left : left + WIDE] = tile
        found.append(row)
    return found


def page_width() -> int:
    """Return the width of a full row, px."""
    return COLUMNS * (WIDE + GAP) - GAP


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
