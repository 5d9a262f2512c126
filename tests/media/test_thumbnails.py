"""Small pictures.  Truth: Pillow's own reduction of the whole picture."""

import io

import numpy as np
import pytest
from PIL import Image as P
from PIL import ImageOps
from skimage import data

from nnviz.base.errors import InputError
from nnviz.media.thumbnails import thumbnail


@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_close_to_the_whole_picture_made_small(turn, tmp_path):
    """Draft mode decodes at a fraction: mean difference at most 3 of 255."""
    exif = P.Exif()
    exif[0x0112] = turn
    large = P.fromarray(data.coffee()).resize((2400, 1600))
    large.save(tmp_path / "a.jpg", exif=exif, quality=95)
    small = thumbnail(tmp_path / "a.jpg", 96)
    expected = ImageOps.exif_transpose(P.open(tmp_path / "a.jpg"))
    expected.thumbnail((96, 96), P.Resampling.BICUBIC, reducing_gap=None)
    assert small.shape == np.asarray(expected).shape
    assert np.abs(small.astype(int) - np.asarray(expected)).mean() < 3


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "P", "1", "I;16", "F"])
def test_any_kind_becomes_rgb(mode, tmp_path):
    picture = P.fromarray(data.coffee()).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        picture = P.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    picture.save(tmp_path / "a.tif")
    small = thumbnail(tmp_path / "a.tif", 64)
    assert small.shape == (43, 64, 3)
    assert small.dtype == np.uint8
    assert small.std() > 10


def test_arrays_and_small_pictures(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((300, 200, 5)))
    assert thumbnail(tmp_path / "a.npy", 60).shape == (60, 40, 3)
    P.fromarray(data.coffee()[:20, :30]).save(tmp_path / "s.png")
    assert thumbnail(tmp_path / "s.png", 60).shape == (20, 30, 3)


def test_bad_files(tmp_path):
    file = io.BytesIO()
    P.fromarray(data.coffee()).save(file, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(file.getvalue()[:2000])
    with pytest.raises(InputError, match="truncated"):
        thumbnail(tmp_path / "cut.jpg", 64)
    P.new("1", (2000, 2000)).save(tmp_path / "big.png")
    with pytest.raises(InputError, match="max-pixels"):
        thumbnail(tmp_path / "big.png", 64, max_pixels=1_000_000)
