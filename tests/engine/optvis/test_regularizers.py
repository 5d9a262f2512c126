"""Regularisers: the truth is Yosinski's ``gradient_optimizer.py``, in numpy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from nnviz.engine.imaging.total_variation import total_variation
from nnviz.engine.optvis.regularizers import PixelRules

MEAN = torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1)


@pytest.fixture
def pixels():
    x = torch.rand(2, 3, 12, 10, generator=torch.Generator().manual_seed(0))
    return 0.3 + 0.2 * x


@pytest.fixture
def gradient():
    return torch.randn(2, 3, 12, 10, generator=torch.Generator().manual_seed(1))


def applied(rules, pixels, gradient, step=0):
    changed = pixels.clone()
    rules.apply(changed, MEAN, gradient, step)
    return changed


def test_decay_brings_nearer_to_the_mean(pixels, gradient):
    found = applied(PixelRules(decay=0.25), pixels, gradient)
    torch.testing.assert_close(found, MEAN + 0.75 * (pixels - MEAN))


def test_blur_is_scipys_and_only_every_so_often(pixels, gradient):
    rules = PixelRules(blur=1.0, blur_every=4)
    torch.testing.assert_close(applied(rules, pixels, gradient, 3), pixels)
    found = applied(rules, pixels, gradient, 4)
    moved = (pixels - MEAN).double().numpy()
    expected = [
        [gaussian_filter(c, 1.0, mode="nearest", truncate=3) for c in p] for p in moved
    ]
    np.testing.assert_allclose(found - MEAN, expected, atol=1e-6)


def test_small_values_go_to_the_mean(pixels, gradient):
    found = applied(PixelRules(small_values=50), pixels, gradient)
    for before, after in zip(pixels, found, strict=True):
        norms = np.linalg.norm((before - MEAN).numpy(), axis=0)
        small = norms < np.percentile(norms, 50)
        np.testing.assert_allclose(
            (after - MEAN).numpy(), (before - MEAN).numpy() * ~small, atol=1e-6
        )
        assert small.sum() == 60


def test_small_gradients_go_to_the_mean(pixels, gradient):
    found = applied(PixelRules(small_gradients=30), pixels, gradient)
    for before, after, each in zip(pixels, found, gradient, strict=True):
        benefit = np.abs((each * -(before - MEAN)).sum(0).numpy())
        small = benefit < np.percentile(benefit, 30)
        np.testing.assert_allclose(
            (after - MEAN).numpy(), (before - MEAN).numpy() * ~small, atol=1e-6
        )


def test_values_are_clipped(gradient):
    found = applied(PixelRules(), torch.full((2, 3, 12, 10), 1.5), gradient)
    assert found.max() == 1


def test_total_variation_by_hand():
    # Rows: |1-0| + |0-1| = 2; columns: |1-0| + |0-1| = 2; four pixels.
    x = torch.tensor([[0.0, 1.0], [1.0, 0.0]])[None, None]
    assert total_variation(x).tolist() == [1.0]
