"""Makes the strip of styles of the README: one photograph, painted in six ways.

Usage: .venv/bin/python packaging/style_strip.py [FILE]

Above, three pictures that were optimised for a minute each; below, the same three
styles by the networks that paint them in one pass. FILE is styles.webp in
resources/screenshots where none is named.
"""

import sys
from pathlib import Path

from gallery import (
    GAP,
    LETTERS,
    MARGIN,
    QUALITY,
    WIDTH,
    below,
    beside,
    framed,
    sample_photo,
    titled,
)
from PIL import Image

import nnviz
from nnviz.base.images import Colours, rgb8
from nnviz.base.images import Image as Photo
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.render import text

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots" / "styles.webp"
STYLES = {"strokes": 1.0, "mosaic": 1.0, "marbling": 0.7}
"""Patterns that the program draws, and how large beside the photograph."""
SIZE = 512
COLUMNS = 5
"""The photograph is as wide as two paintings."""


def main(words: list[str]) -> int:
    """Make the pictures and lay them out."""
    path = Path(words[0]) if words else SHIPPED
    photo = nnviz.open_image(sample_photo())
    column = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    optimised = [
        titled(f"Optimised: {name}", painted(photo, name, scale), column)
        for name, scale in STYLES.items()
    ]
    quick = [
        titled(f"In one pass: {name}", in_one_pass(photo, name), column)
        for name in STYLES
    ]
    six = below([beside(optimised), beside(quick)])
    room = six.shape[0] - text.line_height(LETTERS) - GAP // 2
    shown = rgb8(photo.pixels)
    width = round(room * shown.shape[1] / shown.shape[0])
    whole = beside([titled("The photograph", shown, width), six])
    Image.fromarray(framed(whole)).save(path, quality=QUALITY, method=6)
    sys.stdout.write(f"{path}\n")
    return 0


def painted(photo: Photo, style: str, scale: float) -> Colours:
    """Return the photograph, moved towards a style step by step."""
    found = nnviz.run(
        "style_transfer",
        DEFAULT_MODEL,
        photo,
        style=style,
        style_scale=scale,
        size=SIZE,
    )
    return rgb8(found.data)


def in_one_pass(photo: Photo, style: str) -> Colours:
    """Return what a bundled network paints of the photograph."""
    found = nnviz.run("fast_style", f"bundled:{style}", photo, size=SIZE)
    return rgb8(found.data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
