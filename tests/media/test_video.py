"""Reading films.  Truth: films written with PyAV itself, each picture with its number.

The times, shapes and numbers that a film must give are those it was written with; the
broken ones are whole ones with bytes cut or overwritten.
"""

import re
import wave
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from support.videos import evenly, number_of, numbered, write_film

from nnviz.base.errors import InputError
from nnviz.base.video import SourceLostError
from nnviz.media.video.reader import open_stream, open_video
from nnviz.media.video.sequences import open_sequence


def played(reader):
    """Return number and time of all pictures to come."""
    found = []
    while (grab := reader.read()) is not None:
        found.append((number_of(grab.pixels()), round(grab.seconds, 3)))
    return found


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """50 pictures at 25 a second, key frames every 20."""
    folder = tmp_path_factory.mktemp("films")
    return write_film(folder / "film.mp4", evenly(50), options={"g": "20"})


@pytest.fixture
def opened():
    readers = []

    def open_(path):
        readers.append(open_video(path))
        return readers[-1]

    yield open_
    for reader in readers:
        reader.close()


def test_all_pictures_at_their_times(film, opened):
    reader = opened(film)
    assert (reader.title, reader.rate, reader.duration) == ("film.mp4", 25.0, 2.0)
    assert not reader.live
    assert played(reader) == [(n, round(n / 25, 3)) for n in range(50)]
    assert reader.remark is None
    assert reader.read() is None


@pytest.mark.parametrize(
    ("place", "number"),
    [(0.0, 0), (0.5, 12), (0.52, 13), (1.0, 25), (1.979, 49), (99.0, 49), (-1.0, 0)],
)
def test_seek_shows_what_is_seen_then(film, opened, place, number):
    reader = opened(film)
    reader.read()
    for _ in range(2):
        reader.seek(place)
        assert number_of(reader.read().pixels()) == number
    rest = played(reader)
    assert [found for found, _ in rest] == list(range(number + 1, 50))


def test_variable_frame_rate(tmp_path, opened):
    times = [0.0, 0.04, 0.5, 0.51, 2.0, 2.2]
    reader = opened(write_film(tmp_path / "a.mkv", times))
    assert played(reader) == list(enumerate(times))
    reader.seek(1.9)
    assert number_of(reader.read().pixels()) == 3


def test_a_film_that_begins_late(tmp_path, opened):
    times = [5 + seconds for seconds in evenly(25)]
    reader = opened(write_film(tmp_path / "a.ts", times, codec="mpeg2video", ticks=25))
    assert [seconds for _, seconds in played(reader)] == evenly(25)
    reader.seek(0.49)
    assert number_of(reader.read().pixels()) == 12


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "size"),
    [
        ("a.mp4", "libx264", "yuv444p", (63, 129)),
        ("a.mp4", "libx264", "yuv420p10le", (64, 128)),
        ("a.mp4", "libx264", "gray", (64, 128)),
        ("a.mov", "qtrle", "argb", (65, 127)),
        ("a.mkv", "ffv1", "gray16le", (64, 128)),
        ("a.avi", "mjpeg", "yuvj420p", (64, 128)),
        ("a.webm", "libvpx-vp9", "yuva420p", (64, 128)),
        ("a.mp4", "mpeg4", "yuv420p", (64, 128)),
        ("a.gif", "gif", "rgb8", (64, 128)),
    ],
)
def test_kinds_of_films(tmp_path, opened, name, codec, pix_fmt, size):
    path = write_film(
        tmp_path / name, evenly(5), size=size, codec=codec, pix_fmt=pix_fmt
    )
    reader = opened(path)
    pixels = reader.read().pixels()
    assert pixels.shape == (*size, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - numbered(0, size)).mean() < 25
    assert [number for number, _ in played(reader)] == [1, 2, 3, 4]


def corner(_number, size):
    """White in the upper left corner only."""
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[: size[0] // 2, : size[1] // 2] = 255
    return pixels


@pytest.mark.parametrize(
    ("degrees", "where"), [(90, (1, 0)), (180, (1, 1)), (270, (0, 1)), (0, (0, 0))]
)
def test_rotation(tmp_path, opened, degrees, where):
    """FFmpeg's display matrix turns counterclockwise: 90 brings the left side down."""
    path = write_film(tmp_path / "a.mp4", evenly(2), picture=corner, rotation=degrees)
    pixels = opened(path).read().pixels()
    assert pixels.shape == ((128, 64, 3) if degrees % 180 else (64, 128, 3))
    height, width = pixels.shape[:2]
    row, column = (
        height // 4 + where[0] * height // 2,
        width // 4 + where[1] * width // 2,
    )
    assert pixels[row, column].min() > 200
    assert pixels[height - 1 - row, width - 1 - column].max() < 50


def test_pixels_that_are_not_square(tmp_path, opened):
    path = write_film(tmp_path / "a.mp4", evenly(2), shape=Fraction(4, 3))
    assert opened(path).read().pixels().shape == (64, 171, 3)


def grainy(number, size):
    """The number, in noise that makes the film large."""
    noise = np.random.default_rng(number).integers(-20, 20, (*size, 3))
    return (numbered(number, size) + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture
def large(tmp_path):
    """100 pictures, some hundred kilobytes, a key frame every 10, the table first."""
    return write_film(
        tmp_path / "large.mp4",
        evenly(100),
        picture=grainy,
        container={"movflags": "faststart"},
        options={"g": "10", "qp": "30", "bf": "0"},
    )


def test_a_film_that_is_cut_off(large, opened):
    whole = large.read_bytes()
    large.write_bytes(whole[: len(whole) * 6 // 10])
    reader = opened(large)
    found = [number for number, _ in played(reader)]
    assert 50 < len(found) < 70
    assert found[:50] == list(range(50))
    assert re.search(r"is truncated: ends at 2\.\d of 4\.0 s; copy", str(reader.remark))


def test_a_film_that_is_damaged_in_the_middle(large, opened):
    """Packets of zeros: their pictures are missing, and all from the next key frame on
    are there."""
    data = bytearray(large.read_bytes())
    half = len(data) // 2
    data[half : half + len(data) // 20] = bytes(len(data) // 20)
    large.write_bytes(data)
    reader = opened(large)
    found = [number for number, _ in played(reader)]
    assert found[:40] == list(range(40))
    assert found[-30:] == list(range(70, 100))
    assert len(found) < 100
    assert "some frames are left out" in str(reader.remark)


@pytest.mark.parametrize("cut", [300, 1000, 3000])
def test_a_film_without_its_table(film, tmp_path, cut):
    """Written by a program that died: the table at the end is missing."""
    path = tmp_path / "a.mp4"
    path.write_bytes(film.read_bytes()[:-cut])
    with pytest.raises(InputError, match="damaged"):
        open_video(path)


def test_what_is_no_film(tmp_path):
    text, sound, empty = (tmp_path / name for name in ("a.mp4", "a.wav", "b.mp4"))
    text.write_text("hello " * 1000)
    empty.touch()
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    for path, words in (
        (text, "is not a video"),
        (sound, "contains no video"),
        (empty, "is empty"),
        (tmp_path, "is a folder"),
        (tmp_path / "c.mp4", "no such file"),
    ):
        with pytest.raises(InputError, match=words):
            open_video(path)


def test_text_is_not_drawn_as_a_film(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("hello\n" * 100)
    with pytest.raises(InputError, match="is not a video"):
        open_video(path)


def test_nothing_is_written_to_stderr(film, tmp_path, opened, capfd):
    path = tmp_path / "a.mp4"
    data = bytearray(film.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 500] = bytes(500)
    path.write_bytes(data)
    played(opened(path))
    assert capfd.readouterr() == ("", "")


def test_a_server_that_is_not_there():
    with pytest.raises(SourceLostError, match=r"127\.0\.0\.1:9/a.*connection refused"):
        open_stream("http://name:secret@127.0.0.1:9/a.mp4", (1.0, 1.0))


def test_folder_of_pictures(tmp_path):
    for number in (1, 2, 10):
        Image.fromarray(numbered(number)).save(tmp_path / f"img{number}.png")
    (tmp_path / "img3.png").write_bytes(b"no picture")
    reader = open_sequence(tmp_path)
    assert (reader.rate, reader.duration) == (25.0, 0.16)
    grabs = [reader.read() for _ in range(4)]
    assert reader.read() is None
    assert [round(grab.seconds, 3) for grab in grabs] == [0.0, 0.04, 0.08, 0.12]
    assert [number_of(grabs[place].pixels()) for place in (0, 1, 3)] == [1, 2, 10]
    with pytest.raises(InputError, match="is not an image"):
        grabs[2].pixels()
    reader.seek(0.06)
    assert number_of(reader.read().pixels()) == 2
    reader.seek(9.0)
    assert number_of(reader.read().pixels()) == 10


def test_folder_without_pictures(tmp_path):
    with pytest.raises(InputError, match="holds no images"):
        open_sequence(tmp_path)
