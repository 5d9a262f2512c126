"""Video processing: a method applied to every frame of a video.

The last result can be blended into the next image, so that a dream continues across
frames (gordicaleksa/pytorch-deepdream blends in 15 %).  A method that follows cameras
gets frames and stabilizes them itself.
"""

import itertools
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import cast

import numpy as np

from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Job, Partial, Progress, Step
from nnviz.base.file_formats import WRITTEN_VIDEOS
from nnviz.base.host.reading import exists
from nnviz.base.images import Colors, Image, image_from_array, rgb8
from nnviz.base.info import MethodInfo
from nnviz.base.preprocess import Interpolation
from nnviz.base.recipes import Run
from nnviz.base.requests import ChangeVideo, RunMethod
from nnviz.base.results import ColorImage, Report
from nnviz.base.video import FrameImage, Grab
from nnviz.media.resize import resize
from nnviz.media.video.reader import VideoReader, open_video
from nnviz.media.video.sound import add_sound
from nnviz.media.video.writer import VideoWriter

_KEPT = 0.15
_numbers = itertools.count(1)

RunFrame = Callable[[RunMethod], Job]
"""Returns the job of a method on an image."""


def write_changed(asked: ChangeVideo, info: MethodInfo, run: RunFrame) -> Job:
    """Write a video of a method applied to each frame of another.

    An MP4 file gets the original's sound.  An interrupted video is kept as far as
    written.

    Args:
        asked: source and destination.
        info: of the method.
        run: runs it on an image.

    Yields:
        Each new image, and the progress.

    Returns:
        Notes for the user.

    Raises:
        UsageError: an invalid blend or suffix; the method returns no images.
        InputError: the video cannot be read or written.
    """
    source, out = Path(asked.film), Path(asked.out)
    _require_sensible(asked)
    heard: list[bool] = []
    with closing(open_video(source)) as reader, ExitStack() as stack:
        painter = _Painter(asked, info, reader)
        film: VideoWriter | None = None
        for grab in _grabs(reader, asked.seconds):
            report = yield from _quietly(run(painter.request(grab)), painter.progress)
            pixels = painter.take(report)
            if film is None:
                # Registered before the video: the sound is added once that has its
                # final name.
                stack.callback(lambda: heard.append(_add_sound(out, source)))
                size = pixels.shape[0], pixels.shape[1]
                film = stack.enter_context(VideoWriter(out, size, reader.rate))
            film.append(pixels, grab.seconds)
            yield Partial(report)
            yield painter.progress
    if film is None:
        raise InputError(out.name, "the video holds no images", "name another")
    notes = [f"{film.frames} frames"]
    if reader.remark is not None:
        notes.append(str(reader.remark))
    return (*notes, *(["with the video's sound"] if any(heard) else []))


class _Painter:
    """Requests for the frames of a video, each mixed with the last result."""

    def __init__(
        self, asked: ChangeVideo, info: MethodInfo, reader: VideoReader
    ) -> None:
        self._asked = asked
        self._live = info.live
        usual = 0.0 if info.live else _KEPT
        self._kept = usual if asked.kept is None else asked.kept
        self._last: Colors | None = None
        self._number = 0
        self._title = f"video {next(_numbers)}"
        self._name = reader.title
        self._total = round(min(reader.duration, asked.seconds) * reader.rate)

    @property
    def progress(self) -> Progress:
        """Progress in frames."""
        done, total = self._number, max(self._number, self._total)
        return Progress(done, total, f"frame {done} of {total}")

    def request(self, grab: Grab) -> RunMethod:
        """Return the request for a frame of the video."""
        pixels = _mixed(grab.pixels(), self._last, self._kept)
        return RunMethod(
            method=self._asked.method,
            model=self._asked.model,
            image=self._image(pixels, grab),
            values=self._asked.values,
            seed=self._asked.seed,
        )

    def take(self, report: Report) -> Colors:
        """Return a report's image, and keep it for the next frame.

        Raises:
            UsageError: the report has no image.
        """
        main = report.main
        if not isinstance(main, ColorImage):
            raise UsageError(
                next(iter(report)),
                "is not an image",
                "pick a method that changes images",
            )
        self._last = rgb8(main.pixels)
        self._number += 1
        return self._last

    def _image(self, pixels: Colors, grab: Grab) -> Image:
        name = f"{self._name} {self._number}"
        if not self._live:
            return image_from_array(pixels, name)
        return FrameImage(
            pixels,
            name,
            f"{self._title}:{self._number}",
            number=self._number,
            captured=grab.captured,
            position=grab.seconds,
        )


def _quietly(job: Job, progress: Progress) -> Generator[Step, object, Report]:
    """Run a job, yielding the video's progress instead of the job's."""
    with closing(job):
        while True:
            try:
                next(job)
            except StopIteration as end:
                return cast("Run", end.value).report
            yield progress


def _require_sensible(asked: ChangeVideo) -> None:
    out = Path(asked.out)
    if out.suffix.lower() not in WRITTEN_VIDEOS:
        raise UsageError(
            "--out",
            f"{out.name} is not a video file name",
            f"end it in {WRITTEN_VIDEOS[0]}",
        )
    if asked.kept is not None and not 0 <= asked.kept < 1:
        raise UsageError("--kept", f"{asked.kept:g} is out of range", "0 to below 1")
    if exists(out) and exists(asked.film) and out.samefile(asked.film):
        raise UsageError("--out", "is the video itself", "name another file")


def _grabs(reader: VideoReader, seconds: float) -> Iterator[Grab]:
    """Yield the frames of a video up to a time."""
    while (grab := reader.read()) is not None and grab.seconds < seconds:
        yield grab


def _mixed(pixels: Colors, last: Colors | None, kept: float) -> Colors:
    """Blend an image with a share of the last result, resized to its size."""
    if last is None or not kept:
        return pixels
    last = resize(last, (pixels.shape[0], pixels.shape[1]), Interpolation.BILINEAR)
    mixed = (1 - kept) * pixels + kept * last.astype(np.float32)
    return mixed.round().astype(np.uint8)


def _add_sound(out: Path, source: Path) -> bool:
    """Copy the sound of the source video into a file that supports it."""
    return out.suffix.lower() == WRITTEN_VIDEOS[0] and add_sound(out, source)
