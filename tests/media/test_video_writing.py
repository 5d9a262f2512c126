"""Writing films and numbers.  Truth: PyAV, Pillow and csv as readers, and the clock's
times that the frames were given."""

import csv
import subprocess
import sys

import av
import numpy as np
import pytest
from PIL import Image
from support.videos import number_of, numbered

from nnviz.base.errors import InputError
from nnviz.media.video.reader import open_video
from nnviz.media.video.writer import NumbersWriter, VideoWriter

TIMES = [0.0, 0.04, 0.5, 0.52, 2.0, 2.2]


def write(path, size=(64, 128), times=TIMES):
    with VideoWriter(path, size) as film:
        for number, seconds in enumerate(times):
            film.append(numbered(number, size), 1000 + seconds)
    return film


def read(path):
    with av.open(str(path)) as film:
        return [
            (round(frame.time, 3), frame.to_ndarray(format="rgb24"))
            for frame in film.decode(video=0)
        ]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_frames_have_the_times_they_were_seen(tmp_path, name):
    film = write(tmp_path / "new" / name)
    found = read(tmp_path / "new" / name)
    assert film.frames == 6
    assert [seconds for seconds, _ in found] == TIMES
    assert [number_of(pixels) for _, pixels in found] == list(range(6))
    assert names(tmp_path / "new") == [name]


def test_mp4_is_plain_h264_that_every_player_reads(tmp_path):
    film = write(tmp_path / "a.mp4")
    assert film.codec == "h264"
    data = (tmp_path / "a.mp4").read_bytes()
    assert b"moof" not in data
    with av.open(str(tmp_path / "a.mp4")) as opened:
        stream = opened.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.codec_context.colorspace == 1  # BT.709, ITU-T H.273


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 0, 255), (200, 100, 50)])
def test_colors_survive(tmp_path, color):
    with VideoWriter(tmp_path / "a.mp4", (64, 64)) as film:
        film.append(np.full((64, 64, 3), color, np.uint8), 0)
    pixels = read(tmp_path / "a.mp4")[0][1]
    np.testing.assert_allclose(pixels[32, 32], color, atol=4)


def test_gif_plays_in_pillow(tmp_path):
    write(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 6
        lengths = []
        for frame in range(6):
            film.seek(frame)
            lengths.append(film.info["duration"])
        assert lengths[:5] == [40, 460, 20, 1480, 200]


@pytest.mark.parametrize("size", [(63, 127), (64, 127), (1, 1), (17, 1281)])
def test_odd_sizes(tmp_path, size):
    for name in ("a.mp4", "a.gif"):
        with VideoWriter(tmp_path / name, size) as film:
            film.append(np.full((*size, 3), 200, np.uint8), 0)
        pixels = read(tmp_path / name)[0][1]
        grown = tuple(side + side % 2 for side in size)
        assert pixels.shape[:2] == (grown if name == "a.mp4" else size)
        assert abs(int(pixels.min()) - 200) < 6


def test_frames_of_another_size_are_fitted_in(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", (64, 128)) as film:
        film.append(np.full((32, 32, 3), 250, np.uint8), 0)
    pixels = read(tmp_path / "a.mp4")[0][1]
    assert pixels[:, 40:88].min() > 240
    assert pixels[:, :24].max() < 10
    assert pixels[:, 104:].max() < 10


@pytest.mark.parametrize("smaller", [(161, 215), (150, 200), (224, 300)])
def test_growing_frames_leave_no_black_edge(tmp_path, smaller):
    """Truth: by hand; octaves of one image have its ratio but for rounding to px."""
    size = (225, 301)
    with VideoWriter(tmp_path / "a.mp4", size) as film:
        for number, each in enumerate((smaller, size)):
            film.append(np.full((*each, 3), 200, np.uint8), number)
    for _, pixels in read(tmp_path / "a.mp4"):
        assert pixels.min() > 190


def test_frames_that_do_not_come_later_are_left_out(tmp_path):
    film = write(tmp_path / "a.mp4", times=[0.0, 0.0, -1.0, 0.1])
    assert film.frames == 2
    assert [seconds for seconds, _ in read(tmp_path / "a.mp4")] == [0.0, 0.1]


def test_what_was_there_stays_until_the_film_is_closed(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    film = VideoWriter(path, (64, 64))
    film.append(numbered(0, (64, 64)), 0)
    assert path.read_bytes() == b"old"
    film.close()
    film.close()
    film.append(numbered(0, (64, 64)), 1)
    assert len(read(path)) == 1


def test_a_film_without_frames_leaves_nothing(tmp_path):
    VideoWriter(tmp_path / "a.mp4", (64, 64)).close()
    VideoWriter(tmp_path / "a.gif", (64, 64)).close()
    assert names(tmp_path) == []


def test_a_recording_that_is_broken_off_is_kept(tmp_path):
    def break_off():
        with VideoWriter(tmp_path / "a.mp4", (64, 64)) as film:
            film.append(numbered(0, (64, 64)), 0)
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert len(read(tmp_path / "a.mp4")) == 1


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match=r"a\.avi: .*name it \.mp4 or \.gif"):
        VideoWriter(tmp_path / "a.avi", (64, 64))
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="choose another folder"):
        VideoWriter(tmp_path / "file" / "a.mp4", (64, 64))


FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from nnviz.base.errors import InputError
from nnviz.media.video.writer import VideoWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
film = VideoWriter(Path(sys.argv[1]), (120, 160), 30)
try:
    for number in range(600):
        film.append(np.roll(noise, number * 7919), number / 30)
    film.close()
except InputError as error:
    print(error)
film.append(np.zeros((120, 160, 3), np.uint8), 99)
film.close()
"""


def test_where_the_disk_is_full_an_mp4_is_kept_as_far_as_it_goes(tmp_path):
    """A limit on the size of files stands in for the disk."""
    path = tmp_path / "a.mp4"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), "2000000"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "cannot be written on" in done.stdout
    assert "are kept; free some space" in done.stdout
    assert done.stderr == ""
    assert names(tmp_path) == ["a.mp4"]
    kept = open_video(path)
    seconds = [grab.seconds for grab in iter(kept.read, None)]
    kept.close()
    assert seconds == pytest.approx(np.arange(len(seconds)) / 30, abs=1e-4)
    assert f"the first {seconds[-1]:.0f} s are kept" in done.stdout
    assert 4 < seconds[-1] < 10


def test_where_the_disk_is_full_a_gif_is_kept_or_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "a.gif"), "200000"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "free some space" in done.stdout
    assert done.stderr == ""
    kept = "are kept" in done.stdout
    assert names(tmp_path) == (["a.gif"] if kept else [])


def test_numbers(tmp_path):
    path = tmp_path / "a.csv"
    with NumbersWriter(path, ("class", "score")) as numbers:
        numbers.append(0.5, 12, 0.0123, ("cat, big", 0.25))
        assert not path.exists()
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["seconds", "frame", "age_ms", "class", "score"],
            ["0.5000", "12", "12.3", "cat, big", "0.25"],
        ]
    assert names(tmp_path) == ["a.csv"]
