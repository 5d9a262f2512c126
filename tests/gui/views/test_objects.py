"""The views of objects and of segments say, and tell, what is there."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array
from nnviz.base.results import Boxes, Mask
from nnviz.gui.views.canvas.layers import array_of
from nnviz.gui.views.results.boxes import BoxesView
from nnviz.gui.views.results.mask import MaskView
from nnviz.gui.views.widgets.keys import NONE
from nnviz.render.maps.classes import class_colors

BACKGROUND_CAT_DOG = ("background", "cat", "dog")
CAT = class_colors(("cat", "dog", "cup"))[0]


def found(places=((10, 10, 50, 30), (20, 12, 30, 20)), **changes):
    count = len(places)
    values = {
        "boxes": np.array(places, np.float32).reshape(-1, 4),
        "scores": np.linspace(0.9, 0.8, count).astype(np.float32),
        "classes": np.arange(count),
        "labels": ("cat", "dog", "cup"),
        "threshold": 0.5,
    }
    return Boxes(**(values | changes))


def segments(kinds=((0, 0, 1), (0, 2, 2))):
    kinds = np.array(kinds)
    return Mask(
        classes=kinds,
        confidence=np.full(kinds.shape, 0.875, np.float32),
        labels=BACKGROUND_CAT_DOG,
        frame=Frame.PHOTO,
    )


@pytest.fixture
def shown(qtbot):
    def show(view, *args, size=(700, 440)):
        qtbot.addWidget(view)
        view.resize(*size)
        view.show()
        view.show_result(*args)
        return view

    return show


def click(qtbot, canvas, y, x):
    at = canvas.viewport().to_widget(y, x)
    place = QPoint(round(at[1]), round(at[0]))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)


class TestBoxes:
    def test_a_click_chooses_the_smallest_box_and_tells(self, shown, photo, qtbot):
        view = shown(BoxesView(), found(), photo)
        with qtbot.waitSignal(view.target_chosen) as caught:
            click(qtbot, view.canvas, 15, 25)
        assert caught.args == ["box:1"]
        with qtbot.waitSignal(view.target_chosen) as caught:
            click(qtbot, view.canvas, 25, 45)
        assert caught.args == ["box:0"]
        with qtbot.waitSignal(view.target_chosen) as caught:
            click(qtbot, view.canvas, 35, 5)
        assert caught.args == [""]
        assert view.chosen == NONE

    def test_hover_names_class_score_and_size(self, shown, photo):
        view = shown(BoxesView(), found(), photo)
        words = view._read(25, 45)
        assert words == "x 45  y 25 px  ·  cat  ·  90.0 %  ·  40 × 20 px"
        assert view._read(35, 5) == "x 5  y 35 px"

    def test_keys_walk_the_objects(self, shown, photo, qtbot):
        view = shown(BoxesView(), found(), photo)
        for key, place in (
            (Qt.Key.Key_Right, 0),
            (Qt.Key.Key_Right, 1),
            (Qt.Key.Key_Right, 1),
            (Qt.Key.Key_Home, 0),
        ):
            qtbot.keyClick(view.canvas, key)
            assert view.chosen == place

    def test_the_list_chooses_too(self, shown, photo, qtbot):
        view = shown(BoxesView(), found(), photo)
        row = view.keys.visualRect(view.keys.model().index(1, 0)).center()
        with qtbot.waitSignal(view.target_chosen) as caught:
            qtbot.mouseClick(view.keys.viewport(), Qt.MouseButton.LeftButton, pos=row)
        assert caught.args == ["box:1"]

    def test_the_choice_follows_its_object(self, shown, photo):
        """The next frame has the same object moved by a pixel, at another place."""
        view = shown(BoxesView(), found(), photo)
        view._choose(0)
        view.show_result(found([[20, 12, 30, 20], [11, 10, 51, 30]]), photo)
        assert view.chosen == 1
        view.show_result(found([[20, 12, 30, 20]]), photo)
        assert view.chosen == NONE

    def test_zoom_stays_from_frame_to_frame(self, shown, photo):
        view = shown(BoxesView(), found(), photo)
        view.canvas.state.set(3.0, (0.4, 0.6))
        view.show_result(found([[0, 0, 9, 9]]), image_from_array(photo.pixels + 1))
        assert (view.canvas.state.magnification, view.canvas.state.center) == (
            3.0,
            (0.4, 0.6),
        )

    def test_frames_have_the_color_of_the_class(self, shown, photo):
        view = shown(BoxesView(), found([[10, 10, 50, 30]]), photo)
        pixels = array_of(view.canvas.grab().toImage())
        at = view.canvas.viewport().to_widget(20, 10)
        row = pixels[round(at[0]), round(at[1]) - 2 : round(at[1]) + 3]
        assert (row == CAT).all(1).any()

    def test_nothing_found_is_said_over_the_photograph(self, shown, photo):
        view = shown(BoxesView(), found([]), photo)
        assert view._summary.text() == "nothing found above 50 %"
        pixels = array_of(view.canvas.grab().toImage())
        middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
        assert tuple(middle) == (10, 20, 30)

    def test_masks_and_keypoints(self, shown, photo):
        inside = np.zeros((1, 40, 60), np.bool_)
        inside[0, 10:30, 10:50] = True
        points = np.array([[[12, 12, 1], [48, 28, 1], [30, 20, -1]]], np.float32)
        result = found(
            [[10, 10, 50, 30]],
            masks=inside,
            keypoints=points,
            skeleton=((0, 1), (1, 2)),
        )
        view = shown(BoxesView(), result, photo)
        assert view.opacity.isVisible()
        view.opacity.set_share(1.0)
        pixels = array_of(view.canvas.grab().toImage())
        at = view.canvas.viewport().to_widget(20.5, 45.5)
        assert tuple(pixels[round(at[0]), round(at[1])]) == CAT
        view.show_result(found(), photo)
        assert not view.opacity.isVisible()

    def test_without_a_photograph(self, shown):
        view = shown(BoxesView(), found(), None)
        assert view.canvas.image_size == (30, 50)

    def test_narrow_views_leave_the_list_out(self, shown, photo):
        assert not shown(BoxesView(), found(), photo, size=(300, 300)).keys.isVisible()
        assert shown(BoxesView(), found(), photo).keys.isVisible()


class TestMask:
    def test_hover_names_class_and_confidence(self, shown, photo):
        # 2 x 3 classes over 40 x 60 px: 20 px each.
        view = shown(MaskView(), segments(), photo)
        assert view._read(25, 45) == "x 45  y 25 px  ·  dog  ·  87.5 %"

    def test_the_legend_lists_what_occurs_with_its_share(self, shown, photo):
        view = shown(MaskView(), segments(), photo)
        model = view.keys.model()
        rows = [model.index(row, 0).data() for row in range(model.rowCount())]
        assert rows == ["dog 33.3 %", "cat 16.7 %"]

    def test_pointing_at_the_legend_shows_a_class_alone(self, shown, photo):
        view = shown(MaskView(), segments(), photo)
        view.outlined.setChecked(False)
        view.opacity.set_share(1.0)

        def color(y, x):
            pixels = array_of(view.canvas.grab().toImage())
            at = view.canvas.viewport().to_widget(y, x)
            return tuple(pixels[round(at[0]), round(at[1])])

        assert color(10, 50) == class_colors(BACKGROUND_CAT_DOG)[1]
        assert color(10, 10) == (10, 20, 30)
        view.keys.pointed.emit(0)
        assert color(10, 50) == (10, 20, 30)
        assert color(30, 50) == class_colors(BACKGROUND_CAT_DOG)[2]
        view.keys.pointed.emit(NONE)
        assert color(10, 50) == class_colors(BACKGROUND_CAT_DOG)[1]

    def test_choosing_a_class_tells(self, shown, photo, qtbot):
        view = shown(MaskView(), segments(), photo)
        with qtbot.waitSignal(view.target_chosen) as caught:
            view.keys.setCurrentIndex(view.keys.model().index(1, 0))
        assert caught.args == ["segment:1"]

    def test_nothing_but_background_is_said(self, shown, photo):
        view = shown(MaskView(), segments(np.zeros((2, 3), int)), photo)
        assert "nothing but background" in view._summary.text()

    def test_without_a_photograph(self, shown):
        assert shown(MaskView(), segments(), None).canvas.image_size == (2, 3)
