"""Writers of videos with a time stamp for each frame, and of their numbers as CSV."""

import csv
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from nnviz.base.errors import CancelledError, InputError
from nnviz.base.images import Colors
from nnviz.media.closing import Closing
from nnviz.media.files import part_of

_H264, _FALLBACK = "libx264", "mpeg4"
_KEY_SECONDS = 2
"""Seconds between key frames, at which playback can start and the file is safe on disk.
"""
_BITS = 0.15
"""Bits a pixel for codecs without constant quality."""
_ROUNDING = 0.01
"""Maximum part of a side that is filled by stretching instead of black bars."""
_BT709, _SRGB_CURVE = 1, 13
"""Colors of the video, ITU-T H.273: matrix and primaries of HDTV, curve of sRGB."""


class VideoWriter(Closing):
    """Writer of an MP4 or GIF file whose frames keep their times.

    So a video recorded at a varying rate plays back correctly.  The file gets its final
    name when it is closed, replacing an existing one.  When the disk is full, an MP4 is
    kept up to some seconds before, and the error says so.  One thread only.

    Args:
        path: ends in .mp4 or .gif.
        size: height and width, px; in MP4 an odd one grows by a pixel.  Frames of
            another size are fitted in, with black bars.
        rate: frames a second, about.

    Attributes:
        codec: of the video: "h264", "mpeg4" (where PyAV lacks the H.264 encoder) or
            "gif".
        frames: number of frames written.

    Raises:
        InputError: the file cannot be written, or the suffix is unknown.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float = 30.0) -> None:
        kind = _KINDS.get(path.suffix.lower())
        if kind is None:
            known = " or ".join(_KINDS)
            raise InputError(path.name, "no such kind of video", f"name it {known}")
        self.frames = 0
        self._path = path
        self._size = size
        self._start = self._seconds = 0.0
        self._tick = 0
        self._stack = ExitStack()
        self._part = self._stack.enter_context(part_of(path))
        track = kind(self._part, size, rate)
        self._track: _Track | None = track
        self.codec = track.codec

    def append(self, pixels: Colors, seconds: float) -> None:
        """Append a frame; after ``close`` do nothing.

        Args:
            pixels: uint8 (H, W, 3), RGB.
            seconds: display time on any clock; the first frame's is the video's
                beginning. A frame that is no later than the one before is dropped.

        Raises:
            InputError: the disk is full; the video is closed then.
        """
        if self._track is None:
            return
        if not self.frames:
            self._start = seconds
        tick = round((seconds - self._start) * self._track.ticks)
        if self.frames and tick < self._tick + self._track.least:
            return
        try:
            self._track.write(_fitted(pixels, self._size), tick)
        except (av.FFmpegError, OSError) as error:
            raise self._stopped(error) from None
        self.frames += 1
        self._tick = tick

    def close(self) -> None:
        """Finish the video and rename it into place; idempotent.

        A video without frames leaves no file.

        Raises:
            InputError: the disk is full.
        """
        if self._track is None:
            return
        track, self._track = self._track, None
        try:
            track.finish()
        except (av.FFmpegError, OSError) as error:
            raise self._stopped(error) from None
        if self.frames:
            self._stack.close()
        else:
            self._leave(CancelledError())

    def _stopped(self, error: Exception) -> InputError:
        """Keep the playable part of a video that failed; return the error."""
        track, self._track = self._track, None
        if track is not None:
            with suppress(av.FFmpegError, OSError):
                track.finish()
        seconds = _playable_seconds(self._part)
        if not seconds:
            return self._leave(error)
        self._stack.close()
        reason = getattr(error, "strerror", None) or error
        return InputError(
            str(self._path),
            f"cannot be written on ({reason}), the first {seconds:.0f} s are kept",
            "free some space or choose another folder",
        )

    def _leave(self, error: Exception) -> InputError:
        """Remove the temporary file; return the error in words."""
        try:
            self._stack.__exit__(type(error), error, None)
        except InputError as told:
            return told
        return InputError(str(self._path), "cannot be written", "choose another folder")


class _Track(Protocol):
    """The video track of a file being written."""

    codec: str
    ticks: int
    least: int

    def write(self, pixels: Colors, tick: int) -> None: ...

    def finish(self) -> None: ...


class _Mp4Track:
    """H.264 or MPEG-4 video in an MP4 file, playable up to the last key frame.

    Attributes:
        codec: of the frames.
        ticks: time stamps a second.
        least: minimum number of ticks between two frames.
    """

    ticks = 90_000
    least = 1

    def __init__(self, part: Path, size: tuple[int, int], rate: float) -> None:
        # Fragments while writing, a single table at the end, for compatibility with all
        # players.
        options = {"movflags": "hybrid_fragmented"}
        self._container = av.open(str(part), "w", format="mp4", options=options)
        self._stream = self._add_stream(size, rate)
        self._reformatter = VideoReformatter()
        self.codec = self._stream.codec_context.codec.canonical_name

    def _add_stream(self, size: tuple[int, int], rate: float) -> VideoStream:
        name = _H264 if _H264 in av.codecs_available else _FALLBACK
        stream = cast("VideoStream", self._container.add_stream(name, _exact(rate)))
        stream.height, stream.width = (side + side % 2 for side in size)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, self.ticks)
        context.gop_size = max(1, round(rate * _KEY_SECONDS))
        # With B-frames the first frame would not be at 0 in fragmented files.
        context.max_b_frames = 0
        _set_colors(context)
        if name == _H264:
            context.options = {"preset": "veryfast", "crf": "20"}
        else:
            context.bit_rate = round(stream.height * stream.width * rate * _BITS)
        return stream

    def write(self, pixels: Colors, tick: int) -> None:
        height, width = pixels.shape[:2]
        even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        frame = self._reformatter.reformat(
            VideoFrame.from_ndarray(even, "rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        frame.pts, frame.time_base = tick, Fraction(1, self.ticks)
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        try:
            self._container.mux(self._stream.encode())
        finally:
            self._container.close()


class _GifTrack:
    """Animated GIF with a palette for each frame; see ``_Mp4Track``."""

    codec = "gif"
    ticks = 100
    least = 2
    """Browsers show shorter frames for ten times as long."""

    def __init__(self, part: Path, size: tuple[int, int], rate: float) -> None:
        self._container = av.open(str(part), "w", format="gif")
        self._stream = self._container.add_stream("gif", _exact(rate))
        self._stream.height, self._stream.width = size
        self._stream.pix_fmt = "pal8"
        self._stream.codec_context.time_base = Fraction(1, self.ticks)
        self._graph = _palette_graph(size, self.ticks)

    def write(self, pixels: Colors, tick: int) -> None:
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
        frame.pts, frame.time_base = tick, Fraction(1, self.ticks)
        self._graph.push(frame)
        self._pull()

    def finish(self) -> None:
        try:
            self._graph.push(None)
            self._pull()
            self._container.mux(self._stream.encode())
        finally:
            self._container.close()

    def _pull(self) -> None:
        with suppress(BlockingIOError, EOFError):
            while True:
                self._container.mux(self._stream.encode(self._graph.vpull()))


_KINDS: dict[str, type[_Mp4Track] | type[_GifTrack]] = {
    ".mp4": _Mp4Track,
    ".gif": _GifTrack,
}


def _exact(rate: float) -> Fraction:
    return Fraction(rate).limit_denominator(1000)


def _set_colors(context: av.VideoCodecContext) -> None:
    """Tag a stream's colors: BT.709 primaries, sRGB transfer curve, limited range."""
    context.colorspace = context.color_primaries = _BT709
    context.color_trc = _SRGB_CURVE
    context.color_range = ColorRange.MPEG


def _palette_graph(size: tuple[int, int], ticks: int) -> Graph:
    """Return the filter graph that gives each frame a palette of 256 colors."""
    graph = Graph()
    height, width = size
    rgb, tick = VideoFormat("rgb24"), Fraction(1, ticks)
    source = graph.add_buffer(width=width, height=height, format=rgb, time_base=tick)
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single")
    use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=3")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph


class NumbersWriter(Closing):
    """Writer of a video's numbers as CSV: time, frame, age, then further columns.

    The file gets its final name when it is closed; when the disk is full nothing is
    kept.

    Args:
        path: of the file.
        columns: names of the columns after time, frame and age.

    Raises:
        InputError: the file cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._stack = ExitStack()
        part = self._stack.enter_context(part_of(path))
        file = self._stack.enter_context(part.open("w", encoding="utf-8", newline=""))
        self._rows = csv.writer(file)
        self._rows.writerow(["seconds", "frame", "age_ms", *columns])

    def append(
        self, seconds: float, number: int, age: float, values: Iterable[object]
    ) -> None:
        """Write a row.

        Args:
            seconds: since the beginning of the video.
            number: of the frame.
            age: of the frame when it was shown, s.
            values: one for each column.

        Raises:
            InputError: the disk is full; the file is closed then.
        """
        row = [f"{seconds:.4f}", number, f"{age * 1e3:.1f}", *values]
        try:
            self._rows.writerow(row)
        except OSError as error:
            self._stack.__exit__(type(error), error, None)

    def close(self) -> None:
        """Finish the file and rename it into place; idempotent.

        Raises:
            InputError: the disk is full.
        """
        self._stack.close()


def _fitted(pixels: Colors, size: tuple[int, int]) -> Colors:
    """Letterbox an image to a size."""
    height, width = pixels.shape[:2]
    if (height, width) == size:
        return pixels
    import cv2

    ratio = min(size[0] / height, size[1] / width)
    inner = (
        _filled(max(1, round(height * ratio)), size[0]),
        _filled(max(1, round(width * ratio)), size[1]),
    )
    smaller = cv2.resize(pixels, inner[::-1], interpolation=cv2.INTER_AREA)
    whole = np.zeros((*size, 3), np.uint8)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    whole[top : top + inner[0], left : left + inner[1]] = smaller
    return whole


def _filled(side: int, whole: int) -> int:
    """Return the whole side for one that falls short by rounding only.

    The sides of scaled images are whole pixels, so their ratios differ a little: a bar
    of one black row is no letterbox.
    """
    return whole if whole - side <= max(1, _ROUNDING * whole) else side


def _playable_seconds(part: Path) -> float:
    """Return the playable duration of an incomplete video, s."""
    last = 0.0
    with suppress(av.FFmpegError, IndexError), av.open(str(part)) as container:
        # Only read packets, not frames: decoding hours of video would take minutes.
        for packet in container.demux(video=0):
            if packet.pts is not None and packet.time_base is not None:
                last = max(last, float(packet.pts * packet.time_base))
    return last
