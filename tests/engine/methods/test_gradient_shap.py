"""GradientSHAP; truths: a parabola by hand, and a sample-by-sample twin in float64."""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never, run_network
from torch import nn

from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.attribution.paths.expected_gradients import (
    ExpectedGradients,
    draw_seeds,
)
from nnviz.engine.jobs import Session

SIDE = 8
PLAIN = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3
)


class Squares(nn.Module):
    """Class c scores (c + 1) times the sum of the squares of the pixels."""

    def forward(self, x):
        total = (x * x).flatten(1).sum(1, keepdim=True)
        return torch.cat([total, 2 * total, 3 * total], 1)


class Planes(nn.Module):
    """Class c scores c + 1 times the sum of the pixels."""

    def forward(self, x):
        total = x.flatten(1).sum(1, keepdim=True)
        return torch.cat([total, 2 * total, 3 * total], 1)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def pixels_of(session):
    """The cat as the network gets it, (3, SIDE, SIDE)."""
    reference = session.store.adopt(Squares(), PLAIN, ("a", "b", "c"))
    request = ModelRequest(reference=reference, preprocess=PLAIN, device="cpu")
    model = finish(session.store.open(request, never))
    return model.pixel_input(cat())[0].numpy().astype(np.float64)


def test_of_a_plane_by_hand(session):
    """The gradient is 2 everywhere: each sample's share is 2 (x - baseline)."""
    values = {"target": "second", "samples": 4, "baselines": "white"}
    run = run_network(session, Planes(), PLAIN, "gradient_shap", **values)
    x = pixels_of(session)
    assert np.allclose(run.report.main.values, 2 * (x - 1).sum(0), atol=1e-5)
    assert any("standard error 0 for a pixel" in note for note in run.report.notes)


@pytest.mark.parametrize(
    ("baselines", "second_moment"), [("solid colors", 1 / 3), ("random", 1 / 3)]
)
def test_of_squares_by_hand(session, baselines, second_moment):
    """E[(x - b) 2 (b + a (x - b))] is x^2 - E[b^2], and E[b^2] of [0, 1] is 1/3."""
    count = 2000
    run = run_network(
        session, Squares(), PLAIN, "gradient_shap",
        target="first", samples=count, baselines=baselines,
    )  # fmt: skip
    expected = (pixels_of(session) ** 2 - second_moment).sum(0)
    # A sample lies within [-2, 2] for each of three colors.
    bound = 5 * 2 * 3**0.5 / count**0.5
    assert np.abs(run.report.main.values - expected).max() < bound
    found = float(run.report.notes[1].split("add up to ")[1].split(";")[0])
    assert found == pytest.approx(run.report.main.values.sum(), rel=1e-3)


def test_samples_against_the_formula():
    """Equation 3, one sample at a time, the gradient of x' W x written out.

    The standard error is numpy's, over the samples.
    """
    generator = torch.Generator().manual_seed(2)
    side, count = 4, 9
    x = torch.rand(1, 3, side, side, generator=generator, dtype=torch.float64)
    size = x.numel()
    weights = torch.randn(size, size, generator=generator, dtype=torch.float64)

    def score(batch):
        flat = batch.flatten(1)
        return ((flat @ weights) * flat).sum(1)

    expected = ExpectedGradients(
        x, torch.zeros(3, 1, 1), "random", 1.0, 0.1, draw_seeds(count, generator)
    )
    parts = [slice(0, 4), slice(4, 5), slice(5, count)]
    found = [expected.samples(score, part, never) for part in parts]
    sums = found[0] + found[1] + found[2]
    shares = []
    for seed in expected.seeds.tolist():
        own = torch.Generator().manual_seed(seed)
        start = torch.rand(x.shape, generator=own, dtype=torch.float64)
        at = torch.rand((), generator=own, dtype=torch.float64)
        noise = torch.randn(x.shape, generator=own, dtype=torch.float64)
        end = x + 0.1 * noise
        point = (start + at * (end - start)).flatten()
        slope = (weights + weights.T) @ point
        shares.append(((end - start).flatten() * slope).view(3, side, side).numpy())
    stack = np.stack(shares)
    assert np.abs(sums.mean.numpy() - stack.mean(0)).max() < 1e-10
    by_pixel = stack.sum(1).std(0, ddof=1) / count**0.5
    assert sums.standard_error() == pytest.approx(np.sqrt((by_pixel**2).mean()))
    assert np.allclose(sums.found.numpy(), stack.sum((1, 2, 3)))
