"""Videos and streams, decoded in order by PyAV (FFmpeg), skipping damaged parts.

A frame is decoded when it is read and converted to RGB only when it is shown: for 720p
video decoding takes 1.2 ms a frame and conversion 1 ms (one core, x86).
"""

import math
import re
import struct
import time
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from nnviz.base.errors import InputError
from nnviz.base.images import Pixels
from nnviz.base.video import Grab, SourceLostError, without_password
from nnviz.media.files import check_file
from nnviz.media.headers import MAX_PIXELS, check_size

_FILE_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegtsraw,mpegvideo,flv,f4v,"
    "asf,ogg,gif,apng,mjpeg,mjpeg_2000,h264,hevc,vvc,av1,obu,m4v,h263,ivf,mxf,nut,rm,"
    "wtv,dv,yuv4mpegpipe,swf,vob,3dostr,gxf,nsv,webp,wav,mp3,flac,aac"
)
"""Containers that hold their frames themselves.  Of the others, playlists name further
files and addresses, which FFmpeg would open, and text would be rendered as frames.
"""
_STREAM_FORMATS = f"{_FILE_FORMATS},hls,dash,rtsp,rtp,sdp,mpjpeg,live_flv,jpeg_pipe"
_STREAM_PROTOCOLS = (
    "http,https,tcp,tls,rtp,rtsp,rtsps,srtp,udp,rtmp,rtmps,rtmpt,crypto,httpproxy,srt,"
    "data"
)
"""Without "file": data from a server must not name files of this machine."""
_PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"v=0", b"[playlist]")
_OPENING_SECONDS, _READING_SECONDS = 8.0, 5.0
"""Seconds that a server may take to answer, and between two frames."""
_SLACK = 1e-4
"""Tolerance of positions in a video, s."""
_CUT_OFF = 0.1
"""A video that ends earlier than declared by more than this, s, is truncated."""
_EARLIER = (0.0, 5.0, math.inf)
"""Seconds to seek further back where a video without an index led to a later position.
"""
_DEFAULT_RATE = 25.0
_HEAD = 64
_CLOCK = re.compile(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)")
"""A duration as in Matroska's tags."""
FILE_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _FILE_FORMATS}
"""Options for every video that is opened from a file."""
_STREAM_OPTIONS = {
    "rtsp_transport": "tcp",  # over UDP frames arrive damaged
    "protocol_whitelist": _STREAM_PROTOCOLS,
    "format_whitelist": _STREAM_FORMATS,
}
_REMEDY = "pick an MP4, MOV, MKV, WebM or AVI file"
_CONVERT = "convert it to MP4 with H.264"


class VideoReader:
    """A video from a file or a server; see ``nnviz.base.video.Reader``.

    Rotation, pixel aspect ratio and variable frame rates are respected.  Damaged frames
    are dropped and reported in ``remark``.

    Args:
        address: a path, or an address that FFmpeg can open over the network.
        title: for people.
        limits: timeouts for opening and between frames, s; None for files.

    Raises:
        SourceLostError: a server does not answer.
        InputError: the source is no video, has no frames, or cannot be decoded.
    """

    def __init__(
        self, address: str, title: str, limits: tuple[float, float] | None = None
    ) -> None:
        self.title = title
        self.remark: InputError | None = None
        self._address = address
        self._limits = limits
        self._reformatter = VideoReformatter()
        self._sought: float | None = None
        self._ahead: Grab | None = None
        self._end = 0.0
        self._open()
        self._frames = self._decode()
        self.rate = float(self._stream.average_rate or _DEFAULT_RATE)
        self.duration = self._duration()
        self.live = limits is not None and not self.duration

    def read(self) -> Grab | None:
        """Decode the next frame, or the frame at the time sought."""
        sought, self._sought = self._sought, None
        grab, self._ahead = self._ahead or self._next(), None
        if grab is None:
            self._check_end()
        if grab is None or sought is None:
            return grab
        # A frame is visible until the next one.
        while (after := self._next()) is not None and after.seconds <= sought + _SLACK:
            grab = after
        self._ahead = after
        return grab

    def seek(self, seconds: float) -> None:
        """Seek to the frame at a time; past the end, to the last."""
        if self.live:
            return
        self._sought = max(0.0, seconds)
        for early in _EARLIER:
            self._jump(self._sought - early)
            self._ahead = self._next()
            if self._ahead and self._ahead.seconds <= self._sought + _SLACK:
                return

    def _jump(self, seconds: float) -> None:
        """Seek to a key frame near a time; reopen the file where that is impossible."""
        self._frames.close()
        place = int(Fraction(max(0.0, seconds)) / self._time_base) + self._start
        try:
            if seconds == -math.inf:
                self._reopen()
            else:
                self._container.seek(place, stream=self._stream)
        except av.FFmpegError:
            self._reopen()
        self._frames = self._decode()
        self._end = max(0.0, seconds)

    def _reopen(self) -> None:
        self._container.close()
        self._open()

    def close(self) -> None:
        """Close the file or connection."""
        self._frames.close()
        self._container.close()

    def _open(self) -> None:
        self._container, self._stream = _open(self._address, self.title, self._limits)
        self._time_base = self._stream.time_base or Fraction(1, 1000)
        self._start = self._stream.start_time or 0
        ratio = self._stream.sample_aspect_ratio
        self._stretch = float(ratio) if ratio else 1.0

    def _decode(self) -> Generator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while (packet := self._next_packet(packets)) is not None:
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._say_damaged()
                continue
            yield from frames

    def _next_packet(
        self, packets: "Iterator[Packet[VideoStream]]"
    ) -> "Packet[VideoStream] | None":
        try:
            return next(packets, None)
        except av.FFmpegError as error:
            if self._limits is not None:
                raise _lost(self.title, error) from None
            self._say_damaged()
            return None

    def _next(self) -> Grab | None:
        frame = next(self._frames, None)
        if frame is None:
            return None
        captured = time.monotonic()
        seconds = self._end
        if frame.pts is not None:
            seconds = max(0.0, float((frame.pts - self._start) * self._time_base))
        length = frame.duration * self._time_base if frame.duration else 1 / self.rate
        self._end = seconds + float(length)
        return Grab(captured, seconds, lambda: self._convert(frame))

    def _convert(self, frame: VideoFrame) -> Pixels:
        rgb = self._reformatter.reformat(
            frame, round(frame.width * self._stretch), format="rgb24", threads=1
        )
        return _upright(rgb.to_ndarray(), _display_matrix(frame))

    def _duration(self) -> float:
        if self._stream.duration:
            return float(self._stream.duration * self._time_base)
        return (self._container.duration or 0) / av.time_base

    def _length_of_frames(self) -> float:
        """Return the duration of the video track, s; 0 where the file does not say."""
        if self._stream.duration:
            return self.duration
        # Matroska: its tag counts from 0 s, like the duration of the whole file.
        start = float(self._start * self._time_base)
        tagged = _seconds(self._stream.metadata.get("DURATION", ""))
        if tagged:
            return tagged - start
        return 0.0 if self._container.streams.audio else self.duration - start

    def _say_damaged(self) -> None:
        self.remark = InputError(self.title, "is damaged: some frames are left out")

    def _check_end(self) -> None:
        """Set the remark of a truncated file: it ends before its track should."""
        if self.live:
            raise SourceLostError(self.title, "has ended")
        length = self._length_of_frames()
        if length and self._end < length - _CUT_OFF:
            reason = f"is truncated: ends at {self._end:.1f} of {length:.1f} s"
            self.remark = InputError(self.title, reason, "copy it again")


def open_video(path: Path) -> VideoReader:
    """Open a video in a file.

    Raises:
        InputError: the file is missing, is no video, has sound only, or cannot be
            decoded.
    """
    check_file(path)
    with path.open("rb") as file:
        if file.read(_HEAD).lstrip().startswith(_PLAYLISTS):
            raise InputError(
                path.name,
                "is a list of other videos or a description of a stream",
                "open those videos themselves, or the address as a stream",
            )
    return VideoReader(str(path.absolute()), path.name)


def open_stream(
    address: str, limits: tuple[float, float] = (_OPENING_SECONDS, _READING_SECONDS)
) -> VideoReader:
    """Open a stream, or a video on a server.

    Args:
        address: "rtsp://...", "http://...".
        limits: timeouts for opening and between two frames, s.

    Raises:
        SourceLostError: the server does not answer.
        InputError: nothing is at the address, or no video, or one that cannot be
            decoded.
    """
    return VideoReader(address, without_password(address), limits)


def _open(
    address: str, title: str, limits: tuple[float, float] | None
) -> tuple[InputContainer, VideoStream]:
    options = _STREAM_OPTIONS if limits else FILE_OPTIONS
    try:
        container = av.open(address, options=dict(options), timeout=limits)
    except (av.FFmpegError, ValueError) as error:
        raise _not_opened(title, error, remote=limits is not None) from None
    try:
        return container, _video_of(container, title)
    except InputError:
        container.close()
        raise


def _video_of(container: InputContainer, title: str) -> VideoStream:
    """Return the video stream of a file, which must not be a cover image."""
    stream = container.streams.best("video")
    if stream is None or Disposition.attached_pic in stream.disposition:
        raise InputError(title, "contains no video", _REMEDY)
    stream = cast("VideoStream", stream)
    if getattr(stream, "codec_context", None) is None:
        reason = "is damaged, or of a kind that cannot be decoded"
        raise InputError(title, reason, _CONVERT)
    check_size((stream.width, stream.height), title, MAX_PIXELS)
    # More threads do not speed up 720p video, and take cores from other work.
    stream.thread_type = "SLICE"
    stream.thread_count = 1
    return stream


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """Return a, b, c, d of the display matrix: x' = a x + c y, y' = b x + d y."""
    matrix = cast("Any", frame.side_data).get(SideDataType.DISPLAYMATRIX)
    if matrix is None:
        return 1, 0, 0, 1
    a, b, _u, c, d = struct.unpack_from("=5i", bytes(matrix))
    return a, b, c, d


def _upright(pixels: Pixels, matrix: tuple[int, int, int, int]) -> Pixels:
    """Rotate and mirror an image (H, W, C) by quarter turns, per its display matrix."""
    a, b, c, d = matrix
    if abs(b) > abs(a):
        pixels, a, d = pixels.swapaxes(0, 1), c, b
    if a < 0:
        pixels = pixels[:, ::-1]
    if d < 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _seconds(text: str) -> float:
    """Parse the seconds of a tag such as 00:00:10.000000000; 0 where invalid."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return 0.0
    hours, minutes, seconds = found.groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def _not_opened(title: str, error: Exception, *, remote: bool) -> InputError:
    if isinstance(error, av.HTTPClientError):
        return InputError(title, _refusal(error), "check the address")
    if isinstance(error, av.ProtocolNotFoundError):
        return InputError(title, "cannot be reached in this way", "check the address")
    if isinstance(error, av.InvalidDataError | av.ArgumentError):
        return InputError(title, "is not a video, or is damaged", _REMEDY)
    if remote:
        return _lost(title, error)
    return InputError(title, f"cannot be opened ({_reason(error)})", _CONVERT)


def _refusal(error: av.HTTPClientError) -> str:
    if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError):
        return "asks for a name and password, as in http://name:password@..."
    if isinstance(error, av.HTTPNotFoundError):
        return "is not there"
    return f"is refused ({_reason(error)})"


def _lost(title: str, error: Exception) -> SourceLostError:
    if isinstance(error, av.ExitError | TimeoutError):
        return SourceLostError(title, "does not answer")
    if isinstance(error, EOFError):
        return SourceLostError(title, "has ended the connection")
    return SourceLostError(title, f"cannot be reached ({_reason(error)})")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).lower()
