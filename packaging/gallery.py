"""Makes the gallery of the README: portraits of four layers, a dream at three depths.

Usage: .venv/bin/python packaging/gallery.py [FILE]

All of it by the program's own methods, with the bundled network and a photograph that
ships with scikit-image. It takes some minutes. FILE is gallery.webp in
resources/screenshots where none is named.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import nnviz
from nnviz.base.images import Colours, rgb8
from nnviz.base.samples import sample_photos
from nnviz.render import text

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots" / "gallery.webp"
MODEL = "bundled:objects"
PHOTO = "chelsea.png"
WIDTH, GAP, MARGIN = 1600, 16, 24
LETTERS = 22
QUALITY = 82
GROUND, INK = (24, 25, 28), (222, 224, 228)
PORTRAITS = {
    "stage1": "2, 8, 11, 17, 20, 23",
    "stage2": "9, 15, 21, 27, 39, 45",
    "stage3": "5, 15, 35, 45, 55, 75",
    "stage4": "10, 40, 70, 100, 130, 220",
}
"""Channels by layer, six each."""
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
        titled(f"Portraits of {layer}", portraits_of(layer, channels), column)
        for layer, channels in PORTRAITS.items()
    ]
    photo = nnviz.open_image(sample_photo())
    pictures = [titled("The photograph", rgb8(photo.pixels), half)]
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
        pictures.append(titled(title, rgb8(dreamt.data), half))
    rows = [beside(portraits), beside(pictures[:2]), beside(pictures[2:])]
    Image.fromarray(framed(rows)).save(path, quality=QUALITY, method=6)
    sys.stdout.write(f"{path}\n")
    return 0


def sample_photo() -> Path:
    """Return the photograph's file."""
    return next(path for path in sample_photos() if path.name == PHOTO)


def portraits_of(layer: str, channels: str) -> Colours:
    """Return pictures that channels of a layer answer to most, two rows of three."""
    found = nnviz.run(
        "activation_maximization",
        MODEL,
        layer=layer,
        channel=-1,
        channels=channels,
        steps=STEPS,
    )
    return rgb8(found.data)


def titled(words: str, pixels: Colours, width: int) -> Colours:
    """Return a picture at a width, with a line above it."""
    height = round(pixels.shape[0] * width / pixels.shape[1])
    resized = Image.fromarray(np.ascontiguousarray(pixels)).resize(
        (width, height), Image.Resampling.LANCZOS
    )
    head = text.sheet(text.line_height(LETTERS) + GAP // 2, width, GROUND)
    text.stamp(head, (0, 0), words, LETTERS, colour=INK)
    return np.concatenate([head, np.asarray(resized)])


def beside(parts: list[Colours]) -> Colours:
    """Return pictures in a row, with gaps between them."""
    height = max(part.shape[0] for part in parts)
    row: list[Colours] = []
    for part in parts:
        below = text.sheet(height - part.shape[0], part.shape[1], GROUND)
        row += [text.sheet(height, GAP, GROUND), np.concatenate([part, below])]
    return np.concatenate(row[1:], axis=1)


def framed(rows: list[Colours]) -> Colours:
    """Return rows below each other, with a margin around them."""
    width = max(row.shape[1] for row in rows)
    column: list[Colours] = []
    for row in rows:
        aside = text.sheet(row.shape[0], width - row.shape[1], GROUND)
        column += [text.sheet(GAP, width, GROUND), np.concatenate([row, aside], 1)]
    whole = np.concatenate(column[1:])
    margins = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    padded = np.pad(whole, margins)
    outside = np.pad(np.zeros(whole.shape[:2], bool), margins[:2], constant_values=True)
    padded[outside] = GROUND
    return padded


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
