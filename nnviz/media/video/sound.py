"""Copying of one video's sound to another, without encoding it again."""

import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.stream import Stream

from nnviz.base.errors import InputError
from nnviz.media.files import part_of
from nnviz.media.video.reader import FILE_OPTIONS

_PRIMING = 0.05
"""Seconds of sound kept before the first frame: a decoder needs a packet to start."""


class _Timed(NamedTuple):
    """A packet with its time stamp, for interleaving tracks."""

    seconds: float
    track: int
    number: int
    packet: Any


def add_sound(film: Path, source: Path) -> bool:
    """Add the sound of another video to an MP4 file, which is rewritten.

    Nothing is re-encoded; sound beyond the last frame is dropped.

    Args:
        film: an .mp4 file, unchanged where nothing is added.
        source: the other video.

    Returns:
        Whether sound was added: there was some, in a format that MP4 can hold.
    """
    try:
        with (
            av.open(str(source), options=dict(FILE_OPTIONS)) as heard,
            av.open(str(film)) as seen,
        ):
            if not heard.streams.audio:
                return False
            with part_of(film) as part:
                _copy(seen, heard, part)
    except (av.FFmpegError, ValueError, InputError):
        return False
    return True


def _copy(seen: InputContainer, heard: InputContainer, part: Path) -> None:
    """Write both tracks, interleaved.

    Raises:
        ValueError: MP4 cannot hold this sound format.
    """
    pictures, sound = seen.streams.video[0], heard.streams.audio[0]
    with av.open(str(part), "w", format="mp4") as out:
        if sound.codec_context.codec.canonical_name not in out.supported_codecs:
            raise ValueError(sound.codec_context.name)
        tracks = [out.add_stream_from_template(each) for each in (pictures, sound)]
        length = float((pictures.duration or 0) * (pictures.time_base or 0))
        every = _timed(heard, sound, 1, _first_second(heard))
        inside = (each for each in every if -_PRIMING <= each.seconds < length)
        images = _timed(seen, pictures, 0, _first_second(seen))
        for each in heapq.merge(images, inside):
            each.packet.stream = tracks[each.track]
            out.mux(each.packet)


def _first_second(container: InputContainer) -> Fraction:
    """Return the time stamp of a video's first frame, s.

    The written video starts at 0, so sound that begins earlier is cut, and sound that
    begins later keeps its delay.
    """
    for stream in container.streams.video:
        if stream.start_time is not None and stream.time_base is not None:
            return stream.start_time * stream.time_base
    return Fraction(0)


def _timed(
    container: InputContainer, stream: Stream, track: int, zero: Fraction
) -> Iterator[_Timed]:
    """Yield a stream's packets, shifted in time so that ``zero`` becomes 0 s."""
    for number, packet in enumerate(container.demux(stream)):
        if packet.dts is None or packet.time_base is None:
            continue
        shift = round(zero / packet.time_base)
        packet.dts -= shift
        if packet.pts is not None:
            packet.pts -= shift
        yield _Timed(float(packet.dts * packet.time_base), track, number, packet)
