"""Objects on photographs.  Truths: worked by hand; the sRGB and WCAG formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.results import Boxes
from nnviz.render import boxes
from nnviz.render.maps import classes
from nnviz.render.report import paint
from nnviz.render.text import labels
from nnviz.render.text.labels import Label


def found(places, **changes):
    count = len(places)
    values = {
        "boxes": np.array(places, np.float32).reshape(-1, 4),
        "scores": np.linspace(0.9, 0.5, count).astype(np.float32),
        "classes": np.arange(count),
        "labels": tuple(f"class {index}" for index in range(max(1, count))),
    }
    return Boxes(**(values | changes))


def gray(height, width):
    return np.full((height, width, 3), 90, np.uint8)


def test_a_frame_is_drawn_on_the_edges_of_the_box_and_nowhere_inside():
    out = boxes.draw(gray(200, 200), found([[50, 60, 150, 160]]), (200, 200))
    color = classes.PALETTE[0]
    for y, x in ((60, 100), (159, 100), (110, 50), (110, 149)):
        assert tuple(out[y, x]) == color
    assert (out[64:156, 54:146] == 90).all()


def test_an_input_frame_is_brought_to_the_photo():
    """Photo 100 x 200, its middle square scaled by a half: x = 2 * x' + 50."""
    plan = Preprocess(input_size=(50, 50), resize=50, fit=Fit.CROP)
    result = found(
        [[0, 10, 50, 40]],
        frame=Frame.INPUT,
        placement=plan.placement((100, 200)),
        keypoints=np.array([[[25, 25, 1]]], np.float32),
    )
    shapes = boxes.shapes_on(result, (100, 200), (200, 400))
    np.testing.assert_allclose(shapes.boxes, [[100, 40, 300, 160]])
    np.testing.assert_allclose(shapes.keypoints[0, 0], [200, 100, 1])


def test_a_mask_tints_its_own_pixels_only():
    inside = np.zeros((1, 100, 100), np.bool_)
    inside[0, 30:70, 30:70] = True
    result = found([[20, 20, 80, 80]], masks=inside)
    out = boxes.draw(gray(100, 100), result, (100, 100))
    mixed = np.round(90 * 0.6 + np.array(classes.PALETTE[0]) * 0.4)
    np.testing.assert_array_equal(out[50, 50], mixed)
    assert tuple(out[30, 50]) == classes.PALETTE[0]
    assert (out[25, 40] == 90).all()


def test_keypoints_that_are_not_seen_are_not_drawn():
    points = np.array([[[30, 50.5, 2], [70, 50.5, 2], [50, 80, -1]]], np.float32)
    result = found([[10, 10, 90, 90]], keypoints=points, skeleton=((0, 1), (1, 2)))
    out = boxes.draw(gray(100, 100), result, (100, 100))
    # Smooth lines are not quite opaque.
    assert abs(out[50, 50] - np.array(classes.PALETTE[0])).max() < 16
    assert (out[75:85, 45:55] == 90).all()


def test_nothing_found_is_said_with_the_threshold():
    assert boxes.summary(found([], threshold=0.5)) == "nothing found above 50 %"
    assert boxes.summary(found([], threshold=0.005)) == "nothing found above 0.5 %"
    assert boxes.summary(found([])) == "nothing found"
    assert paint(found([], threshold=0.5), None, 300).shape[1] == 300


def test_summary_counts_each_class():
    result = found([[0, 0, 9, 9]] * 3, classes=np.array([1, 1, 0]))
    assert boxes.summary(result) == "3 objects: 2 class 1, 1 class 0"


def test_the_words_of_one_object():
    result = found([[0, 0, 10, 20]])
    words = boxes.describe(result, 0, result.boxes[0])
    assert words == "class 0  ·  90.0 %  ·  10 × 20 px"


def test_a_box_beyond_the_picture_is_cut_off():
    result = found([[-50, -50, 500, 500], [90, 90, 95, 95], [300, 300, 310, 310]])
    assert boxes.draw(gray(100, 100), result, (100, 100)).shape == (100, 100, 3)


@given(
    st.lists(
        st.tuples(*[st.floats(-50, 350, width=32)] * 4, st.floats(5, 400)), max_size=25
    )
)
def test_labels_stay_on_the_picture_and_off_each_other(given_boxes):
    room = 300.0, 200.0
    wanted = [
        Label((min(a, c), min(b, d), max(a, c), max(b, d)), width, 16)
        for a, b, c, d, width in given_boxes
    ]
    positions = [each for each in labels.place(wanted, room) if each is not None]
    for place, (left, top, right, bottom) in enumerate(positions):
        assert left >= 0
        assert top >= 0
        assert right <= room[0] + 1e-6
        assert bottom <= room[1] + 1e-6
        for other in positions[:place]:
            apart_x = left >= other[2] or other[0] >= right
            assert apart_x or top >= other[3] or other[1] >= bottom


def test_a_label_stands_on_its_box_where_nothing_is_in_the_way():
    positions = labels.place([Label((50, 60, 90, 100), 30, 10)], (200, 200))
    assert positions == [(50, 50, 80, 60)]
    # At the picture's upper edge there is no room above: inside the box.
    positions = labels.place([Label((50, 0, 90, 100), 30, 10)], (200, 200))
    assert positions == [(50, 0, 80, 10)]


def test_luminance_is_the_standards():
    """WCAG 2.1: white 1, black 0, sRGB's pure red 0.2126."""
    assert classes.luminance((255, 255, 255)) == pytest.approx(1)
    assert classes.luminance((0, 0, 0)) == 0
    assert classes.luminance((255, 0, 0)) == pytest.approx(0.2126)


@pytest.mark.parametrize("color", classes.PALETTE)
def test_words_can_be_read_on_every_color(color):
    """WCAG 2.1 asks 3 for large or bold words; (L1 + 0.05) / (L2 + 0.05)."""
    lights = sorted(map(classes.luminance, (color, classes.ink_on(color))))
    assert (lights[1] + 0.05) / (lights[0] + 0.05) >= 3


def test_a_class_keeps_its_color():
    """Truth: the same name in another network, wherever it stands in its list."""
    detector = classes.class_colors(("disc", "ring", "person", "star"))
    segmenter = classes.class_colors(("background", "disc", "ring", "person", "star"))
    assert detector == segmenter[1:]
    assert len(set(detector)) == 4
    coco = dict(
        zip(
            ("person", "lamp", "tv"),
            classes.class_colors(("person", "lamp", "tv")),
            strict=True,
        )
    )
    voc = classes.class_colors(("__background__", "tvmonitor", "person"))
    assert voc[1:] == (coco["tv"], coco["person"])
    assert len(set(coco.values())) == 3


def test_all_colors_are_used_before_one_comes_again():
    """Truth: a count, for names of which none is an everyday one."""
    names = tuple(f"class {index}" for index in range(30))
    colors = classes.class_colors(names)
    assert len(set(colors[:20])) == len(set(classes.PALETTE)) == 20
    assert colors[:10] == colors[20:]
    np.testing.assert_array_equal(classes.table(names)[21], colors[21])


def test_the_photograph_itself_is_left_alone():
    image = image_from_array(gray(60, 80))
    paint(found([[1, 1, 50, 50]]), image, 300)
    assert (image.pixels == 90).all()


def test_overlap_is_intersection_over_union():
    """10 x 10 and the same moved by 5: 50 of 150; apart: nothing."""
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], float)
    np.testing.assert_allclose(boxes.overlaps(others[0], others), [1, 1 / 3, 0])


def test_outlines_lie_around_the_objects_own_pixels():
    inside = np.zeros((1, 20, 20), np.bool_)
    inside[0, 0:5, 10:20] = True
    (lines,) = boxes.outlines(found([[10, 0, 20, 5]], masks=inside))
    assert {tuple(each) for each in lines} == {
        (10, 0, 10, 5),
        (20, 0, 20, 5),
        (10, 0, 20, 0),
        (10, 5, 20, 5),
    }


def test_the_surest_object_lies_on_top():
    inside = np.ones((2, 8, 8), np.bool_)
    layer = boxes.mask_layer(found([[0, 0, 8, 8]] * 2, masks=inside))
    assert tuple(layer[4, 4]) == (*classes.PALETTE[0], 255)
