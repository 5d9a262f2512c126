"""The capture thread: newest frame only, statuses in words, nothing left behind.

Truths: films and patterns in which each picture carries its number; scripts that say
what happens before which picture; the clock.
"""

import contextlib
import functools
import http.server
import threading
import time

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.videos import evenly, number_of, write_film

from nnviz.base.errors import InputError, NnvizError
from nnviz.base.video import SourceKind, SourceRequest, SourceState
from nnviz.runtime.capture import Capture, list_cameras, source_of
from nnviz.runtime.capture import capture as module
from nnviz.runtime.capture.script import ScriptedCamera, pattern, read_script

PATIENCE = 10.0


class Watched:
    """A capture and all that it said."""

    def __init__(self, request, **options):
        self.frames, self.states, self.statuses = [], [], []
        self.threads = set()
        self.said = threading.Condition()
        self.keep = True
        self.capture = Capture(request, self.on_frame, self.on_status, **options)
        self.capture.start()

    def on_frame(self, frame):
        with self.said:
            self.threads.add(threading.current_thread().name)
            self.frames.append(frame if self.keep else frame.number)
            self.said.notify()

    def on_status(self, status):
        with self.said:
            self.threads.add(threading.current_thread().name)
            self.statuses.append(status)
            self.states.append(status.state)
            self.said.notify()

    def until(self, reached, patience=PATIENCE):
        with self.said:
            assert self.said.wait_for(lambda: reached(self), patience), self.statuses

    @property
    def state(self):
        return self.states[-1] if self.states else None

    def numbers(self):
        return [number_of(frame.pixels) for frame in self.frames]


@pytest.fixture
def watch():
    watched = []

    def watch_(request, **options):
        watched.append(Watched(request, **options))
        return watched[-1]

    yield watch_
    for each in watched:
        assert each.capture.close(PATIENCE)
        assert each.threads <= {"nnviz-capture"}
        assert each.states[-1] in {SourceState.CLOSED, SourceState.FAILED}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.2)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """50 pictures at 25 a second."""
    folder = tmp_path_factory.mktemp("films")
    return write_film(folder / "film.mp4", evenly(50), options={"g": "20"})


def of_film(path, **more):
    return SourceRequest(kind=SourceKind.FILE, address=str(path), **more)


def scripted(folder, text):
    path = folder / "script.toml"
    path.write_text(text)
    return SourceRequest(kind=SourceKind.SCRIPT, address=str(path))


def test_a_film_plays_at_its_rate(film, watch):
    watched = watch(of_film(film))
    watched.until(lambda w: len(w.frames) >= 20)
    frames = watched.frames[:20]
    assert watched.states[:2] == [SourceState.OPENING, SourceState.RUNNING]
    status = watched.statuses[-1]
    assert (status.size, status.rate, status.duration) == ((64, 128), 25.0, 2.0)
    # Which pictures are late depends on the machine; that they come in time does not.
    began = frames[0].captured
    for frame in frames:
        assert frame.captured - began >= frame.position - 0.005
    assert [number_of(f.pixels) for f in frames] == [f.number for f in frames]
    assert [round(f.position * 25) for f in frames] == [f.number for f in frames]


def test_speed_and_rate(film, watch):
    watched = watch(of_film(film, speed=4.0, loop=False))
    watched.until(lambda w: SourceState.ENDED in w.states)
    taken = watched.frames[-1].captured - watched.frames[0].captured
    assert 0.45 < taken < 0.9
    assert watched.numbers()[-1] >= 45
    quicker = watch(of_film(film, rate=250.0, loop=False))
    quicker.until(lambda w: SourceState.ENDED in w.states)
    assert quicker.frames[-1].captured - quicker.frames[0].captured < 0.45


def test_speed_changes_while_it_plays(film, watch):
    watched = watch(of_film(film, speed=0.05))
    watched.until(lambda w: len(w.frames) >= 1)
    began = time.monotonic()
    watched.capture.set_speed(8)
    watched.until(lambda w: len(w.frames) >= 10)
    assert time.monotonic() - began < 1.0


def test_a_film_loops_and_numbers_go_on(film, watch):
    watched = watch(of_film(film, speed=10.0))
    watched.until(lambda w: w.frames and w.frames[-1].number > 110)
    frames = list(watched.frames)
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    assert [n % 50 for n in numbers] == [number_of(frame.pixels) for frame in frames]


def test_late_pictures_are_dropped_not_queued(film, watch):
    """A reader that takes 100 ms a picture of a film of 25 a second."""
    watched = watch(of_film(film, loop=False))
    watched.capture._output._on_frame = lambda f: (watched.on_frame(f), time.sleep(0.1))
    watched.until(lambda w: SourceState.ENDED in w.states)
    frames = watched.frames
    assert len(frames) < 40
    for frame in frames[2:]:
        age = (frame.captured - frames[0].captured) - frame.position
        assert age < 0.3


def test_pause_step_and_seek(film, watch):
    watched = watch(of_film(film, speed=0.05))
    watched.until(lambda w: len(w.frames) == 1)
    watched.capture.pause()
    watched.until(lambda w: w.state is SourceState.PAUSED)
    for number, move in enumerate(
        (
            lambda c: c.step(1),
            lambda c: c.step(3),
            lambda c: c.step(-2),
            lambda c: c.seek(1.0),
            lambda c: c.step(-1),
            lambda c: c.seek(99.0),
        )
    ):
        expected = ([1], [2, 3, 4], [2], [25], [24], [49])[number]
        before = len(watched.frames)
        after = before + len(expected)
        move(watched.capture)
        watched.until(lambda w, at=after: len(w.frames) >= at)
        assert watched.numbers()[before:] == expected
    assert watched.states[-1] is SourceState.PAUSED
    watched.capture.set_speed(1.0)
    watched.capture.seek(0.4)
    watched.capture.resume()
    watched.until(lambda w: w.state is SourceState.RUNNING)
    watched.until(lambda w: w.numbers()[-1] > 12)


def test_a_film_that_has_ended_can_be_sought(film, watch):
    watched = watch(of_film(film, loop=False, rate=200.0))
    watched.until(lambda w: w.state is SourceState.ENDED)
    count = len(watched.frames)
    watched.capture.seek(0.4)
    watched.until(lambda w: w.states.count(SourceState.ENDED) == 2)
    # The picture sought is always shown; later ones may be late on a busy machine.
    assert watched.numbers()[count] == 10


def test_mirrored_and_smaller(film, watch):
    watched = watch(of_film(film, mirrored=True, speed=0.05))
    watched.until(lambda w: w.frames)
    bits = f"{watched.frames[0].number:016b}"
    assert f"{number_of(watched.frames[0].pixels):016b}" == bits[::-1]
    watched.capture.pause()
    watched.until(lambda w: w.states[-1] is SourceState.PAUSED)
    held = watched.frames[-1].number
    watched.capture.set_mirrored(False)
    watched.capture.set_scale(0.5)
    watched.capture.step(5)
    watched.until(lambda w: w.frames[-1].number == held + 5)
    frame = watched.frames[-1]
    assert frame.pixels.shape == (32, 64, 3)
    assert number_of(frame.pixels) == held + 5
    assert not frame.pixels.flags.writeable
    assert watched.statuses[-1].size == (64, 128)


def test_newest_only(film, watch):
    watched = watch(of_film(film, speed=16.0))
    watched.until(lambda w: len(w.frames) > 5)
    assert watched.capture.newest().number >= watched.frames[5].number


def test_a_damaged_film_fails_in_words(tmp_path, watch):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0" * 5000)
    watched = watch(of_film(path))
    watched.until(lambda w: SourceState.FAILED in w.states)
    assert "is not a video, or is damaged" in watched.statuses[-1].error.text


def test_a_folder_is_a_film_and_says_what_is_damaged(tmp_path, watch):
    from PIL import Image

    for number in range(4):
        Image.fromarray(pattern(number, (64, 128))).save(tmp_path / f"{number}.png")
    (tmp_path / "2.png").write_bytes(b"nothing")
    request = SourceRequest(
        kind=SourceKind.FOLDER, address=str(tmp_path), rate=50.0, loop=False
    )
    watched = watch(request)
    watched.until(lambda w: SourceState.ENDED in w.states)
    assert watched.numbers() == [0, 1, 3]
    assert [frame.number for frame in watched.frames] == [0, 1, 3]
    assert any(s.error and "2.png" in s.error.text for s in watched.statuses)


def test_a_folder_of_nothing_readable_does_not_spin(tmp_path, watch):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"nothing")
    request = SourceRequest(kind=SourceKind.FOLDER, address=str(tmp_path), rate=500.0)
    watched = watch(request)
    watched.until(lambda w: SourceState.FAILED in w.states)


FAULTS = """
rate = 200
size = [64, 128]
refusals = 2
frames = 100
[[events]]
frame = 10
do = "stall"
lasts = 0.4
[[events]]
frame = 20
do = "unplug"
lasts = 0.3
[[events]]
frame = 30
do = "corrupt"
frames = 3
[[events]]
frame = 40
do = "resize"
size = [48, 64]
[[events]]
at = 0.25
do = "slow"
rate = 100
"""


def test_faults_of_a_camera(tmp_path, watch):
    watched = watch(scripted(tmp_path, FAULTS))
    watched.until(lambda w: SourceState.ENDED in w.states)
    assert watched.numbers() == [n for n in range(100) if n not in {30, 31, 32}]
    assert [frame.number for frame in watched.frames] == watched.numbers()
    shapes = [frame.pixels.shape[:2] for frame in watched.frames]
    assert shapes == [(64, 128)] * 37 + [(48, 64)] * 60
    said = [s.error.text for s in watched.statuses if s.error]
    assert [text for place, text in enumerate(said) if text not in said[:place]] == [
        "script.toml: is used by another program",
        "script.toml: gives no frames; wait, or close it",
        "script.toml: was unplugged; plug it in again",
        "script.toml: is not there; plug it in",
        "script.toml: image 30 is damaged",
        "script.toml: image 31 is damaged",
        "script.toml: image 32 is damaged",
    ]
    waiting = [s for s in watched.statuses if s.state is SourceState.WAITING]
    assert all(status.error for status in waiting)
    assert watched.statuses[-1].error is None
    times = [frame.captured for frame in watched.frames]
    assert times[10] - times[9] >= 0.4
    assert times[-1] - times[-21] >= 0.19


def test_a_camera_that_hangs_is_abandoned(tmp_path):
    watched = Watched(scripted(tmp_path, '[[events]]\nframe=5\ndo="hang"\nlasts=1.5'))
    watched.until(lambda w: w.state is SourceState.WAITING)
    began = time.monotonic()
    assert not watched.capture.close(0.2)
    assert time.monotonic() - began < 0.4
    assert watched.states[-1] is SourceState.CLOSED
    count = len(watched.frames)
    assert watched.capture.close(PATIENCE)
    assert len(watched.frames) == count


def test_pausing_a_camera_leaves_pictures_out(tmp_path, watch):
    watched = watch(scripted(tmp_path, "rate = 200\nsize = [64, 128]"))
    watched.until(lambda w: len(w.frames) > 3)
    watched.capture.pause()
    watched.until(lambda w: w.state is SourceState.PAUSED)
    count = len(watched.frames)
    time.sleep(0.1)
    assert len(watched.frames) == count
    watched.capture.step(2)
    watched.until(lambda w: len(w.frames) == count + 2)
    watched.capture.resume()
    watched.until(lambda w: len(w.frames) > count + 5)
    frames = list(watched.frames)
    numbers = [frame.number for frame in frames]
    assert numbers[count] - numbers[count - 1] > 5
    assert [number_of(frame.pixels) for frame in frames] == numbers


def test_close_at_any_time(film, tmp_path):
    for request in (
        of_film(film),
        of_film(tmp_path / "none.mp4"),
        scripted(tmp_path, "opening = 5.0"),
        scripted(tmp_path, '[[events]]\ndo = "unplug"'),
        SourceRequest(kind=SourceKind.CAMERA, address="/dev/video77"),
    ):
        for delay in (0.0, 0.03):
            watched = Watched(request)
            time.sleep(delay)
            began = time.monotonic()
            assert watched.capture.close(PATIENCE)
            assert watched.capture.close(0.0)
            assert time.monotonic() - began < 1.0
    assert Capture(of_film(film), print, print).close(0.0)


def test_close_from_the_capture_thread(film):
    closed = []
    called = threading.Event()

    def close(_frame):
        closed.append(capture.close(1))
        called.set()

    capture = Capture(of_film(film), close, id)
    capture.start()
    assert called.wait(PATIENCE)
    assert capture.close(PATIENCE)
    assert closed == [False]


def test_an_error_of_ours_is_told(film, watch):
    def broken(_frame):
        raise KeyError("ours")

    watched = watch(of_film(film))
    watched.capture._output._on_frame = broken
    watched.until(lambda w: SourceState.FAILED in w.states)
    assert "nnviz made a mistake" in watched.statuses[-1].error.text


def test_ten_thousand_frames_in_the_same_memory(tmp_path, watch):
    text = "rate = 0\nframes = 10000\nsize = [120, 160]"
    watched = watch(scripted(tmp_path, text))
    watched.keep = False
    process = psutil.Process()
    watched.until(lambda w: len(w.frames) >= 2000)
    before = process.memory_info().rss
    watched.until(lambda w: SourceState.ENDED in w.states, 60)
    assert watched.capture.newest().number == 9999
    # Eight thousand frames of 58 KB: kept ones would take 460 MB.
    assert process.memory_info().rss - before < 30e6


class Server(http.server.ThreadingHTTPServer):
    """Films over HTTP on this machine; what is ``silent`` is not answered."""

    daemon_threads = True


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/silent"):
            self.server.stopping.wait(PATIENCE)
            return
        super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(film):
    handler = functools.partial(Handler, directory=str(film.parent))
    with Server(("127.0.0.1", 0), handler) as running:
        running.stopping = threading.Event()
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        running.url = f"http://127.0.0.1:{running.server_address[1]}"
        yield running
        running.stopping.set()
        running.shutdown()
        thread.join()


def test_a_film_over_http(server, film, watch):
    watched = watch(source_of(f"{server.url}/{film.name}"))
    watched.until(lambda w: len(w.frames) >= 10)
    assert watched.numbers()[:5] == [0, 1, 2, 3, 4]
    watched.capture.seek(1.6)
    watched.until(lambda w: w.numbers()[-1] >= 40)


def test_what_is_not_on_the_server(server, watch):
    watched = watch(source_of(f"{server.url}/none.mp4"))
    watched.until(lambda w: SourceState.FAILED in w.states)
    assert "is not there; check the address" in watched.statuses[-1].error.text


def test_a_server_that_is_silent(server, watch):
    watched = watch(source_of(f"{server.url}/silent.mp4"))
    watched.until(lambda w: w.state is SourceState.WAITING)
    assert "does not answer" in watched.statuses[-1].error.text
    watched.capture.close(0.1)
    assert watched.state is SourceState.CLOSED
    server.stopping.set()


def test_a_server_that_comes_back(film, watch):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as first:
        port = first.server_address[1]
    address = f"http://127.0.0.1:{port}/{film.name}"
    watched = watch(source_of(address))
    watched.until(lambda w: w.state is SourceState.WAITING)
    assert "connection refused" in watched.statuses[-1].error.text
    handler = functools.partial(Handler, directory=str(film.parent))
    with Server(("127.0.0.1", port), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        watched.until(lambda w: w.frames)
        running.shutdown()
        thread.join()


def test_no_camera_and_no_screen(watch, monkeypatch, capfd):
    monkeypatch.delenv("DISPLAY", raising=False)
    camera = watch(source_of("/dev/video77"))
    camera.until(lambda w: w.state is SourceState.WAITING)
    assert "is not there; plug it in" in camera.statuses[-1].error.text
    assert isinstance(list_cameras(), tuple)
    assert capfd.readouterr() == ("", "")


def test_scripts_that_cannot_be_used(tmp_path):
    for name, text, words in (
        ("a.toml", "play = 1 2", "is not TOML"),
        ("a.json", "[1]", "is not a camera script"),
        ("a.toml", "rate = -1", "is not a camera script"),
        ("a.toml", "raet = 1", "no such word of a script; did you mean rate"),
        ("a.toml", '[[events]]\ndo = "sing"', "no such deed of a scripted camera"),
        ("a.toml", "[[events]]\nframe = 3", "is not a camera script"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(NnvizError, match=words):
            read_script(tmp_path / name)


def test_a_script_plays_a_film(film, tmp_path):
    (tmp_path / "s.json").write_text(f'{{"play": "{film}", "rate": 0}}')
    camera = ScriptedCamera(tmp_path / "s.json", time.sleep)
    reader = camera.open()
    numbers = [number_of(reader.read().pixels()) for _ in range(60)]
    reader.close()
    assert numbers == [*range(50), *range(10)]


def test_the_pattern_carries_its_number():
    for number in (0, 1, 12345, 65535):
        assert number_of(pattern(number, (480, 640))) == number
    assert not np.array_equal(pattern(1, (64, 64)), pattern(2, (64, 64)))


@pytest.mark.parametrize(
    ("text", "kind", "address"),
    [
        ("0", SourceKind.CAMERA, "0"),
        (" 12 ", SourceKind.CAMERA, "12"),
        ("/dev/video3", SourceKind.CAMERA, "/dev/video3"),
        ("rtsp://a:b@host/x", SourceKind.STREAM, "rtsp://a:b@host/x"),
        ("HTTP://host/a.mp4", SourceKind.STREAM, "HTTP://host/a.mp4"),
        ("screen", SourceKind.SCREEN, ""),
        ("screen:-10, 0,640,480", SourceKind.SCREEN, "-10,0,640,480"),
    ],
)
def test_sources_in_words(text, kind, address):
    request = source_of(text)
    assert (request.kind, request.address) == (kind, address)


def test_files_in_words(film, tmp_path):
    assert source_of(str(film)).kind is SourceKind.FILE
    assert source_of(str(tmp_path)).kind is SourceKind.FOLDER
    assert source_of(f"script:{film}").kind is SourceKind.SCRIPT


@pytest.mark.parametrize(
    "text",
    ["", "  ", "screen:", "screen:1,2,3", "screen:0,0,0,5", "screen:a,b,c,d", "x://y",
     "rtsp://", "script:", "script:none.toml", "none.mp4", "a\0b", "²", "~" * 5000],
)  # fmt: skip
def test_what_is_no_source(text):
    with pytest.raises(InputError):
        source_of(text)


@given(st.text() | st.from_regex(r"(screen|script|rtsp|http)?:?[/\d,.-]*"))
def test_any_words_are_a_source_or_an_error_in_words(text):
    with contextlib.suppress(InputError):
        assert isinstance(source_of(text).kind, SourceKind)
