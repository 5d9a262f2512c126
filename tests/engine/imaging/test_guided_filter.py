"""The guided filter; truth: the paper's equations summed pixel by pixel in numpy."""

import numpy as np
import pytest
import torch

from nnviz.engine.imaging.guided_filter import guided_filter

RADIUS, EPSILON = 2, 0.01


def window(values, row, column):
    top, left = max(0, row - RADIUS), max(0, column - RADIUS)
    return values[top : row + RADIUS + 1, left : column + RADIUS + 1]


def plain(maps, guide):
    """Equations 5 and 6 for each window, then equation 8 for each pixel."""
    slopes, constants = np.zeros_like(guide), np.zeros_like(guide)
    for place in np.ndindex(guide.shape):
        seen, given = window(guide, *place), window(maps, *place)
        slope = (seen * given).mean() - seen.mean() * given.mean()
        slopes[place] = slope / (seen.var() + EPSILON)
        constants[place] = given.mean() - slopes[place] * seen.mean()
    found = np.zeros_like(guide)
    for place in np.ndindex(guide.shape):
        slope = window(slopes, *place).mean()
        found[place] = slope * guide[place] + window(constants, *place).mean()
    return found


def test_it_is_the_papers_sums():
    generator = np.random.default_rng(0)
    guide, maps = generator.random((2, 9, 7))
    given = torch.from_numpy(maps)[None, None], torch.from_numpy(guide)[None, None]
    found = guided_filter(*given, RADIUS, EPSILON)[0, 0].numpy()
    assert found == pytest.approx(plain(maps, guide), abs=1e-12)


def test_a_border_moves_to_the_guides_edge():
    """A step two pixels beside the guide's edge is steepest at the edge afterwards."""
    guide, maps = torch.zeros(1, 1, 20, 20), torch.zeros(1, 1, 20, 20)
    guide[..., 10:], maps[..., 12:] = 1.0, 1.0
    found = guided_filter(maps, guide, 4, 1e-4)[0, 0, 10]
    assert int(found.diff().argmax()) == 9
