"""Classes of pixels on photographs.  Truths: worked by hand."""

import numpy as np

from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array
from nnviz.base.results import Mask
from nnviz.render.maps import classes, masks
from nnviz.render.report import paint


def mask(kinds, **changes):
    kinds = np.asarray(kinds, np.int64)
    values = {
        "classes": kinds,
        "confidence": np.ones(kinds.shape, np.float32),
        "labels": ("background", "cat", "dog"),
        "frame": Frame.PHOTO,
    }
    return Mask(**(values | changes))


def photo(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_background_is_the_photograph_to_the_bit():
    picture = photo(8, 8)
    out = masks.draw(picture, mask([[0, 0], [0, 1]]), outlined=False)
    np.testing.assert_array_equal(out[:4], picture[:4])
    np.testing.assert_array_equal(out[:, :4], picture[:, :4])


def test_a_class_is_mixed_by_its_opacity():
    picture = photo(8, 8)
    out = masks.draw(picture, mask([[0, 0], [0, 2]]), 0.5, outlined=False)
    exact = (
        picture[4:, 4:] * 0.5
        + np.array(classes.class_colors(("background", "cat", "dog"))[2]) * 0.5
    )
    assert abs(out[4:, 4:] - exact).max() <= 1.5


def test_without_a_background_all_is_painted():
    see_through = masks.layer(mask([[0, 1]], background=-1), 1.0)
    np.testing.assert_array_equal(see_through[0, :, 3], [255, 255])


def test_one_class_alone():
    see_through = masks.layer(mask([[1, 2]]), 1.0, only=2)
    np.testing.assert_array_equal(see_through[0, :, 3], [0, 255])


def test_lines_run_between_classes():
    edge = masks.borders(np.array([[1, 1, 2], [1, 1, 2]]))
    np.testing.assert_array_equal(edge, [[False, True, False]] * 2)


def test_shares_leave_the_background_out():
    """Of eight pixels two are cats and one is a dog."""
    result = mask([[0, 0, 0, 0], [0, 2, 1, 1]])
    assert masks.shown_shares(result) == {1: 0.25, 2: 0.125}
    assert masks.summary(result) == "cat 25.0 %, dog 12.5 %"
    assert masks.summary(mask([[0, 0]])) == "nothing but background"


def test_a_page_has_the_legend_below():
    image = image_from_array(photo(40, 60))
    with_classes = paint(mask([[0, 1], [2, 2]]), image, 300)
    swatch = (
        with_classes[-20:] == classes.class_colors(("background", "cat", "dog"))[2]
    ).all(2)
    assert swatch.sum() >= 81
    assert paint(mask([[0, 0]]), None, 300).shape[1] == 300


def test_edges_are_joined_where_straight():
    """One pixel of another class in the middle of 3 x 3: its four sides."""
    kinds = np.zeros((3, 3), int)
    kinds[1, 1] = 1
    sides = {(1, 1, 1, 2), (2, 1, 2, 2), (1, 1, 2, 1), (1, 2, 2, 2)}
    assert {tuple(each) for each in masks.edges(kinds)} == sides
    # A straight border of 5 px is one line.
    assert masks.edges(np.repeat([[1, 2]], 5, 0)).tolist() == [[1, 0, 1, 5]]
    assert masks.edges(np.zeros((4, 4))).shape == (0, 4)
