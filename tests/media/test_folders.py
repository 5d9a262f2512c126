"""Folders of pictures; cases by hand."""

import pytest

from nnviz.base.errors import InputError
from nnviz.media.folders import list_images, natural_key


def test_natural_order():
    names = ["img10.png", "IMG2.png", "img1.png", "a.png", "10.png", "9.png"]
    assert sorted(names, key=natural_key) == [
        "9.png",
        "10.png",
        "a.png",
        "img1.png",
        "IMG2.png",
        "img10.png",
    ]


def test_pictures_of_a_folder(tmp_path):
    for name in ("b10.JPG", "b9.png", "notes.txt", ".hidden.png", "c.npy"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    assert [path.name for path in list_images(tmp_path)] == [
        "b9.png",
        "b10.JPG",
        "c.npy",
    ]


def test_folders_that_hold_none(tmp_path):
    with pytest.raises(InputError, match="holds no images"):
        list_images(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        list_images(tmp_path / "missing")
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match="is not a folder"):
        list_images(tmp_path / "a.png")
