"""Maps over photographs.  Truths: worked by hand from the affine map."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.frames import Frame
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.results import Heatmap
from nnviz.render import colormaps
from nnviz.render.maps import overlays


def heat(values, *, signed=True, frame=Frame.PHOTO, placement=None):
    return Heatmap(
        values=np.asarray(values, np.float32),
        signed=signed,
        unit="x",
        frame=frame,
        placement=placement,
    )


def blended(photo, result, opacity=1.0):
    scale = colormaps.scale_of(result.values, signed=result.signed)
    return overlays.blend(photo, result, scale, opacity=opacity)


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_the_photo_is_unchanged_where_the_map_is_neutral():
    """Signed: zero.  Unsigned: the smallest value."""
    picture = photo(8, 8)
    values = np.zeros((2, 2))
    values[0, 1] = 1
    for signed in (True, False):
        out = blended(picture, heat(values, signed=signed))
        np.testing.assert_array_equal(out[:, :4], picture[:, :4])
        np.testing.assert_array_equal(out[4:], picture[4:])
        top = colormaps.table(colormaps.default_map(signed=signed))[255]
        np.testing.assert_array_equal(out[:4, 4:], np.broadcast_to(top, (4, 4, 3)))


def test_flat_and_broken_maps_leave_the_photo_alone():
    picture = photo(6, 6)
    for values in (np.zeros((3, 3)), np.full((3, 3), np.nan)):
        np.testing.assert_array_equal(blended(picture, heat(values)), picture)


@pytest.mark.parametrize("fit", list(Fit))
def test_an_input_frame_map_lies_where_the_network_looked(fit):
    """Photo 100 x 200, input 50 x 50: crop covers columns 50-150, stretch and squash
    cover all, pad reaches beyond the top and bottom.
    """
    plan = Preprocess(input_size=(50, 50), resize=50, fit=fit)
    placement = plan.placement((100, 200))
    values = np.zeros((5, 5))
    values[2, 2] = 1
    picture = np.full((100, 200, 3), 90, np.uint8)
    out = blended(picture, heat(values, frame=Frame.INPUT, placement=placement))
    changed = np.argwhere((out == colormaps.table("berlin")[255]).all(2))
    height, width = {
        Fit.CROP: (20, 20),
        Fit.STRETCH: (20, 40),
        Fit.SQUASH: (20, 40),
        Fit.WHOLE: (20, 40),
        Fit.PAD: (40, 40),
    }[fit]
    # PAD rounds its origin to whole px of the input (12 of 12.5): 4 photo px at most.
    assert np.abs(changed.min(0) - (50 - height / 2, 100 - width / 2)).max() <= 4
    assert len(changed) == height * width
    assert (out[50, 0] < 90).all() == (fit is Fit.CROP)


@given(
    st.integers(20, 90), st.integers(20, 90), st.sampled_from(list(Fit)), st.booleans()
)
def test_any_placement_paints(height, width, fit, signed):
    plan = Preprocess(input_size=(32, 24), resize=30, fit=fit)
    values = np.random.default_rng(height).normal(size=(7, 5))
    out = blended(
        photo(height // 2, width // 2),
        heat(
            values,
            signed=signed,
            frame=Frame.INPUT,
            placement=plan.placement((height, width)),
        ),
    )
    assert out.shape == (height // 2, width // 2, 3)


def test_alpha_follows_the_magnitude_of_either_sign():
    """0.25 to the power of 1.5 is an eighth; 0.5 gives 0.3536: 25.5 and 72.1 of 204."""
    result = heat([[0.0, 0.25, -0.5, 1.0]])
    scale = colormaps.scale_of(result.values, signed=True)
    alpha = overlays.layer(result, scale, opacity=0.8)[0, :, 3]
    np.testing.assert_array_equal(alpha, [0, 26, 72, 204])


def test_low_values_without_a_sign_leave_the_photograph_more_alone():
    """A quarter of the range: 0.25 to the power of 1.5 is an eighth."""
    result = heat([[0.0, 0.25, 1.0]], signed=False)
    scale = colormaps.scale_of(result.values, signed=False)
    alpha = overlays.layer(result, scale, opacity=0.8)[0, :, 3]
    np.testing.assert_array_equal(alpha, [0, 26, 204])
