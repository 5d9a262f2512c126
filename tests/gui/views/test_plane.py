"""The views of numbers and planes, used by hand; places are those of the screen."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage

from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.kinds.planes import Plane, PlanePath, PlanePoints, PlaneRegion
from nnviz.gui.views.results.matrix import MatrixView
from nnviz.gui.views.results.plane import PlaneView
from nnviz.gui.views.results.plane_canvas import PlaneCanvas

PLANE = Plane(
    x_range=(-2, 2),
    y_range=(-1, 1),
    points=(
        PlanePoints(
            places=np.array([[1.0, 0.5], [-1.0, 0.0]]), classes=np.array([1, 0])
        ),
    ),
    edits="points",
)


@pytest.fixture
def view(qtbot):
    shown = PlaneView()
    qtbot.addWidget(shown)
    shown.resize(600, 400)
    shown.show_result(PLANE, None)
    shown.show()
    return shown


@pytest.fixture
def told(view):
    heard = []
    view.values_edited.connect(heard.append)
    return heard


def test_dragged_point_comes_back_as_parameter(view, told, qtbot):
    canvas = view.canvas
    start = canvas.to_screen(1.0, 0.5).toPoint()
    end = canvas.to_screen(0.0, -0.5).toPoint()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    first, second = told[-1]["points"].split("; ")
    x, y, label = map(float, first.split())
    assert abs(x) < 0.02
    assert abs(y + 0.5) < 0.02
    assert label == 1
    assert second == "-1 0 0"


def test_points_are_edited_by_keyboard(view, told, qtbot):
    canvas = view.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_N)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert told[-1]["points"] == "1.08 0.5 1; -1 0 0"
    qtbot.keyClick(canvas, Qt.Key.Key_3)
    assert told[-1]["points"] == "1.08 0.5 3; -1 0 0"
    qtbot.keyClick(canvas, Qt.Key.Key_Insert)
    assert told[-1]["points"].count(";") == 2
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert told[-1]["points"] == "1.08 0.5 3; -1 0 0"


def test_double_click_adds_and_right_click_removes(view, told, qtbot):
    canvas = view.canvas
    at = canvas.to_screen(0.0, -0.8).toPoint()
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert told[-1]["points"].count(";") == 2
    qtbot.mousePress(canvas, Qt.MouseButton.RightButton, pos=at)
    assert told[-1]["points"] == "1 0.5 1; -1 0 0"


def test_screen_and_plane_are_inverse(view):
    for x, y in ((-2, -1), (0.3, 0.7), (2, 1)):
        assert view.canvas.to_plane(view.canvas.to_screen(x, y)) == pytest.approx(
            (x, y)
        )


def test_number_under_the_cursor_is_told(qtbot):
    shown = MatrixView()
    qtbot.addWidget(shown)
    shown.resize(500, 400)
    grid = Grid(values=np.array([[1.0, 2.0], [3.0, 4.5]]), title="input")
    shown.show_result(Matrix(grids=(grid,)), None)
    shown.show()
    heard = []
    shown.hovered.connect(heard.append)
    layout, corner = shown.canvas.layout_now()
    placed = layout.grids[0]
    middle = QPointF(1.5 * placed.cell_width, 1.5 * placed.cell_height)
    at = corner + QPointF(placed.left, placed.top) + middle
    qtbot.mouseMove(shown.canvas, at.toPoint())
    assert heard[-1] == "input [1, 1] = 4.50"


GROUND = PlaneRegion(
    values=np.add.outer(np.arange(12.0), np.arange(16.0) ** 2),
    kind="height",
    contours=(40.0, 120.0),
)
PATH = PlanePath(places=np.array([[-1.5, -0.8], [0.2, 0.1], [1.7, 0.9]]))


def painted(qtbot, *planes):
    """Return what a view of a plane's last step looks like, float64 (H, W, 4)."""
    shown = PlaneView()
    qtbot.addWidget(shown)
    shown.resize(500, 360)
    shown.show()
    for plane in planes:
        shown.show_result(plane, None)
        image = shown.grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8)
    return pixels.reshape(image.height(), image.width(), 4).copy()


@pytest.mark.parametrize(
    "before",
    [
        replace(PLANE, region=GROUND),
        replace(PLANE, region=replace(GROUND, values=GROUND.values.copy())),
        replace(PLANE, region=replace(GROUND, contours=(80.0,))),
        replace(PLANE, region=replace(GROUND, values=-GROUND.values)),
        replace(PLANE, region=GROUND, x_range=(-3, 3)),
        replace(PLANE, region=GROUND, x_label="weight"),
        PLANE,
    ],
)
def test_a_step_looks_the_same_whatever_was_shown_before(qtbot, before):
    """Truth: a view that has shown nothing else."""
    after = replace(PLANE, region=GROUND, paths=(PATH,))
    np.testing.assert_array_equal(painted(qtbot, before, after), painted(qtbot, after))


def test_the_ground_is_painted_once_for_steps_that_leave_it(view, monkeypatch):
    painted = []
    real = PlaneCanvas._painted_ground
    monkeypatch.setattr(
        PlaneCanvas,
        "_painted_ground",
        lambda self, *args: painted.append(1) or real(self, *args),
    )
    for step in range(5):
        places = PATH.places[: 1 + step % 3]
        region = replace(GROUND, values=GROUND.values.copy())
        view.show_result(
            replace(PLANE, region=region, paths=(replace(PATH, places=places),)), None
        )
        view.grab()
    assert len(painted) == 1


def drawable(qtbot, *names):
    """Return a view of empty 2 × 3 grids for these parameters, and what it says."""
    shown = MatrixView()
    qtbot.addWidget(shown)
    shown.resize(600, 300)
    grids = tuple(Grid(values=-np.ones((2, 3)), title="own", edits=n) for n in names)
    shown.show_result(Matrix(grids=grids), None)
    shown.show()
    heard = []
    shown.values_edited.connect(heard.append)
    return shown, heard


def middle_of(canvas, grid, row, column):
    layout, corner = canvas.layout_now()
    placed = layout.grids[grid]
    x = placed.left + (column + 0.5) * placed.cell_width
    y = placed.top + (row + 0.5) * placed.cell_height
    return (corner + QPointF(x, y)).toPoint()


def test_stroke_draws_and_a_press_on_ink_wipes(qtbot):
    view, heard = drawable(qtbot, "drawn")
    canvas = view.canvas
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, pos=middle_of(canvas, 0, 0, 0))
    qtbot.mouseMove(canvas, middle_of(canvas, 0, 0, 1))
    qtbot.mouseMove(canvas, middle_of(canvas, 0, 1, 1))
    qtbot.mouseRelease(canvas, left, pos=middle_of(canvas, 0, 1, 1))
    qtbot.mouseMove(canvas, middle_of(canvas, 0, 1, 2))
    assert heard[-1] == {"drawn": "##./.#."}
    assert len(heard) == 3
    inked = Grid(values=np.array([[1.0, -1, -1], [-1, -1, -1]]), edits="drawn")
    canvas.show_matrix(Matrix(grids=(inked,)))
    qtbot.mouseClick(canvas, left, pos=middle_of(canvas, 0, 0, 0))
    assert heard[-1] == {"drawn": ""}


def test_cells_are_turned_over_by_keyboard(qtbot):
    view, heard = drawable(qtbot, "", "first", "second")
    canvas = view.canvas
    for key in ("Right", "Left", "Down", "Return"):
        qtbot.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))
    # The first arrow takes the first cell; left of it is the row's last.
    assert heard == [{"first": ".../..#"}]
    for key in ("N", "Return"):
        qtbot.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))
    assert heard[1:] == [{"second": "#../..."}]


def test_fixed_grid_is_not_drawn_in(qtbot):
    view, heard = drawable(qtbot, "")
    canvas = view.canvas
    at = middle_of(canvas, 0, 0, 0)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at)
    assert not heard
