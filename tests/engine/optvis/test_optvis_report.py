"""Transparency of what hardly matters.  Truth: MaCo's rule, worked by hand."""

import pytest
import torch

from nnviz.engine.optvis.optimize import AscentStep
from nnviz.engine.optvis.report import faded


def test_a_pixel_is_shown_as_far_as_it_mattered():
    """Of importances 0 to 10 the 80th percentile is 8: from there all is shown."""
    importance = torch.arange(11.0).view(1, 1, 11)
    pixels = torch.ones(1, 3, 1, 11)
    gray = torch.full((3, 1, 1), 0.5)
    shown = faded(AscentStep(pixels, torch.zeros(1), importance), gray).pixels
    alphas = [0, 1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8, 1, 1, 1]
    expected = [0.5 + 0.5 * alpha for alpha in alphas]
    assert shown[0, 1, 0].tolist() == pytest.approx(expected)


def test_a_picture_in_which_nothing_mattered_is_not_nan():
    climbed = AscentStep(torch.ones(1, 3, 2, 2), torch.zeros(1), torch.zeros(1, 2, 2))
    gray = torch.full((3, 1, 1), 0.5)
    assert torch.equal(faded(climbed, gray).pixels, torch.full((1, 3, 2, 2), 0.5))
