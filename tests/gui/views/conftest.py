"""Small made-up results whose every pixel is known."""

import numpy as np
import pytest

from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.results import Heatmap, Mosaic, Ranking, Report, Text


@pytest.fixture
def photo():
    """40 x 60 px, one color, so that whatever lies over it can be told apart."""
    pixels = np.full((40, 60, 3), (10, 20, 30), np.uint8)
    return image_from_array(pixels, "plain.png")


@pytest.fixture
def make_heat(photo):
    def make(values, *, signed=False, framed=True):
        placement = Preprocess(input_size=(40, 40), resize=40, fit=Fit.CROP).placement(
            photo.size
        )
        return Heatmap(
            values=np.asarray(values, np.float32),
            signed=signed,
            unit="activation",
            frame=Frame.INPUT if framed else None,
            placement=placement if framed else None,
        )

    return make


@pytest.fixture
def make_mosaic():
    def make(count=12, side=4, **changes):
        tiles = np.arange(count * side * side, dtype=np.float32)
        values = {
            "tiles": tiles.reshape(count, side, side),
            "order": np.arange(count)[::-1].copy(),
            "signed": False,
            "shared_scale": True,
            "unit": "activation",
            "noun": "channel",
            "layer": "layer1",
        }
        return Mosaic(**(values | changes))

    return make


@pytest.fixture
def ranking():
    return Ranking(
        labels=("cat", "a label much too long for any list of bars " * 3, "dog"),
        values=np.array([3.0, 1.0, -1.0]),
        indices=np.array([7, 2, 5]),
        unit="logit",
    )


@pytest.fixture
def make_report(make_mosaic, make_heat):
    def make(**changes):
        results = {
            "channels": make_mosaic(),
            "channel": make_heat([[0, 1], [2, 3]]),
            "remark": Text(text="three dead"),
        }
        return Report(results | changes, ("a note",))

    return make
