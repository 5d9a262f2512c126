"""Covers on frames.  Truth: cases worked by hand."""

import numpy as np
import pytest

from nnviz.base.live import Cover
from nnviz.media.fills.covers import cover_frame


def frame():
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


@pytest.mark.parametrize(
    ("fill", "color"),
    [("gray", 128), ("black", 0), ("white", 255), ("mean", (124, 116, 104))],
)
def test_a_plain_square(fill, color):
    pixels = frame()
    before = pixels.copy()
    cover = Cover(y=0.5, x=0.25, side=0.5, fill=fill, mean=(124, 116, 104))
    found = cover_frame(pixels, cover)
    assert (found[10:30, 5:25] == color).all()
    rest = np.ones((40, 60), bool)
    rest[10:30, 5:25] = False
    np.testing.assert_array_equal(found[rest], before[rest])
    np.testing.assert_array_equal(pixels, before)


def test_at_a_corner_and_outside():
    pixels = frame()
    found = cover_frame(pixels, Cover(y=0, x=1, side=0.5, fill="black"))
    changed = (found != pixels).any(2)
    assert not changed[10:].any()
    assert not changed[:, :50].any()
    assert not found[:10, 50:].any()
    assert cover_frame(pixels, Cover(y=3, x=3, side=0.5)) is pixels


def test_blur_and_inpainting_go_on_with_what_is_around():
    """A plain frame stays plain; a spot in the patch is gone, or spread out."""
    pixels = np.full((48, 48, 3), 90, np.uint8)
    for fill in ("blur", "inpainted"):
        same = cover_frame(pixels, Cover(y=0.5, x=0.5, side=0.5, fill=fill))
        # OpenCV inpaints in 8 bits, ring by ring: its roundings add up.
        assert np.abs(same.astype(int) - 90).max() <= 4
    pixels[22:26, 22:26] = 250
    blurred = cover_frame(pixels, Cover(y=0.5, x=0.5, side=0.5, fill="blur"))
    assert 90 < blurred[24, 24, 0] < 160
    inpainted = cover_frame(pixels, Cover(y=0.5, x=0.5, side=0.5, fill="inpainted"))
    assert abs(int(inpainted[24, 24, 0]) - 90) <= 4
