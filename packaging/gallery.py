"""Makes the gallery of the README: synthetic images of units, a dream at three depths.

Usage: .venv/bin/python packaging/gallery.py [FILE]

All of it by the program's own methods, with the bundled network and a photograph that
ships with scikit-image. It takes some minutes. FILE is gallery.webp in
resources/screenshots where none is named.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import nnviz
from nnviz.base.images import Colors, rgb8
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.base.shipped.samples import sample_photos
from nnviz.render import fitting
from nnviz.render.text import paragraphs as text

SHIPPED = Path(__file__).parents[1] / "resources" / "screenshots" / "gallery.webp"
PHOTO = "chelsea.png"
WIDTH, GAP, NARROW, MARGIN = 1600, 16, 4, 24
LETTERS = 22
QUALITY = 82
GROUND, INK = (24, 25, 28), (222, 224, 228)
CHANNELS = {
    "stage2.1.expand.relu": (3, 20, 45, 71, 96, 130),
    "stage4.1.expand.relu": (5, 60, 120, 200, 310, 440),
    "stage6.1.expand.relu": (17, 150, 333, 480, 700, 1000),
}
"""Channels by layer, two rows of three."""
CLASS_LOOK: dict[str, Any] = {"total_variation": 20.0, "strength": 250.0, "size": 192}
"""Preset *smooth class* of activation maximization."""
CLASSES = ("goldfish", "green mamba", "jellyfish", "lion", "strawberry", "pinwheel")
STEPS = 256
DEPTHS: dict[str, dict[str, Any]] = {
    "shallow": {"depth": "shallow", "octaves": 4},
    "middle": {"octaves": 4, "steps": 30, "step_size": 2.0},
    "deep": {"depth": "deep", "octaves": 4, "steps": 30, "step_size": 2.0},
}
"""Parameters of deep dream, those of ``nnviz demo --lecture``."""


def main(words: list[str]) -> int:
    """Make the pictures and lay them out."""
    path = Path(words[0]) if words else SHIPPED
    column = (WIDTH - 2 * MARGIN - 3 * GAP) // 4
    half = (WIDTH - 2 * MARGIN - GAP) // 2
    units = [
        titled(
            f"Units of {layer.split('.')[0]}",
            tiled(
                [{"layer": layer, "channel": channel} for channel in channels], column
            ),
            column,
        )
        for layer, channels in CHANNELS.items()
    ]
    classes = tiled([{"target": name, **CLASS_LOOK} for name in CLASSES], column)
    units.append(titled("Classes", classes, column))
    photo = nnviz.open_image(sample_photo())
    shown = [titled("The image", rgb8(photo.pixels), half)]
    for name, values in DEPTHS.items():
        dreamt = nnviz.run("deep_dream", DEFAULT_MODEL, photo, size=half, **values)
        shown.append(titled(f"Its dream, {name}", rgb8(dreamt.data), half))
    rows = [beside(units), beside(shown[:2]), beside(shown[2:])]
    Image.fromarray(framed(below(rows))).save(path, quality=QUALITY, method=6)
    sys.stdout.write(f"{path}\n")
    return 0


def sample_photo() -> Path:
    """Return the photograph's file."""
    return next(path for path in sample_photos() if path.name == PHOTO)


def tiled(wanted: Sequence[Mapping[str, Any]], width: int) -> Colors:
    """Return synthetic images of six targets, two rows of three."""
    side = (width - 2 * NARROW) // 3
    cells = []
    for target in wanted:
        made = nnviz.run(
            "activation_maximization", DEFAULT_MODEL, steps=STEPS, **target
        )
        cells.append(fitting.show(rgb8(made.data), (side, side)))
    return below([beside(cells[:3], NARROW), beside(cells[3:], NARROW)], NARROW)


def titled(words: str, pixels: Colors, width: int) -> Colors:
    """Return a picture at a width, with a line above it."""
    height = round(pixels.shape[0] * width / pixels.shape[1])
    resized = Image.fromarray(np.ascontiguousarray(pixels)).resize(
        (width, height), Image.Resampling.LANCZOS
    )
    head = text.sheet(text.line_height(LETTERS) + GAP // 2, width, GROUND)
    text.stamp(head, (0, 0), words, LETTERS, color=INK)
    return np.concatenate([head, np.asarray(resized)])


def beside(parts: list[Colors], gap: int = GAP) -> Colors:
    """Return pictures in a row, with gaps between them."""
    return np.swapaxes(below([np.swapaxes(each, 0, 1) for each in parts], gap), 0, 1)


def below(parts: list[Colors], gap: int = GAP) -> Colors:
    """Return pictures in a column, with gaps between them."""
    width = max(part.shape[1] for part in parts)
    column: list[Colors] = []
    for part in parts:
        aside = text.sheet(part.shape[0], width - part.shape[1], GROUND)
        column += [text.sheet(gap, width, GROUND), np.concatenate([part, aside], 1)]
    return np.concatenate(column[1:])


def framed(picture: Colors) -> Colors:
    """Return a picture with a margin around it."""
    height, width = picture.shape[:2]
    whole = text.sheet(height + 2 * MARGIN, width + 2 * MARGIN, GROUND)
    whole[MARGIN : MARGIN + height, MARGIN : MARGIN + width] = picture
    return whole


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
