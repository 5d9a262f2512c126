"""Films made of films: a method on every picture, the last result mixed into the next.

So one picture's dream goes on in the next one's (gordicaleksa/pytorch-deepdream mixes
in 15 % of it).
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Progress
from nnviz.base.images import Colours, Image, image_from_array, rgb8
from nnviz.base.preprocess import Interpolation
from nnviz.base.results import Picture, Report
from nnviz.media.films import FilmWriter
from nnviz.media.resize import resize
from nnviz.media.sound import add_sound
from nnviz.media.video import FilmReader, open_film

FILMS = (".mp4", ".gif")

Change = Callable[[Image], Report]
"""Runs a method on a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmChange:
    """Which film becomes which.

    Attributes:
        film: its file.
        out: the new one's, .mp4 or .gif.
        kept: share of the last result in the next picture, 0 to 1.
        seconds: after which it ends; infinite for all of it.
    """

    film: Path
    out: Path
    kept: float = 0.15
    seconds: float = float("inf")


def change_film(
    asked: FilmChange, change: Change, tell: Callable[[Progress], None]
) -> tuple[str, ...]:
    """Write a film of what a method makes of each picture of another.

    An MP4 file gets the other's sound.  Where it is broken off, what there is is kept.

    Args:
        asked: which film becomes which.
        change: makes the new pictures.
        tell: is told after each.

    Returns:
        What is to be said of it.

    Raises:
        UsageError: a share or an ending that makes no sense; no pictures come out.
        InputError: no film, or the disk does not allow it.
    """
    _require_sensible(asked)
    with closing(open_film(asked.film)) as reader:
        frames = _changed(reader, asked, change, tell)
        count = _written(frames, asked.out, reader.rate)
        notes = [f"{count} pictures"]
        if reader.remark is not None:
            notes.append(str(reader.remark))
    if asked.out.suffix.lower() == FILMS[0] and add_sound(asked.out, asked.film):
        notes.append("with the film's sound")
    return tuple(notes)


def _require_sensible(asked: FilmChange) -> None:
    if asked.out.suffix.lower() not in FILMS:
        raise UsageError(
            "--out", f"{asked.out.name} is no film's name", f"end it in {FILMS[0]}"
        )
    if not 0 <= asked.kept < 1:
        raise UsageError("--kept", f"{asked.kept:g} is out of range", "0 to below 1")
    if asked.out.exists() and asked.out.samefile(asked.film):
        raise UsageError("--out", "is the film itself", "name another file")


def _changed(
    reader: FilmReader,
    asked: FilmChange,
    change: Change,
    tell: Callable[[Progress], None],
) -> Iterator[tuple[Colours, float]]:
    """Yield the new pictures with their times."""
    length = min(reader.duration, asked.seconds)
    last: Colours | None = None
    number = 0
    while (grab := reader.read()) is not None and grab.seconds < asked.seconds:
        pixels = _mixed(grab.pixels(), last, asked.kept)
        last = _picture(change(image_from_array(pixels, f"{reader.title} {number}")))
        yield last, grab.seconds
        number += 1
        total = max(number, round(length * reader.rate))
        tell(Progress(number, total, f"picture {number} of {total}"))


def _mixed(pixels: Colours, last: Colours | None, kept: float) -> Colours:
    """Return a picture with a share of the last result, made to its size."""
    if last is None or not kept:
        return pixels
    last = resize(last, (pixels.shape[0], pixels.shape[1]), Interpolation.BILINEAR)
    mixed = (1 - kept) * pixels + kept * last.astype(np.float32)
    return mixed.round().astype(np.uint8)


def _picture(report: Report) -> Colours:
    main = report.main
    if not isinstance(main, Picture):
        raise UsageError(
            next(iter(report)), "is no picture", "pick a method that changes pictures"
        )
    return rgb8(main.pixels)


def _written(frames: Iterator[tuple[Colours, float]], out: Path, rate: float) -> int:
    """Write the film; the first picture gives it its size.

    Raises:
        InputError: there is none.
    """
    first = next(frames, None)
    if first is None:
        raise InputError(out.name, "the film holds no pictures", "name another")
    pixels, seconds = first
    with FilmWriter(out, (pixels.shape[0], pixels.shape[1]), rate) as film:
        film.append(pixels, seconds)
        for pixels, seconds in frames:
            film.append(pixels, seconds)
    return film.frames
