"""The canvas: what it paints, read back pixel by pixel, and what it tells."""

import numpy as np
import psutil
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.canvas.layers import Layer, array_of
from nnviz.gui.views.canvas.viewport import ViewState

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def canvas(qtbot):
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(200, 100)
    with qtbot.waitExposed(made):
        made.show()
    return made


def quarters():
    """2 x 2 px: red, green / blue, white."""
    return np.array([[RED, GREEN], [BLUE, (255, 255, 255)]], np.uint8)


def painted(canvas):
    return array_of(canvas.grab().toImage())


def wheel(canvas, y, x, steps=1):
    at = QPointF(x, y)
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_enlarged_pixels_are_squares(canvas):
    # 2 x 2 px fit 100 px high: each pixel is 50 x 50, from x = 50 to 150.
    canvas.set_image(quarters())
    shown = painted(canvas)
    assert tuple(shown[2, 55]) == RED
    assert tuple(shown[46, 95]) == RED
    assert tuple(shown[2, 105]) == GREEN
    assert tuple(shown[96, 55]) == BLUE
    backdrop = shown[50, 10]
    assert tuple(backdrop) not in (RED, GREEN, BLUE)


def test_minified_pixels_are_averaged(canvas):
    # Columns of black and white, 800 wide in 200 px: gray, not a pattern.
    stripes = np.zeros((400, 800, 3), np.uint8)
    stripes[:, ::2] = 255
    canvas.set_image(stripes)
    shown = painted(canvas)[10:90, 10:190].astype(int)
    assert abs(shown - 127).max() <= 2


def test_overlay_opacity_is_a_weighted_mean(canvas):
    # Half of white over black: 127 or 128.
    canvas.set_image(np.zeros((10, 20, 3), np.uint8))
    canvas.set_overlay(np.full((1, 1, 3), 255, np.uint8), (0, 0, 10, 10), 0.5)
    shown = painted(canvas)
    assert abs(int(shown[50, 45, 0]) - 127) <= 1
    assert shown[50, 145, 0] == 0


def test_overlay_lies_where_it_belongs_and_is_not_smoothed(canvas):
    canvas.set_image(np.zeros((10, 20, 3), np.uint8))
    canvas.set_overlay(quarters(), (0, 10, 10, 20))
    shown = painted(canvas)
    # Picture x 10-20 is widget x 100-200; its quarters are 50 px each.
    assert tuple(shown[48, 103]) == RED
    assert tuple(shown[48, 147]) == RED
    assert tuple(shown[48, 153]) == GREEN
    assert tuple(shown[48, 97]) == (0, 0, 0)


def test_smooth_overlay_has_values_in_between(canvas):
    canvas.set_image(np.zeros((10, 20, 3), np.uint8))
    steps = np.array([[[0] * 3, [255] * 3]], np.uint8)
    canvas.set_overlay(steps, smooth=True)
    assert 40 < painted(canvas)[50, 100, 0] < 215


def test_indexed_picture_takes_its_colors_from_the_table(canvas):
    table = np.array([RED, GREEN, BLUE], np.uint8)
    canvas.set_image(np.array([[2, 1]], np.uint8), table)
    shown = painted(canvas)
    assert tuple(shown[50, 50]) == BLUE
    assert tuple(shown[50, 150]) == GREEN


def test_what_the_network_does_not_see_is_dimmed(canvas):
    canvas.set_image(np.full((10, 20, 3), 200, np.uint8))
    canvas.set_marks(Mark((0, 5, 10, 15), MarkStyle.INPUT))
    shown = painted(canvas)
    assert shown[50, 100, 0] == 200
    assert shown[50, 20, 0] < 160
    assert shown[50, 180, 0] < 160


def test_wheel_zooms_at_the_cursor(canvas):
    canvas.set_image(np.zeros((50, 100, 3), np.uint8))
    before = canvas.viewport().to_image(30, 170)
    wheel(canvas, 30, 170, steps=2)
    assert canvas.viewport().zoom == pytest.approx(2 * 1.2**2)
    assert canvas.viewport().to_image(30, 170) == pytest.approx(before)


def test_double_click_and_0_fit(canvas, qtbot):
    canvas.set_image(np.zeros((50, 100, 3), np.uint8))
    wheel(canvas, 30, 170)
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton)
    assert canvas.state.fitted
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.viewport().zoom == pytest.approx(2.4)
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.state.fitted


def test_arrow_keys_pan(canvas, qtbot):
    canvas.set_image(np.zeros((50, 100, 3), np.uint8))
    wheel(canvas, 50, 100, steps=3)
    before = canvas.state.center
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.state.center[1] > before[1]
    assert canvas.state.center[0] == before[0]


def test_a_drag_pans_and_is_no_click(canvas, qtbot):
    canvas.set_image(np.zeros((50, 100, 3), np.uint8))
    wheel(canvas, 50, 100, steps=5)
    before = canvas.viewport().to_widget(25, 50)
    with qtbot.assertNotEmitted(canvas.clicked):
        qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(100, 50))
        qtbot.mouseMove(canvas, QPoint(130, 40))
        qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(130, 40))
    after = canvas.viewport().to_widget(25, 50)
    assert after == pytest.approx((before[0] - 10, before[1] + 30))


def test_click_tells_picture_coordinates(canvas, qtbot):
    # 50 x 100 px in 100 x 200: 2 widget px a pixel.
    canvas.set_image(np.zeros((50, 100, 3), np.uint8))
    with qtbot.waitSignal(canvas.clicked) as caught:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(60, 20))
    assert caught.args == [10.0, 30.0]


def test_hover_tells_place_and_color(canvas, qtbot):
    pixels = np.zeros((50, 100, 3), np.uint8)
    pixels[10, 30] = (1, 2, 3)
    canvas.set_image(pixels)
    qtbot.mouseMove(canvas, QPoint(3, 3))
    with qtbot.waitSignal(canvas.hovered) as caught:
        qtbot.mouseMove(canvas, QPoint(61, 21))
    assert caught.args == ["x 30  y 10 px  ·  1  2  3 /255"]


def test_canvases_that_share_a_state_zoom_together(canvas, qtbot):
    other = Canvas(state=canvas.state)
    qtbot.addWidget(other)
    other.resize(100, 100)
    for each in (canvas, other):
        each.set_image(np.zeros((50, 100, 3), np.uint8))
    wheel(canvas, 50, 100)
    assert other.viewport().magnification == canvas.viewport().magnification != 1


def test_zoom_stays_when_the_picture_changes(canvas):
    canvas.set_image(np.zeros((50, 100, 3), np.uint8))
    wheel(canvas, 30, 170)
    before = canvas.viewport()
    canvas.set_image(np.ones((50, 100, 3), np.uint8))
    assert canvas.viewport() == before


def test_the_same_array_keeps_its_smaller_versions(canvas):
    pixels = np.zeros((400, 800, 3), np.uint8)
    canvas.set_image(pixels)
    layer = canvas._base
    canvas.set_image(pixels)
    assert canvas._base is layer


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (3, 5, 3), (3, 5, 4)])
def test_layers_look_at_the_memory_of_the_array(shape):
    pixels = np.zeros(shape, np.uint8)
    assert Layer(pixels).pixels is pixels
    rows = np.zeros((6, *shape[1:]), np.uint8)[::2]
    rows[1] = 9
    assert Layer(rows).value(1, 0)[0] == 9


def test_large_pictures_become_small_between_other_events(canvas, qtbot):
    # Checkers of 1 px: the average is 127.5 everywhere, the nearest 0 or 255.
    checkers = np.indices((3000, 4000)).sum(0) % 2 * np.uint8(255)
    canvas.set_image(np.repeat(checkers[..., None], 3, 2).astype(np.uint8))
    canvas.repaint()
    layer = canvas._base
    assert layer.wanting
    qtbot.waitUntil(lambda: not layer.wanting)
    shown = painted(canvas)[5:95, 40:160].astype(int)
    assert abs(shown - 127).max() <= 2


def test_reduced_strips_join_without_a_seam():
    # A ramp from top to bottom, reduced by 4: the mean of each 4 rows.
    ramp = np.repeat(np.arange(2000)[:, None] % 250, 3000, 1).astype(np.uint8)
    layer = Layer(ramp)
    layer._level(0.2)
    while layer.refine():
        pass
    small = array_of(layer._level(0.2))[:, 5, 0].astype(int)
    exact = (np.arange(2000) % 250).reshape(-1, 4).mean(1)
    jumps = np.abs(np.diff(np.arange(2000) % 250).reshape(-1)[3::4]) > 1
    assert abs(small - exact)[1:][~jumps].max() <= 1


def test_canvases_share_the_smaller_versions_of_an_array(canvas, qtbot):
    other = Canvas()
    qtbot.addWidget(other)
    pixels = np.zeros((50, 100, 3), np.uint8)
    canvas.set_image(pixels)
    other.set_image(pixels)
    assert other._base is canvas._base


def test_the_array_outlives_its_name(canvas):
    # A QImage that looked at freed memory would show what came after it.
    canvas.set_image(np.full((2000, 4000, 3), 77, np.uint8))
    for _ in range(20):
        np.full((2000, 4000, 3), 200, np.uint8)
    assert (painted(canvas)[5:95, 5:195] == 77).all()


def test_300_pictures_leave_no_memory_behind(canvas):
    process = psutil.Process()

    def show(count):
        for value in range(count):
            canvas.set_image(np.full((720, 1280, 3), value % 255, np.uint8))
            canvas.repaint()

    show(30)
    before = process.memory_info().rss
    show(300)
    # 300 pictures of 2.8 MB would be 830 MB.
    assert process.memory_info().rss - before < 40 << 20


def test_message_takes_the_place_of_the_picture(canvas):
    canvas.set_image(quarters())
    canvas.set_message("all values are 0")
    assert canvas.image_size is None
    assert not (painted(canvas) == RED).all(2).any()


def test_a_canvas_leaves_no_timer(qtbot):
    made = Canvas(state=ViewState())
    qtbot.addWidget(made)
    made.set_image(quarters())
    made.show()
    assert not [timer for timer in made.findChildren(QTimer) if timer.isActive()]


def test_alpha_lies_on_a_checkerboard(canvas):
    clear = np.zeros((50, 100, 4), np.uint8)
    canvas.set_image(clear)
    colors = {tuple(pixel) for pixel in painted(canvas).reshape(-1, 3)}
    assert len(colors) == 2
