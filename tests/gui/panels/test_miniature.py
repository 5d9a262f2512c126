"""Small pictures of results: cases by hand."""

import numpy as np
import pytest

from nnviz.base.images import image_from_array
from nnviz.base.results import Heatmap, Mosaic, Picture, Text
from nnviz.gui.panels.miniature import miniature


def mosaic(tiles, order):
    return Mosaic(
        tiles=tiles,
        order=np.array(order, np.int64),
        signed=True,
        shared_scale=True,
        unit="weight",
        noun="filter",
        layer="conv",
    )


@pytest.mark.parametrize(
    "result",
    [
        mosaic(np.zeros((0, 3, 3), np.float32), []),
        mosaic(np.ones((2, 3, 3), np.float32), [1, 0]),
        mosaic(np.random.default_rng(0).normal(size=(9, 3, 3, 3)), range(9)),
        Heatmap(values=np.full((400, 500), np.nan), signed=False, unit="x"),
        Picture(pixels=np.ones((5, 7, 1), np.float32)),
        Text(text="words"),
    ],
    ids=["empty", "flat", "colours", "nan", "grey", "text"],
)
def test_every_result_has_a_picture(result):
    """Truth: what a thumbnail is: uint8, three channels, at most 3 x 159 px a side."""
    small = miniature(result, None)
    assert small.dtype == np.uint8
    assert small.shape[2] == 3
    assert max(small.shape[:2]) <= 3 * 159


def test_a_result_without_pixels_shows_its_photograph():
    """Truth: a red photograph stays red."""
    red = image_from_array(np.full((4, 4, 3), (255, 0, 0), np.uint8))
    assert (miniature(Text(text="words"), red) == (255, 0, 0)).all()
