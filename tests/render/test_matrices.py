"""Matrices and planes painted and laid out; counted and measured in the pixels."""

import numpy as np
import pytest

from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.kinds.planes import Plane, PlanePoints, PlaneRegion
from nnviz.render.drawings.matrices import cell_colors
from nnviz.render.drawings.matrix_layout import arrange
from nnviz.render.drawings.plane_parts import contour_lines, ticks
from nnviz.render.figures import write
from nnviz.render.report import paint

INPUT = Grid(values=np.arange(25.0).reshape(5, 5), title="input", window=(0, 0, 3, 3))
KERNEL = Grid(values=np.ones((3, 3)), title="kernel", operator="×")
EQUATION = Matrix(grids=(INPUT, KERNEL), formula=r"$1\cdot 2 = 2$")
PLANE = Plane(
    x_range=(-1, 1),
    y_range=(-1, 1),
    region=PlaneRegion(
        values=np.hypot(*np.mgrid[1:-1:41j, -1:1:41j]), kind="height", contours=(0.5,)
    ),
    points=(PlanePoints(places=np.zeros((1, 2)), classes=np.zeros(1, np.int64)),),
)


@pytest.mark.parametrize(("width", "height"), [(900, 400), (400, 900), (200, 120)])
def test_grids_lie_within_the_room_and_not_upon_each_other(width, height):
    layout = arrange(EQUATION, width, height, 12.0)
    assert layout.width <= width + 1
    assert layout.height <= height + 1
    first, second = layout.grids
    beside = second.left >= first.left + first.width
    below = second.top >= first.top + first.height
    assert beside or below


def test_signs_have_colors_and_zero_has_the_ground():
    grid = Grid(values=np.array([[-2.0, 0.0, 2.0]]))
    blue, ground, orange = cell_colors(grid, (10, 10, 10))[0].astype(int)
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]
    assert tuple(ground) == (10, 10, 10)


def test_contour_of_a_cone_is_a_circle():
    places = np.concatenate(contour_lines(PLANE))
    assert np.allclose(np.hypot(*places.T), 0.5, atol=0.03)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [((0, 1), (0, 0.2, 0.4, 0.6, 0.8, 1)), ((-2, 2), (-2, -1, 0, 1, 2))],
)
def test_ticks_are_round_numbers(limits, expected):
    assert ticks(limits) == pytest.approx(expected)


@pytest.mark.parametrize("result", [EQUATION, PLANE])
def test_pages_are_painted_in_their_width_and_figures_are_vectors(result):
    page = paint(result, width=640)
    assert page.shape[1] == 640
    assert page.std() > 5
    svg = write(result, None, "svg").decode()
    assert "<path" in svg
