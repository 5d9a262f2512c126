"""Blur integrated gradients in float64.

Truth: a linear and a quadratic score worked by hand with scipy's Gaussian filter, and
equation 6 by many small steps of the blur.
"""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from support.jobs import never, run_network
from torch import nn
from torch.nn import functional

from nnviz.base.preprocess import Preprocess
from nnviz.engine.attribution.paths.blur_path import BlurPath
from nnviz.engine.jobs import Session

SIDE, SIGMA = 12, 4.0
PREPROCESS = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.5,) * 3, std=(0.25,) * 3
)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def image():
    generator = torch.Generator().manual_seed(3)
    return torch.rand(1, 1, SIDE, SIDE, generator=generator, dtype=torch.float64)


def blurred_by_scipy(x, sigma):
    reach = math.ceil(3 * sigma)
    return gaussian_filter(x[0, 0].numpy(), sigma, mode="nearest", radius=reach)


def summed(path, score):
    return path.shares(score, slice(0, path.steps), never)[0].numpy()


def test_of_a_linear_score_by_hand():
    """The gradient w is the same everywhere: shares are w (x - blurred x)."""
    x = image()
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(SIDE, SIDE, generator=generator, dtype=torch.float64)
    path = BlurPath(x, SIGMA, 3)
    found = summed(path, lambda batch: (batch * weights).sum((1, 2, 3)))
    change = x[0, 0].numpy() - blurred_by_scipy(x, SIGMA)
    assert np.abs(found - weights.numpy() * change).max() < 1e-12


def test_of_squares_by_hand():
    """Of x^2, pixel by pixel, the integral is x^2 - b^2, however the path bends."""
    x = image()
    path = BlurPath(x, SIGMA, 200)
    found = summed(path, lambda batch: (batch * batch).sum((1, 2, 3)))
    start = blurred_by_scipy(x, SIGMA)
    assert np.abs(found - (x[0, 0].numpy() ** 2 - start**2)).max() < 1e-4


def test_equation_6_by_small_steps():
    """The derivative by the blur, times the gradient, as the paper sums them up."""
    x = image()
    generator = torch.Generator().manual_seed(2)
    kernel = torch.randn(3, 1, 3, 3, generator=generator, dtype=torch.float64)

    def score(batch):
        return functional.conv2d(batch, kernel).tanh().sum((1, 2, 3))

    found = summed(BlurPath(x, SIGMA, 300), score)
    sigmas = np.linspace(SIGMA, 0.25, 1000)
    expected = np.zeros((SIDE, SIDE))
    step = sigmas[0] - sigmas[1]
    # The path below a blur of 0.25 px, which has no kernel to speak of, is one part.
    for sigma in sigmas[:-1]:
        before, after = (blurred_by_scipy(x, sigma - each) for each in (0, step))
        middle = torch.from_numpy((before + after) / 2)[None, None].requires_grad_()
        (slope,) = torch.autograd.grad(score(middle).sum(), middle)
        expected += (after - before) * slope[0, 0].numpy()
    last = x[0, 0].numpy() - blurred_by_scipy(x, sigmas[-1])
    end = x.clone().requires_grad_()
    expected += last * torch.autograd.grad(score(end).sum(), end)[0][0, 0].numpy()
    assert np.abs(found - expected).max() < 0.03 * np.abs(expected).max()


def test_parts_add_up_to_the_whole():
    x = image()

    def score(batch):
        return batch.sin().sum((1, 2, 3))

    path = BlurPath(x, SIGMA, 10)
    parts = [path.shares(score, part, never) for part in (slice(0, 3), slice(3, 10))]
    assert torch.allclose(sum(parts)[0], torch.from_numpy(summed(path, score)))


def test_what_it_adds_up_to_is_said(session):
    class Squares(nn.Module):
        def forward(self, x):
            total = (x * x).flatten(1).sum(1, keepdim=True)
            return torch.cat([total, 2 * total, 3 * total], 1)

    run = run_network(session, Squares(), PREPROCESS, "blur_ig", steps=60, blur=4.0)
    value = float(run.report.notes[0].rpartition(" ")[2])
    start = float(run.report.notes[1].rpartition(" ")[2])
    total = run.report.main.values.sum()
    assert total == pytest.approx(value - start, rel=0.01)
    said = float(run.report.notes[2].split("add up to ")[1].split(" of ")[0])
    assert said == pytest.approx(total, rel=1e-3)
