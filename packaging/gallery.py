"""Makes the gallery of the README: portraits of four layers, a dream at three depths.

Usage: .venv/bin/python packaging/gallery.py [FILE]

All of it by the program's own methods, with the bundled network and a photograph that
ships with scikit-image. It takes some minutes. FILE is gallery.webp in
resources/screenshots where none is named.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import nnviz
from nnviz.base.images import Colours, rgb8
from nnviz.base.samples import sample_photos
from nnviz.render import pictures, text

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots" / "gallery.webp"
MODEL = "bundled:objects"
PHOTO = "chelsea.png"
WIDTH, GAP, NARROW, MARGIN = 1600, 16, 4, 24
LETTERS = 22
QUALITY = 82
GROUND, INK = (24, 25, 28), (222, 224, 228)
PORTRAITS = {
    "stage1": (2, 8, 11, 17, 20, 23),
    "stage2": (9, 15, 21, 27, 39, 45),
    "stage3": (5, 15, 35, 45, 55, 75),
    "stage4": (10, 40, 70, 100, 130, 220),
}
"""Channels by layer, two rows of three."""
STEPS = 384


@dataclass(frozen=True, slots=True)
class Depth:
    """A dream of the photograph."""

    words: str
    layer: str
    step_size: float


DEPTHS = (
    Depth("shallow", "stage1", 0.5),
    Depth("middle", "stage2.0", 0.9),
    Depth("deep", "stage4.0", 1.3),
)


def main(words: list[str]) -> int:
    """Make the pictures and lay them out."""
    path = Path(words[0]) if words else SHIPPED
    column = (WIDTH - 2 * MARGIN - 3 * GAP) // 4
    half = (WIDTH - 2 * MARGIN - GAP) // 2
    portraits = [
        titled(f"Portraits of {layer}", portraits_of(layer, channels, column), column)
        for layer, channels in PORTRAITS.items()
    ]
    photo = nnviz.open_image(sample_photo())
    shown = [titled("The photograph", rgb8(photo.pixels), half)]
    for depth in DEPTHS:
        dreamt = nnviz.run(
            "deep_dream",
            MODEL,
            photo,
            layer=depth.layer,
            step_size=depth.step_size,
            size=half,
        )
        title = f"Its dream, {depth.words}: {depth.layer}"
        shown.append(titled(title, rgb8(dreamt.data), half))
    rows = [beside(portraits), beside(shown[:2]), beside(shown[2:])]
    Image.fromarray(framed(below(rows))).save(path, quality=QUALITY, method=6)
    sys.stdout.write(f"{path}\n")
    return 0


def sample_photo() -> Path:
    """Return the photograph's file."""
    return next(path for path in sample_photos() if path.name == PHOTO)


def portraits_of(layer: str, channels: Sequence[int], width: int) -> Colours:
    """Return pictures that channels of a layer answer to most, two rows of three."""
    side = (width - 2 * NARROW) // 3
    cells = []
    for channel in channels:
        found = nnviz.run(
            "activation_maximization", MODEL, layer=layer, channel=channel, steps=STEPS
        )
        cells.append(pictures.show(rgb8(found.data), (side, side)))
    return below([beside(cells[:3], NARROW), beside(cells[3:], NARROW)], NARROW)


def titled(words: str, pixels: Colours, width: int) -> Colours:
    """Return a picture at a width, with a line above it."""
    height = round(pixels.shape[0] * width / pixels.shape[1])
    resized = Image.fromarray(np.ascontiguousarray(pixels)).resize(
        (width, height), Image.Resampling.LANCZOS
    )
    head = text.sheet(text.line_height(LETTERS) + GAP // 2, width, GROUND)
    text.stamp(head, (0, 0), words, LETTERS, colour=INK)
    return np.concatenate([head, np.asarray(resized)])


def beside(parts: list[Colours], gap: int = GAP) -> Colours:
    """Return pictures in a row, with gaps between them."""
    return np.swapaxes(below([np.swapaxes(each, 0, 1) for each in parts], gap), 0, 1)


def below(parts: list[Colours], gap: int = GAP) -> Colours:
    """Return pictures in a column, with gaps between them."""
    width = max(part.shape[1] for part in parts)
    column: list[Colours] = []
    for part in parts:
        aside = text.sheet(part.shape[0], width - part.shape[1], GROUND)
        column += [text.sheet(gap, width, GROUND), np.concatenate([part, aside], 1)]
    return np.concatenate(column[1:])


def framed(picture: Colours) -> Colours:
    """Return a picture with a margin around it."""
    height, width = picture.shape[:2]
    whole = text.sheet(height + 2 * MARGIN, width + 2 * MARGIN, GROUND)
    whole[MARGIN : MARGIN + height, MARGIN : MARGIN + width] = picture
    return whole


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
