"""Cameras through a stand-in for OpenCV's, and any sequence of orders and faults.

Truth: what the stand-in was told to do; OpenCV's own names of properties.
"""

import random
import time

import cv2
import numpy as np
import pytest
from cv2_enumerate_cameras.camera_info import CameraInfo
from support.videos import evenly, number_of, numbered, write_film

from nnviz.base.errors import InputError
from nnviz.base.video import Camera, SourceKind, SourceLostError, SourceRequest
from nnviz.media.video import cameras
from nnviz.runtime.capture import Capture, list_cameras

PATIENCE = 10.0


class StandIn:
    """What cv2.VideoCapture does, with a camera of three pictures."""

    opened = ()
    busy = False

    def __init__(self, place, backend, wishes):
        self.place, self.backend = place, backend
        self.wishes = dict(zip(wishes[::2], wishes[1::2], strict=True))
        self.pictures = [numbered(0), None, numbered(2)]
        self.released = False
        self.opened.append(self)

    def isOpened(self):  # noqa: N802
        return not self.busy

    def get(self, name):
        return {cv2.CAP_PROP_FPS: 30.0}[name]

    def grab(self):
        return bool(self.pictures)

    def retrieve(self):
        picture = self.pictures.pop(0)
        return picture is not None, picture

    def release(self):
        self.released = True


@pytest.fixture
def device(monkeypatch, tmp_path):
    path = tmp_path / "video0"
    path.touch()
    monkeypatch.setattr(cameras.platform, "system", lambda: "Linux")
    monkeypatch.setattr(cv2, "VideoCapture", StandIn)
    monkeypatch.setattr(StandIn, "opened", [])
    return str(path)


def test_size_and_rate_are_set_once_while_opening(device):
    reader = cameras.open_camera(device, (720, 1280), 30)
    (camera,) = StandIn.opened
    assert (camera.place, camera.backend) == (device, cv2.CAP_V4L2)
    assert camera.wishes == {
        cv2.CAP_PROP_BUFFERSIZE: 1,
        cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
        cv2.CAP_PROP_FRAME_WIDTH: 1280,
        cv2.CAP_PROP_FRAME_HEIGHT: 720,
        cv2.CAP_PROP_FPS: 30,
    }
    assert reader.rate == 30.0
    reader.close()
    assert camera.released


def test_windows_asks_direct_show(monkeypatch, device):
    monkeypatch.setattr(cameras.platform, "system", lambda: "Windows")
    cameras.open_camera("1", None, 0)
    assert StandIn.opened[0].backend == cv2.CAP_DSHOW
    assert StandIn.opened[0].place == 1
    assert device


def test_pictures_damaged_ones_and_the_plug(device):
    reader = cameras.open_camera(device, None, 0)
    before = time.monotonic()
    first = reader.read()
    assert before <= first.captured <= time.monotonic()
    assert number_of(first.pixels()) == 0
    with pytest.raises(InputError, match="gave a damaged frame"):
        reader.read().pixels()
    assert number_of(reader.read().pixels()) == 2
    with pytest.raises(SourceLostError, match="gives no more frames; plug it"):
        reader.read()


def test_colors_are_red_green_blue(device):
    reader = cameras.open_camera(device, None, 0)
    StandIn.opened[0].pictures = [np.full((4, 4, 3), (255, 128, 0), np.uint8)]
    assert reader.read().pixels()[0, 0].tolist() == [0, 128, 255]


def test_a_busy_camera_is_let_go(device, monkeypatch):
    monkeypatch.setattr(StandIn, "busy", True)
    with pytest.raises(SourceLostError, match="is used by another program; close"):
        cameras.open_camera(device, None, 0)
    assert StandIn.opened[0].released


def test_a_missing_camera_is_not_even_tried(device):
    with pytest.raises(SourceLostError, match="is not there; plug it in"):
        cameras.open_camera(device + "7", None, 0)
    assert StandIn.opened == []


def test_cameras_have_names(monkeypatch):
    found = [
        CameraInfo(2, "USB camera", "/dev/video2", None, None, cv2.CAP_V4L2),
        CameraInfo(0, "", "/dev/video0", None, None, cv2.CAP_V4L2),
        CameraInfo(5, "Windows camera", "\\\\?\\usb", None, None, cv2.CAP_V4L2),
    ]
    monkeypatch.setattr("cv2_enumerate_cameras.enumerate_cameras", lambda _: found)
    assert list_cameras() == (
        Camera("camera", "/dev/video0"),
        Camera("USB camera", "/dev/video2"),
        Camera("Windows camera", "5"),
    )


def test_a_driver_that_hangs_does_not_hang_the_list(monkeypatch):
    monkeypatch.setattr(
        "cv2_enumerate_cameras.enumerate_cameras", lambda _: time.sleep(0.5) or []
    )
    began = time.monotonic()
    assert list_cameras(0.1) == ()
    assert time.monotonic() - began < 0.4


def orders(draw):
    """Return something to do with a capture, and wait a moment."""
    return draw.choice(
        [
            lambda c: c.pause(),
            lambda c: c.resume(),
            lambda c: c.step(draw.randint(-3, 3)),
            lambda c: c.seek(draw.uniform(-1, 3)),
            lambda c: c.set_speed(draw.choice([0, 0.1, 1, 100])),
            lambda c: c.set_mirrored(draw.random() < 0.5),
            lambda c: c.set_scale(draw.uniform(-1, 2)),
            lambda _: time.sleep(draw.uniform(0, 0.02)),
            lambda c: c.newest(),
            lambda c: c.close(0),
        ]
    )


FAULTS = ("stall", "unplug", "resize", "corrupt", "slow")


def random_script(draw, path):
    events = "".join(
        f'[[events]]\nframe = {draw.randint(0, 20)}\ndo = "{draw.choice(FAULTS)}"\n'
        f"lasts = {draw.uniform(0, 0.02)}\nsize = [{draw.randint(16, 80)}, 96]\n"
        for _ in range(4)
    )
    path.write_text(f"rate = 500\nsize = [48, 64]\nrefusals = {draw.randint(0, 1)}\n"
                    + events)  # fmt: skip


def random_request(draw, folder, film):
    kind = draw.choice(["script", "film", "cut", "none"])
    if kind == "script":
        random_script(draw, folder / "s.toml")
        return SourceRequest(kind=SourceKind.SCRIPT, address=str(folder / "s.toml"))
    if kind == "cut":
        data = film.read_bytes()
        (folder / "cut.mp4").write_bytes(data[: draw.randrange(len(data))])
        film = folder / "cut.mp4"
    address = str(folder / "none.mp4") if kind == "none" else str(film)
    return SourceRequest(
        kind=SourceKind.FILE, address=address, rate=500.0, loop=draw.random() < 0.5
    )


def test_two_hundred_random_lives(tmp_path, monkeypatch):
    """No crash, no mistake of ours, no thread left, closing within a second."""
    monkeypatch.setattr("nnviz.runtime.capture.capture.RETRY_SECONDS", 0.005)
    film = write_film(
        tmp_path / "film.mp4", evenly(30), container={"movflags": "faststart"}
    )
    for seed in range(200):
        draw = random.Random(seed)  # noqa: S311
        said = []
        request = random_request(draw, tmp_path, film)
        capture = Capture(request, lambda _frame: None, said.append)
        capture.start()
        for _ in range(draw.randint(0, 6)):
            orders(draw)(capture)
            time.sleep(draw.uniform(0, 0.01))
        began = time.monotonic()
        assert capture.close(PATIENCE), seed
        assert time.monotonic() - began < 1.0, seed
        ours = [s for s in said if s.error and "made a mistake" in s.error.text]
        assert not ours, (seed, ours)
