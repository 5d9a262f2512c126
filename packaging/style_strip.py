"""Makes the strip of styles of the README: one image, painted in six ways.

Usage: .venv/bin/python packaging/style_strip.py [FILE]

Above, three images that were optimized for a minute each; below, the same three
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
from PIL import Image as PillowImage

import nnviz
from nnviz.base.images import Colors, Image, rgb8
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.render.text import paragraphs as text

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots" / "styles.webp"
STYLES = {"strokes": 1.0, "mosaic": 1.0, "marbling": 0.7}
"""Patterns that the program draws, and how large beside the image."""
SIZE = 512
COLUMNS = 5
"""The image is as wide as two paintings."""


def main(words: list[str]) -> int:
    """Make the images and lay them out."""
    path = Path(words[0]) if words else SHIPPED
    image = nnviz.open_image(sample_photo())
    column = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
    optimized = [
        titled(f"Optimized: {name}", painted(image, name, scale), column)
        for name, scale in STYLES.items()
    ]
    quick = [
        titled(f"In one pass: {name}", in_one_pass(image, name), column)
        for name in STYLES
    ]
    six = below([beside(optimized), beside(quick)])
    room = six.shape[0] - text.line_height(LETTERS) - GAP // 2
    shown = rgb8(image.pixels)
    width = round(room * shown.shape[1] / shown.shape[0])
    whole = beside([titled("The image", shown, width), six])
    PillowImage.fromarray(framed(whole)).save(path, quality=QUALITY, method=6)
    sys.stdout.write(f"{path}\n")
    return 0


def painted(image: Image, style: str, scale: float) -> Colors:
    """Return the image, moved towards a style step by step."""
    found = nnviz.run(
        "style_transfer",
        DEFAULT_MODEL,
        image,
        style=style,
        style_scale=scale,
        size=SIZE,
    )
    return rgb8(found.data)


def in_one_pass(image: Image, style: str) -> Colors:
    """Return what a bundled network makes of the image."""
    found = nnviz.run("fast_style", f"bundled:{style}", image, size=SIZE)
    return rgb8(found.data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
