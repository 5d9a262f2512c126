"""Writing files.  Truths: Pillow, OpenCV, numpy and the system as readers."""

import os
import subprocess
import zipfile

import cv2
import numpy as np
import pytest
from PIL import Image as P

from nnviz.base.errors import InputError
from nnviz.media.encode import (
    read_json,
    read_png_text,
    write_npz,
    write_png,
    write_text,
)
from nnviz.media.files import replacing

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
RECIPE = '{"method": "übung", "values": [' + "1, " * 5000 + "2]}"


def names(folder):
    return [path.name for path in folder.iterdir()]


def test_png_holds_pixels_and_text(tmp_path):
    path = tmp_path / "new" / "a.png"
    write_png(path, PIXELS, {"nnviz.recipe": RECIPE, "Title": "b"})
    with P.open(path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), PIXELS)
        assert picture.text["nnviz.recipe"] == RECIPE
    assert read_png_text(path) == {"nnviz.recipe": RECIPE, "Title": "b"}
    assert names(tmp_path / "new") == ["a.png"]


def test_deep_png_holds_pixels_and_text(tmp_path):
    deep = PIXELS.astype(np.uint16) * 200
    write_png(tmp_path / "a.png", deep, {"nnviz.recipe": RECIPE})
    read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read[..., ::-1], deep)
    assert read_png_text(tmp_path / "a.png")["nnviz.recipe"] == RECIPE


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_gray_png(shape, kind, tmp_path):
    gray = np.arange(30).astype(kind).reshape(shape) * kind(8)
    write_png(tmp_path / "a.png", gray)
    read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read, gray.reshape(5, 6))


def test_the_same_input_gives_the_same_bytes(tmp_path, monkeypatch):
    arrays = {"data": PIXELS, "x.labels": np.array(["a", "bc"])}
    for name, now in (("a", 1e9), ("b", 1.7e9)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        write_png(tmp_path / f"{name}.png", PIXELS, {"k": "v"})
        write_npz(tmp_path / f"{name}.npz", arrays)
    for suffix in (".png", ".npz"):
        first, second = (tmp_path / (name + suffix) for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_npz_is_read_by_numpy(tmp_path):
    arrays = {"data": PIXELS, "labels": np.array(["a", "ß"]), "n": np.float64(3)}
    write_npz(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz") as read:
        assert read.files == ["data", "labels", "n"]
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert archive.testzip() is None


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def break_off():
        with replacing(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_written_files_have_the_usual_permissions(tmp_path):
    """As open() makes them, not the owner-only ones of mkstemp."""
    write_text(tmp_path / "ours", "x")
    (tmp_path / "usual").write_text("x")
    modes = [(tmp_path / name).stat().st_mode for name in ("ours", "usual")]
    assert modes[0] == modes[1]


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if (
        os.geteuid() != 0
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("only root may mount a small disk, and not everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(small_disk):
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    (small_disk / "a.png").write_bytes(b"old")
    for write, name in ((write_png, "a.png"), (write_npz, "a.npz")):
        content = noise if write is write_png else {"data": noise}
        with pytest.raises(InputError, match=r"disk is full.*free some space"):
            write(small_disk / name, content)
    assert names(small_disk) == ["a.png"]
    assert (small_disk / "a.png").read_bytes() == b"old"


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(InputError, match="choose another folder"):
        write_text(tmp_path / "out" / "a.txt", "x")


def test_folder_that_may_not_be_written(tmp_path, monkeypatch):
    def refuse(**_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(InputError, match="is not writable; choose another"):
        write_text(tmp_path / "a.txt", "x")


def test_text_of_other_files(tmp_path):
    P.fromarray(PIXELS).save(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="is not a PNG"):
        read_png_text(tmp_path / "a.jpg")
    write_png(tmp_path / "a.png", PIXELS)
    assert read_png_text(tmp_path / "a.png") == {}


def test_json(tmp_path):
    write_text(tmp_path / "a.json", '{"a": [1, 2.5]}')
    assert read_json(tmp_path / "a.json") == {"a": [1, 2.5]}
    for bad in ("{", "[" * 100_000):
        write_text(tmp_path / "b.json", bad)
        with pytest.raises(InputError, match="is not JSON"):
            read_json(tmp_path / "b.json")


def test_a_quick_png_holds_the_same_pixels(tmp_path):
    write_png(tmp_path / "a.png", PIXELS, {"nnviz.recipe": RECIPE}, quick=True)
    with P.open(tmp_path / "a.png") as picture:
        assert picture.text == {"nnviz.recipe": RECIPE}
        assert np.array_equal(np.asarray(picture), PIXELS)
