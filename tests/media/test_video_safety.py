"""Films that mirror, that name other files, that begin late or end early.

Truth: the geometry of a display matrix (ISO 14496-12, 8.3.2; as FFmpeg's autorotation
has it), and what the film was written from.
"""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from nnviz.base.errors import InputError
from nnviz.media.video.reader import open_video
from nnviz.media.video.sound import add_sound

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
RATE = 48_000


def write(path: Path, *, frames: int = 10, starts: float = 0, sound: float = 0) -> Path:
    """Write a film of red, green, blue and black quarters, ten frames a second."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:32, :48], pixels[:32, 48:], pixels[32:, :48] = RED, GREEN, BLUE
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", 10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        heard = out.add_stream("aac", RATE, layout="mono") if sound else None
        for index in range(frames):
            frame = VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
            frame.pts = round(1000 * (starts + index / 10))
            frame.time_base = Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if heard is not None:
            for first in range(0, int(sound * RATE), 1024):
                spoken = av.AudioFrame.from_ndarray(
                    np.zeros((1, 1024), np.float32), "fltp", "mono"
                )
                spoken.sample_rate, spoken.pts = RATE, first
                spoken.time_base = Fraction(1, RATE)
                out.mux(heard.encode(spoken))
            out.mux(heard.encode())
    return path


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a display matrix into the header of a film's track."""
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 4 + 24 + 16  # the box of version 0
    a, b, c, d = (each << 16 if each > 0 else -(-each << 16) for each in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("matrix", "corners"),
    [
        ((1, 0, 0, 1), (RED, GREEN, BLUE, BLACK)),
        ((0, 1, -1, 0), (BLUE, RED, BLACK, GREEN)),  # a quarter, clockwise
        ((-1, 0, 0, -1), (BLACK, BLUE, GREEN, RED)),
        ((0, -1, 1, 0), (GREEN, BLACK, RED, BLUE)),
        ((-1, 0, 0, 1), (GREEN, RED, BLACK, BLUE)),  # mirrored: front cameras
        ((1, 0, 0, -1), (BLUE, BLACK, RED, GREEN)),
        ((0, 1, 1, 0), (RED, BLUE, GREEN, BLACK)),
        ((0, -1, -1, 0), (BLACK, GREEN, BLUE, RED)),
    ],
)
def test_films_are_shown_as_their_matrix_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], corners: tuple[object, ...]
) -> None:
    reader = open_video(with_matrix(write(tmp_path / "a.mp4"), matrix))
    grab = reader.read()
    assert grab is not None
    pixels = grab.pixels()
    reader.close()
    height, width = pixels.shape[:2]
    assert (height, width) == ((96, 64) if matrix[1] else (64, 96))
    places = [
        (y, x) for y in (height // 4, -height // 4) for x in (width // 4, -width // 4)
    ]
    found = [
        tuple(int(value > 127) * 255 for value in pixels[place]) for place in places
    ]
    assert tuple(found) == corners


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{0}\n#EXT-X-ENDLIST\n",
        ),
        ("a.mp4", "#EXTM3U\n#EXTINF:1,\n{0}\n#EXT-X-ENDLIST\n"),
        ("a.mov", "ffconcat version 1.0\nfile {0}\n"),
        ("a.mkv", "ffconcat version 1.0\nfile http://127.0.0.1:9/secret.mp4\n"),
        (
            "a.sdp",
            "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        ),
        ("a.mpd", '<?xml version="1.0"?><MPD><Period></Period></MPD>'),
    ],
)
def test_films_that_name_other_films_are_not_followed(
    tmp_path: Path, name: str, text: str
) -> None:
    """Truth: FFmpeg itself follows the first three to the film beside them."""
    secret = write(tmp_path / "secret.mp4")
    (tmp_path / name).write_text(text.format(secret.name))
    with pytest.raises(InputError, match="is a list of other videos"):
        open_video(tmp_path / name)


def test_a_cut_off_matroska_file_is_remarked_on(tmp_path: Path) -> None:
    """Its length stands in a tag, not in the stream."""
    whole = write(tmp_path / "a.mkv", frames=60)
    (tmp_path / "b.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for path, reason in ((whole, ""), (tmp_path / "b.mkv", "is truncated")):
        reader = open_video(path)
        while reader.read():
            pass
        assert reason in str(reader.remark or "")
        assert (reader.remark is None) == (not reason)
        reader.close()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_sound_stays_where_it_was_heard(tmp_path: Path, name: str) -> None:
    """Pictures begin at 1 s, sound at 0: the second 1 is heard with the first picture.

    So of 3 s of sound 2 are left, and none of it comes before the pictures.
    """
    source = write(tmp_path / name, frames=40, starts=1, sound=3)
    film = write(tmp_path / "out.mp4", frames=40)
    assert add_sound(film, source)
    with av.open(str(film)) as container:
        audio, pictures = container.streams.audio[0], container.streams.video[0]
        packets = [p for p in container.demux(audio) if p.pts is not None]
        seconds = [float(p.pts * p.time_base) for p in packets]
        assert seconds[0] == pytest.approx(0, abs=0.06)
        assert seconds[-1] == pytest.approx(2, abs=0.06)
        assert pictures.start_time == 0
