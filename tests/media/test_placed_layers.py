"""Several stickers on a picture, against areas worked by hand."""

import math

import numpy as np
import pytest

from nnviz.base.errors import InputError
from nnviz.base.images import image_from_array
from nnviz.base.placed import Cut, parse_placed
from nnviz.media.placed import covered, open_cut, open_placed, paste_layers


def layers(text):
    return open_placed(parse_placed(text))


def test_a_disc_covers_its_area():
    """Truth: pi r^2; the diameter is half of the shorter side."""
    found = covered((400, 800), layers("round:#ff0000 @ 0.5 0.5 0.5 0"))
    assert found == pytest.approx(math.pi * 100**2 / (400 * 800), rel=0.01)


def test_what_lies_below_two_counts_once_and_half_transparent_half():
    """Truth: by hand: squares of a quarter of the picture, one on the other."""
    square = "square:#ff0000 @ 0.5 0.5 0.5 0"
    assert covered((100, 100), layers(square)) == pytest.approx(0.25)
    assert covered((100, 100), layers(f"{square};{square}")) == pytest.approx(0.25)
    assert covered((100, 100), layers(f"{square} 0.5")) == pytest.approx(0.125)
    assert covered((100, 100), layers("square:#ff0000 @ 0 0 1 0")) == pytest.approx(
        0.25
    )
    assert covered((100, 100), ()) == 0


def test_the_last_lies_on_top():
    """Truth: the order of the text, by hand."""
    text = "square:#ff0000 @ 0.5 0.5 1 0; square:#0000ff @ 0.5 0.5 0.5 0"
    found = paste_layers(np.zeros((8, 8, 3), np.uint8), layers(text))
    np.testing.assert_array_equal(found[0, 0], (255, 0, 0))
    np.testing.assert_array_equal(found[4, 4], (0, 0, 255))


def test_a_disc_of_a_photograph():
    """Truth: by hand: corners of the largest square in its middle are transparent."""
    picture = image_from_array(np.full((40, 60, 3), 7, np.uint8), "cat.png")
    sticker = open_cut(Cut("round", "cat.png"), lambda _: picture)
    assert sticker.size == (40, 40)
    assert sticker.alpha[0, 0] == 0
    assert sticker.alpha[20, 20] == 255


def test_a_misspelt_colour_is_told_from_a_missing_file(tmp_path):
    """Truth: an error names the thing and what helps."""
    with pytest.raises(InputError, match="#rrggbb"):
        open_cut(Cut("round", "#red"))
    with pytest.raises(InputError, match="no such file"):
        open_cut(Cut("round", str(tmp_path / "none.png")))
