"""Stickers on pictures, against cases worked by hand."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from nnviz.base.errors import InputError
from nnviz.base.images import Image, image_from_array
from nnviz.base.results import ColorImage
from nnviz.base.stickers.placement import Placement
from nnviz.media.encode import write_png
from nnviz.media.stickers.cutting import (
    cut_out,
    from_image,
    open_sticker,
    paste,
    pasted,
    solid,
    with_alpha,
)

RED = (1.0, 0.0, 0.0)


def _gray(height: int, width: int, channels: int = 3) -> Image:
    return image_from_array(np.full((height, width, channels), 100, np.uint8), "grey")


def test_a_square_on_whole_pixels() -> None:
    """By hand: 4 of 16 px around the center, so rows and columns 6 to 9."""
    expected = np.full((16, 16, 3), 100, np.uint8)
    expected[6:10, 6:10] = (255, 0, 0)
    found = paste(_gray(16, 16), solid(RED, "square"), Placement(width=0.25))
    np.testing.assert_array_equal(found.pixels, expected)


def test_the_pixels_of_a_sticker_stay_where_they_are() -> None:
    """A sticker of its own size, on whole pixels, is copied."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    sticker = cut_out(image_from_array(pixels), "square")
    placement = Placement(x=7 / 20, y=4 / 12, width=0.5)
    found = pasted(_gray(12, 20).pixels, sticker, placement)
    np.testing.assert_array_equal(found[2:6, 4:10], pixels)


def test_a_quarter_turn() -> None:
    """Counter-clockwise, as numpy.rot90 turns."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    sticker = cut_out(image_from_array(pixels), "square")
    placement = Placement(width=0.5, angle=90)
    found = pasted(_gray(8, 8).pixels, sticker, placement)
    np.testing.assert_array_equal(found[2:6, 2:6], np.rot90(pixels))


def test_half_a_pixel_is_half_covered() -> None:
    """By hand: 3 of 12 px around the center reach from 4.5 to 7.5."""
    found = paste(_gray(12, 12), solid((1, 1, 1), "square"), Placement(width=0.25))
    share = np.array([0, 0, 0, 0, 0.5, 1, 1, 0.5, 0, 0, 0, 0])
    covered = share[:, None] * share
    expected = (100 + 155 * covered).round()
    np.testing.assert_allclose(found.pixels[..., 0], expected, atol=1)


def test_over_the_edge_it_is_cut_off() -> None:
    """By hand: of 8 px around the upper left corner, 4 lie on the picture."""
    found = paste(_gray(16, 16), solid(RED, "square"), Placement(0, 0, 0.5))
    assert (found.pixels[:4, :4] == (255, 0, 0)).all()
    assert (found.pixels[4:] == 100).all()
    assert (found.pixels[:, 4:] == 100).all()


def test_the_area_of_a_disc_that_is_turned() -> None:
    """Pi r^2, whatever the angle."""
    placement = Placement(width=0.5, angle=30)
    white = solid((1, 1, 1), side=64)
    found = pasted(np.zeros((200, 200, 1), np.float32), white, placement)
    assert found.sum() == pytest.approx(math.pi * 50**2, rel=0.01)


def test_opacity_and_transparency_mix() -> None:
    """By hand: half of a half covers a quarter: 100 + (200 - 100) / 4."""
    rgba = np.full((4, 4, 4), 128, np.uint8)
    rgba[..., :3] = 200
    plain = image_from_array(rgba[..., :3])
    sticker = Image(plain.pixels, "half", "", alpha=rgba[..., 3].copy())
    found = pasted(_gray(8, 8).pixels, sticker, Placement(width=0.5), opacity=0.5)
    np.testing.assert_allclose(found[2:6, 2:6], 125, atol=0.5)


def test_hidden_colors_do_not_bleed() -> None:
    """Green where alpha is 0 is nowhere seen, however the sticker is scaled."""
    rgb = np.zeros((32, 32, 3), np.uint8)
    rgb[:, :16], rgb[:, 16:] = (0, 255, 0), (255, 0, 0)
    alpha = np.zeros((32, 32), np.uint8)
    alpha[:, 16:] = 255
    sticker = Image(rgb, "half green", "", alpha=alpha)
    black = np.zeros((64, 64, 3), np.uint8)
    for width in (0.1, 0.8):
        found = pasted(black, sticker, Placement(width=width, angle=20))
        assert found[..., 1].max() == 0
        assert found[..., 0].max() == 255


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_depths_are_kept(dtype: type) -> None:
    """White is the largest number of each depth; elsewhere nothing changes."""
    white = 1 if dtype is np.float32 else np.iinfo(dtype).max
    pixels = (np.random.default_rng(0).random((10, 10, 3)) * white).astype(dtype)
    found = pasted(pixels, solid((1, 1, 1), "square"), Placement(width=0.2))
    assert found.dtype == dtype
    assert (found[4:6, 4:6] == white).all()
    np.testing.assert_array_equal(found[:4], pixels[:4])


def test_a_gray_picture_gets_the_luminance() -> None:
    """ITU-R BT.601: a red of 255 is a gray of 76."""
    found = paste(_gray(8, 8, 1), solid(RED, "square"), Placement(width=0.5))
    assert (found.pixels[2:6, 2:6] == 76).all()


def test_more_channels_are_refused() -> None:
    """A sticker has no sixth color."""
    with pytest.raises(InputError, match="has 6 channels"):
        paste(_gray(8, 8, 6), solid(RED), Placement())


def test_what_is_round_is_cut_out_of_the_middle() -> None:
    """By hand: of 10 x 20 px a disc of 10 px; its corners are transparent."""
    found = cut_out(_gray(10, 20), "round")
    assert found.size == (10, 10)
    assert found.alpha is not None
    assert found.alpha[0, 0] == 0
    assert found.alpha[5, 5] == 255


def test_a_file_keeps_its_transparency(tmp_path: Path) -> None:
    """Read by Pillow, and opened again."""
    sticker = solid((0.2, 0.4, 0.6), side=16)
    path = tmp_path / "disc.png"
    write_png(path, with_alpha(sticker))
    with PillowImage.open(path) as picture:
        assert picture.mode == "RGBA"
        rgba = np.asarray(picture)
    np.testing.assert_array_equal(rgba[..., 3], sticker.alpha)
    again = open_sticker(path)
    np.testing.assert_array_equal(again.pixels, sticker.pixels)
    np.testing.assert_array_equal(again.alpha, sticker.alpha)


def test_a_file_without_transparency_is_a_sticker_too(tmp_path: Path) -> None:
    """A photograph: all of it is seen."""
    path = tmp_path / "photo.png"
    PillowImage.fromarray(_gray(4, 6).pixels).save(path)
    found = open_sticker(path)
    assert found.alpha is not None
    assert (found.alpha == 255).all()


def test_a_file_that_shows_nothing_is_refused(tmp_path: Path) -> None:
    """Pillow writes it."""
    path = tmp_path / "nothing.png"
    PillowImage.new("RGBA", (4, 4)).save(path)
    with pytest.raises(InputError, match="transparent everywhere"):
        open_sticker(path)


def test_a_learned_sticker_is_one_of_eight_bits() -> None:
    """By hand: 0.5 is 128 of 255; without transparency all of it is seen."""
    pixels = np.full((2, 3, 3), 0.5, np.float32)
    alpha = np.array([[0, 0.5, 1], [1, 1, 1]], np.float32)
    found = from_image(ColorImage(pixels=pixels, alpha=alpha))
    assert (found.pixels == 128).all()
    assert found.alpha is not None
    assert found.alpha.tolist() == [[0, 128, 255], [255, 255, 255]]
    whole = from_image(ColorImage(pixels=pixels)).alpha
    assert whole is not None
    assert (whole == 255).all()
