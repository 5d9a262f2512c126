"""Films whose pictures carry their numbers, and photographs that move."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from skimage import data

from nnviz.base.images import Colors, Pixels

BITS = 16
BENCH_SIZE, BENCH_RATE = (720, 1280), 30


def numbered(number: int, size: tuple[int, int] = (64, 128)) -> Colors:
    """A gray picture with a number in sixteen black or white columns, lowest first."""
    height, width = size
    fields = np.arange(width) * BITS // width
    row = np.where(number >> fields & 1, 235, 20).astype(np.uint8)
    return np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def number_of(pixels: Pixels) -> int:
    """Read the number off a picture, from the middle of its upper part."""
    row = pixels[pixels.shape[0] // 16].astype(int).mean(axis=1)
    middles = (np.arange(BITS) * 2 + 1) * len(row) // (2 * BITS)
    return sum(1 << bit for bit, value in enumerate(row[middles]) if value > 127)


def write_film(
    path: Path,
    times: Iterable[float],
    *,
    size: tuple[int, int] = (64, 128),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    picture: Callable[[int, tuple[int, int]], Colors] = numbered,
    **more: Any,
) -> Path:
    """Write a film with PyAV itself: picture n is seen at ``times[n]``, s.

    More: ``rotation`` (degrees), ``shape`` (of a pixel), ``container`` (options),
    ``options`` (of the codec), ``rate``.
    """
    ticks = more.get("ticks", 1000)
    with av.open(str(path), "w", options=more.get("container", {})) as container:
        stream = container.add_stream(codec, more.get("rate", 25))
        stream.height, stream.width = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, ticks)
        stream.options = more.get("options", {})
        if "shape" in more:
            stream.sample_aspect_ratio = more["shape"]
        if "rotation" in more:
            stream.set_display_rotation(more["rotation"])
        for number, seconds in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(number, size), "rgb24")
            frame = frame.reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(seconds * ticks), Fraction(1, ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def evenly(frames: int, rate: float = 25.0) -> list[float]:
    """Return the times of a film at a constant rate."""
    return [number / rate for number in range(frames)]


def moving_photographs(size: tuple[int, int] = BENCH_SIZE) -> Iterator[Colors]:
    """Photographs that pan and drift into one another, without end: public domain."""
    import cv2

    height, width = size
    reach = (round(width * 1.25), round(height * 1.25))
    photos = [
        cv2.resize(photo(), reach, interpolation=cv2.INTER_AREA)
        for photo in (data.astronaut, data.coffee, data.chelsea, data.rocket)
    ]
    for number in itertools.count():
        turn = number / 90
        first, second = photos[int(turn) % 4], photos[(int(turn) + 1) % 4]
        top = round((reach[1] - height) * (0.5 + 0.5 * np.sin(number / 23)))
        left = round((reach[0] - width) * (0.5 + 0.5 * np.sin(number / 37)))
        part = np.s_[top : top + height, left : left + width]
        share = max(0.0, (turn % 1 - 0.8) * 5)
        yield cv2.addWeighted(first[part], 1 - share, second[part], share, 0)


def bench_film(path: Path, seconds: float = 10.0) -> Path:
    """Write a film of moving photographs, 720p at 30 pictures a second, H.264."""
    pictures = moving_photographs()
    return write_film(
        path,
        evenly(round(seconds * BENCH_RATE), BENCH_RATE),
        size=BENCH_SIZE,
        picture=lambda _number, _size: next(pictures),
        rate=BENCH_RATE,
        ticks=90_000,
        options={"preset": "veryfast", "crf": "20"},
    )


SOAK_SCRIPT = """\
# A camera for hours: it plays a film and has each fault now and then.
play = "{film}"
rate = 30
opening = 0.3
"""
_SOAK_FAULTS = (
    'do = "stall"\nlasts = 3.0',
    'do = "corrupt"\nframes = 5',
    'do = "unplug"\nlasts = 4.0',
    'do = "resize"\nsize = [480, 640]',
    'do = "slow"\nrate = 10',
    'do = "resize"\nsize = [720, 1280]',
    'do = "slow"\nrate = 30',
)


def soak_script(folder: Path, minutes: float = 20.0) -> Path:
    """Write a 720p film and a script of a camera with a fault every 20 seconds."""
    return _faulty_camera(folder, SOAK_SCRIPT, _SOAK_FAULTS, (600, minutes * 3))


UNPLUGGING_SCRIPT = """\
# A camera on a stand: it is unplugged now and then, for a moment or for a while.
play = "{film}"
rate = 10
opening = 0.3
"""
_UNPLUGGED = tuple(f'do = "unplug"\nlasts = {seconds}' for seconds in (2.0, 9.0, 25.0))


def unplugging_script(folder: Path, minutes: float) -> Path:
    """Write a 720p film and a script of a camera unplugged after every 30 seconds."""
    return _faulty_camera(folder, UNPLUGGING_SCRIPT, _UNPLUGGED, (300, minutes * 2))


def _faulty_camera(
    folder: Path, head: str, faults: Iterable[str], every: tuple[int, float]
) -> Path:
    """Write a film and a script with a fault each so many frames, so many times."""
    film = bench_film(folder / "soak.mp4")
    frames, count = every
    events = [
        f"\n[[events]]\nframe = {frames * (place + 1)}\n{fault}\n"
        for place, fault in zip(
            range(round(count)), itertools.cycle(faults), strict=False
        )
    ]
    path = folder / "soak.toml"
    path.write_text(head.format(film=film.name) + "".join(events))
    return path
