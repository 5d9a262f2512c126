"""The sound of one film under the pictures of another, copied as it is."""

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.stream import Stream

from nnviz.base.errors import InputError
from nnviz.media.files import part_of


class _Timed(NamedTuple):
    """A packet with the time at which it is due, for putting tracks together."""

    seconds: float
    track: int
    number: int
    packet: Any


def add_sound(film: Path, source: Path) -> bool:
    """Lay the sound of another film under an MP4 file, which is written anew.

    Nothing is encoded again; what lasts longer than the pictures is left out.

    Args:
        film: an .mp4 file; as it was where nothing is added.
        source: the other film.

    Returns:
        Whether there was any sound, of a kind that an MP4 file can hold.
    """
    try:
        with av.open(str(source)) as heard, av.open(str(film)) as seen:
            if not heard.streams.audio:
                return False
            with part_of(film) as part:
                _copy(seen, heard, part)
    except (av.FFmpegError, ValueError, InputError):
        return False
    return True


def _copy(seen: InputContainer, heard: InputContainer, part: Path) -> None:
    """Write both tracks.

    Raises:
        ValueError: an MP4 file cannot hold this kind of sound.
    """
    pictures, sound = seen.streams.video[0], heard.streams.audio[0]
    with av.open(str(part), "w", format="mp4") as out:
        if sound.codec_context.codec.canonical_name not in out.supported_codecs:
            raise ValueError(sound.codec_context.name)
        tracks = [out.add_stream_from_template(each) for each in (pictures, sound)]
        length = float((pictures.duration or 0) * (pictures.time_base or 0))
        packets = heapq.merge(
            _timed(seen, pictures, 0),
            (each for each in _timed(heard, sound, 1) if each.seconds < length),
        )
        for each in packets:
            each.packet.stream = tracks[each.track]
            out.mux(each.packet)


def _timed(container: InputContainer, stream: Stream, track: int) -> Iterator[_Timed]:
    """Yield a stream's packets, the first at 0 s."""
    start = None
    for number, packet in enumerate(container.demux(stream)):
        if packet.dts is None or packet.time_base is None:
            continue
        seconds = float(packet.dts * packet.time_base)
        start = seconds if start is None else start
        yield _Timed(seconds - start, track, number, packet)
