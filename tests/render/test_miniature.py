"""Small pictures of results: cases by hand."""

import numpy as np
import pytest

from nnviz.base.images import image_from_array
from nnviz.base.kinds.planes import Plane, PlanePoints
from nnviz.base.results import ColorImage, Curves, Heatmap, Mosaic, Text
from nnviz.render.drawings.plane_parts import series_color
from nnviz.render.miniature import miniature


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
        ColorImage(pixels=np.ones((5, 7, 1), np.float32)),
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


def lit(small, color):
    """Return the rows and columns of a tile that have a color."""
    return np.nonzero((small == color).all(-1))


def test_curves_are_lines_that_rise_where_the_numbers_do():
    """Truth: the curve of a line that rises, by hand."""
    rising = Curves(
        x=np.arange(3.0), series={"a": np.array([0.0, 1, 2])}, x_label="", y_label=""
    )
    small = miniature(rising, None)
    rows, columns = lit(small, series_color(0))
    assert rows[columns == columns.min()].mean() > rows[columns == columns.max()].mean()
    assert columns.max() - columns.min() > 100


def test_points_lie_where_the_plane_has_them_in_the_colors_of_their_classes():
    plane = Plane(
        x_range=(0, 1), y_range=(0, 1), x_label="", y_label="",
        points=(
            PlanePoints(places=np.array([[0.0, 0.0], [1.0, 1.0]]),
                        classes=np.array([2, 1])),
        ),
    )  # fmt: skip
    small = miniature(plane, None)
    rows, columns = lit(small, series_color(2))
    assert rows.min() > 72 > columns.max()
    rows, columns = lit(small, series_color(1))
    assert columns.min() > 72 > rows.max()
