"""Preprocess: sizes, crop and warnings.

Truth: torchvision's documented resize (shorter side, longer one truncated) and center
crop, worked by hand.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.errors import UsageError
from nnviz.base.preprocess import ChannelOrder, Fit, Interpolation, Preprocess


def test_a_padding_color_is_one_number_a_channel_or_none():
    """Truth: the field's own definition; without it, JSON is as it always was."""
    gray = Preprocess(fit=Fit.PAD, padding=(0.5, 0.5, 0.5))
    assert Preprocess.from_json(gray.to_json()) == gray
    assert "padding" not in Preprocess().to_json()
    assert Preprocess().with_fields({"padding": [0, 0, 1]}).padding == (0, 0, 1)
    with pytest.raises(UsageError, match="2 values for 3 channels"):
        Preprocess(padding=(0.5, 0.5))


def test_shorter_side_becomes_resize_and_longer_is_truncated():
    assert Preprocess().resized((300, 451)) == (256, 384)
    assert Preprocess().resized((451, 300)) == (384, 256)


def test_placement_of_a_center_crop():
    # 512 x 1024 photo -> 256 x 512 -> crop 224 at (16, 144).
    placement = Preprocess().placement((512, 1024))
    assert placement.scale == (0.5, 0.5)
    assert placement.offset == (-16, -144)
    assert placement.input_in_photo() == (32, 288, 480, 736)


def test_padding_keeps_the_whole_photo():
    padded = Preprocess(fit=Fit.PAD, input_size=(100, 100))
    assert padded.resized((200, 400)) == (50, 100)
    assert padded.placement((200, 400)).offset == (25, 0)


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from(Fit))
def test_input_points_map_back(height, width, fit):
    placement = Preprocess(fit=fit).placement((height, width))
    y, x = placement.to_input(*placement.to_photo(17.5, 200.25))
    assert y == pytest.approx(17.5)
    assert x == pytest.approx(200.25)


def test_typed_mean_of_406_is_warned_of():
    wrong = Preprocess(mean=(0.485, 0.456, 406))
    (warning,) = wrong.warnings()
    assert warning == (
        "mean 406 is above the largest pixel value 1: did you mean 0.406, "
        "or a range of 0-255?"
    )
    assert Preprocess().warnings() == ()


def test_mean_of_one_range_with_pixels_of_the_other_is_warned_of():
    assert "0-1" in Preprocess(value_range=255).warnings()[0]
    caffe = Preprocess(value_range=255, mean=(103.939, 116.779, 123.68), std=(1, 1, 1))
    assert caffe.warnings() == ()


@pytest.mark.parametrize(
    "wrong", [{"std": (0.2, 0, 0.2)}, {"mean": (0.5,)}, {"input_size": (0, 3)}]
)
def test_impossible_values_are_refused(wrong):
    with pytest.raises(UsageError):
        Preprocess(**wrong)


def test_json_round_trip():
    value = Preprocess(
        input_size=(96, 128),
        fit=Fit.STRETCH,
        interpolation=Interpolation.BICUBIC,
        order=ChannelOrder.BGR,
        mean=(1, 2),
        std=(3, 4),
    )
    assert Preprocess.from_json(value.to_json()) == value


@pytest.mark.parametrize("values", [{}, {"input_size": 3}, {"unknown": 1}])
def test_broken_json_is_said(values):
    with pytest.raises(UsageError, match="preprocessing"):
        Preprocess.from_json({**values})


@pytest.mark.parametrize(
    "fields",
    [
        {"resize": float("inf")},
        {"resize": 224.5},
        {"resize": "224"},
        {"resize": 10**9},
        {"input_size": [224]},
        {"input_size": [10**6, 10**6]},
        {"input_size": [float("nan"), 224]},
        {"mean": [float("nan")] * 3},
        {"std": [float("inf")] * 3},
        {"value_range": 0},
        {"value_range": float("nan")},
        {"value_range": None},
    ],
)
def test_numbers_that_no_preprocessing_has(fields):
    """Truth: sizes are whole and finite; a white pixel is above 0."""
    with pytest.raises(UsageError):
        Preprocess().with_fields(fields)
    assert Preprocess().with_fields({"resize": 300.0}).resize == 300
