"""Coordinates by hand: a 100 x 200 picture in a 300 x 400 widget."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnviz.gui.views.canvas.viewport import Viewport, ViewState, visible_pixels

VIEW = Viewport((100, 200), (300.0, 400.0))


def test_fit_takes_the_tighter_side():
    # 300 / 100 = 3 and 400 / 200 = 2: the smaller fits.
    assert VIEW.zoom == 2


def test_a_margin_is_left_free():
    # (400 - 2 * 20) / 200 = 1.8
    assert Viewport((100, 200), (300.0, 400.0), margin=20).zoom == 1.8


def test_fitted_picture_is_centerd():
    # 200 px high in 300: 50 above and below; as wide as the widget.
    assert VIEW.to_widget(0, 0) == (50, 0)
    assert VIEW.to_widget(100, 200) == (250, 400)
    assert VIEW.to_image(50, 0) == (0, 0)


def test_zooming_keeps_the_point_under_the_cursor():
    # (150, 100) in the widget is (50, 50) in the picture.
    assert VIEW.to_image(150, 100) == (50, 50)
    zoomed = VIEW.zoomed(4, 150, 100)
    assert zoomed.zoom == 8
    assert zoomed.to_image(150, 100) == pytest.approx((50, 50))


def test_zoom_ends_at_64_and_at_a_quarter_of_fit():
    assert VIEW.zoomed(1e9, 0, 0).zoom == 64
    assert VIEW.zoomed(1e-9, 0, 0).magnification == 0.25


def test_panning_moves_the_picture_with_the_hand():
    moved = VIEW.zoomed(4, 150, 200).panned(16, -8)
    before = VIEW.zoomed(4, 150, 200)
    assert moved.to_widget(50, 100)[0] - before.to_widget(50, 100)[0] == 16
    assert moved.to_widget(50, 100)[1] - before.to_widget(50, 100)[1] == -8


def test_the_picture_cannot_be_lost():
    lost = VIEW.panned(1e9, 1e9)
    assert lost.center == (0, 0)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a loaded machine is
@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(0.25, 30))
def test_there_and_back(y, x, magnification):
    view = Viewport((77, 31), (300.0, 217.0), magnification, (0.3, 0.8))
    assert view.to_image(*view.to_widget(y, x)) == pytest.approx((y, x), abs=1e-6)


def test_visible_pixels_by_hand():
    # 10 x 10 pixels over 100 x 100 px that start at (-25, 0): rows 2.5 to 7.5 show.
    assert visible_pixels((10, 10), (-25, 0, 75, 100), (50, 30)) == (2, 0, 8, 3)
    assert visible_pixels((10, 10), (60, 0, 160, 100), (50, 30)) is None


def test_state_tells_only_of_changes(qtbot):
    state = ViewState()
    with qtbot.assertNotEmitted(state.changed):
        state.fit()
    with qtbot.waitSignal(state.changed):
        state.set(2.0, (0.5, 0.5))
    assert not state.fitted
