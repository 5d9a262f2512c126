"""Several stickers on a picture, against areas worked by hand."""

import math
import os

import numpy as np
import pytest
from PIL import Image as PillowImage

from nnviz.base.errors import InputError
from nnviz.base.stickers.placed import Cut, parse_placed
from nnviz.media.stickers.placed import covered, open_cut, open_placed, paste_layers


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


def test_a_disc_of_a_photograph(tmp_path):
    """Truth: by hand: corners of the largest square in its middle are transparent."""
    path = tmp_path / "cat.png"
    PillowImage.fromarray(np.full((40, 60, 3), 7, np.uint8)).save(path)
    sticker = open_cut(Cut("round", str(path)))
    assert sticker.size == (40, 40)
    assert sticker.alpha[0, 0] == 0
    assert sticker.alpha[20, 20] == 255
    assert open_cut(Cut("round", str(path))) is sticker


def test_a_file_that_changed_is_read_anew(tmp_path):
    """Truth: by hand: the color that it has now."""
    path = tmp_path / "cat.png"
    for place, level in enumerate((7, 90)):
        PillowImage.fromarray(np.full((4, 4, 3), level, np.uint8)).save(path)
        os.utime(path, ns=(place, place))
        assert open_cut(Cut("square", str(path))).pixels[0, 0, 0] == level


def test_a_misspelt_color_is_told_from_a_missing_file(tmp_path):
    """Truth: an error names the thing and what helps."""
    with pytest.raises(InputError, match="#rrggbb"):
        open_cut(Cut("round", "#red"))
    with pytest.raises(InputError, match="no such file"):
        open_cut(Cut("round", str(tmp_path / "none.png")))
