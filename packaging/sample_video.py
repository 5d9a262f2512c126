"""Makes the video that ships with the program: slow pans over public-domain pictures.

Usage: .venv/bin/python packaging/sample_video.py [FILE]

The photographs are scikit-image's: the cat "Chelsea" and a cup of coffee (CC0), the
astronaut Eileen Collins (NASA, public domain).  FILE is
resources/samples/photographs.mp4 where none is named.
"""

import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from skimage import data

SHIPPED = Path(__file__).parents[1] / "resources" / "samples" / "photographs.mp4"
SIZE = (480, 640)
RATE = 24
SECONDS = 5.0
FADE = 0.4

Pixels = NDArray[np.uint8]
View = tuple[float, float, float]
"""Middle (y, x) and height of what is seen, as shares of the photograph's height."""

SHOTS: tuple[tuple[str, View, View], ...] = (
    ("astronaut", (0.42, 0.48, 0.74), (0.28, 0.43, 0.46)),
    ("chelsea", (0.5, 0.62, 0.9), (0.45, 0.85, 0.72)),
    ("coffee", (0.5, 0.62, 0.88), (0.5, 0.85, 0.98)),
    ("astronaut", (0.25, 0.42, 0.42), (0.4, 0.5, 0.7)),
)


def main(words: list[str]) -> int:
    """Write the film."""
    path = Path(words[0]) if words else SHIPPED
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=Fraction(RATE))
        stream.width, stream.height = SIZE[1], SIZE[0]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "26", "preset": "veryslow"}
        for pixels in frames():
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        film.mux(stream.encode(None))
    sys.stdout.write(f"{path}: {path.stat().st_size >> 10} KiB\n")
    return 0


def frames() -> Iterator[Pixels]:
    """Yield shot after shot, one faded into the next."""
    count, fade = round(SECONDS * RATE), round(FADE * RATE)
    shots = [
        shot(getattr(data, name)(), first, last, count) for name, first, last in SHOTS
    ]
    import cv2

    for place, pictures in enumerate(shots):
        before = shots[place - 1][-1]
        for number, pixels in enumerate(pictures):
            share = min(1.0, (number + 1) / fade)
            mixed = cv2.addWeighted(pixels, share, before, 1 - share, 0)
            yield mixed.astype(np.uint8)


def shot(photo: Pixels, first: View, last: View, count: int) -> list[Pixels]:
    """Return what is seen while the view goes from one place to another."""
    eased = (1 - np.cos(np.linspace(0, np.pi, count))) / 2
    views = [np.array(first) * (1 - share) + np.array(last) * share for share in eased]
    return [seen(photo, view) for view in views]


def seen(photo: Pixels, view: NDArray[np.float64]) -> Pixels:
    """Return a view at the size of the film."""
    import cv2

    height = photo.shape[0]
    scale = SIZE[0] / (view[2] * height)
    y, x = view[0] * height, view[1] * height
    move = np.array(
        [
            [scale, 0, SIZE[1] / 2 - scale * x],
            [0, scale, SIZE[0] / 2 - scale * y],
        ]
    )
    view_size = (SIZE[1], SIZE[0])
    reflect = cv2.BORDER_REFLECT
    moved = cv2.warpAffine(
        photo, move, view_size, flags=cv2.INTER_CUBIC, borderMode=reflect
    )
    return moved.astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
