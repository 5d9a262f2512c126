"""Guided integrated gradients in float64.

Truth: the path of two values by hand, the published algorithm value by value, and the
straight line of integrated gradients where no value may leave it.
"""

import numpy as np
import pytest
import torch
from support.jobs import run_network
from torch import nn

from nnviz.base.preprocess import Preprocess
from nnviz.engine.attribution.paths.guided_path import GuidedPath
from nnviz.engine.jobs import Session

SIDE = 6
PLAIN = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3
)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def walked(path, slope, steps):
    """The attribution and the places of a whole walk."""
    total, places = torch.zeros_like(path.place), []
    for number in range(steps):
        total += path.step(number, slope(path.place))
        places.append(path.place.flatten().tolist())
    return total, places


def test_the_smaller_gradient_moves_first():
    """f = 3 a + b from (0, 0) to (1, 1): b goes all the way before a begins."""
    path = GuidedPath(torch.zeros(2, 1, 1), torch.ones(2, 1, 1), 4, 0.1, 1.0)
    slope = torch.tensor([3.0, 1.0]).double().view(2, 1, 1)
    total, places = walked(path, lambda _place: slope, 4)
    assert np.allclose(places, [(0, 0.5), (0, 1), (0.5, 1), (1, 1)])
    assert total.flatten().tolist() == pytest.approx([3, 1])


def test_no_value_leaves_the_band():
    """By a tenth at most b leads and a lags, so at 0.5 they are at 0.4 and 0.6."""
    path = GuidedPath(torch.zeros(2, 1, 1), torch.ones(2, 1, 1), 4, 0.1, 0.1)
    slope = torch.tensor([3.0, 1.0]).double().view(2, 1, 1)
    _, places = walked(path, lambda _place: slope, 4)
    assert np.allclose(places, [(0.15, 0.35), (0.4, 0.6), (0.65, 0.85), (1, 1)])


def published(slope, end, start, steps, fraction, band):
    """Algorithm 1, a loop over values, after the paper and its authors' program."""
    x, total = start.copy(), np.zeros_like(start)
    whole = np.abs(end - start).sum()
    for number in range(steps):
        g = slope(x)
        along = (number + 1) / steps
        low = start + max(along - band, 0) * (end - start)
        high = start + min(along + band, 1) * (end - start)
        due = whole * (1 - along)
        old = x.copy()
        for i in range(x.size):
            if abs(x[i] - start[i]) < abs(low[i] - start[i]):
                x[i] = low[i]
        while np.abs(x - end).sum() > due * (1 + 1e-12) + 1e-9 * whole:
            size = np.where(x == high, np.inf, np.abs(g))
            limit = np.quantile(size, fraction, method="lower")
            chosen = [i for i in range(x.size) if size[i] <= limit and x[i] != high[i]]
            reach = sum(abs(high[i] - x[i]) for i in chosen)
            part = min(1.0, (np.abs(x - end).sum() - due) / reach)
            for i in chosen:
                x[i] = high[i] if part == 1 else x[i] + part * (high[i] - x[i])
            if part < 1:
                break
        total += (x - old) * g
    return total


@pytest.mark.parametrize(("fraction", "band"), [(0.25, 0.02), (0.1, 0.3), (0.5, 1.0)])
def test_the_published_algorithm(fraction, band):
    rng = np.random.default_rng(4)
    end, start = rng.random(40), rng.random(40)
    end[3] = start[3]
    weights = rng.normal(size=(40, 40))

    def slope(x):
        return (weights * (1 - np.tanh(weights @ x) ** 2)[:, None]).sum(0)

    expected = published(slope, end, start, 30, fraction, band)
    shape = (1, 5, 8)
    first, last = (torch.from_numpy(each).view(shape) for each in (start, end))
    path = GuidedPath(first, last, 30, fraction, band)
    found, _ = walked(
        path, lambda at: torch.from_numpy(slope(at.numpy().ravel())).view(shape), 30
    )
    assert np.abs(found.numpy().ravel() - expected).max() < 1e-9
    assert np.allclose(path.place.numpy().ravel(), end)


class Squares(nn.Module):
    """Class c scores (c + 1) times the sum of the squares of the pixels."""

    def forward(self, x):
        total = (x * x).flatten(1).sum(1, keepdim=True)
        return torch.cat([total, 2 * total, 3 * total], 1)


def test_without_a_band_it_is_the_left_sum_of_integrated_gradients(session):
    values = {"steps": 12, "target": "second"}
    guided = run_network(session, Squares(), PLAIN, "guided_ig", distance=0.0, **values)
    line = run_network(
        session, Squares(), PLAIN, "integrated_gradients", rule="left", **values
    )
    assert np.allclose(guided.report.main.values, line.report.main.values, rtol=1e-4)


def test_what_it_adds_up_to_is_said(session):
    run = run_network(session, Squares(), PLAIN, "guided_ig", steps=400)
    value = float(run.report.notes[0].rpartition(" ")[2])
    assert run.report.main.values.sum() == pytest.approx(value, rel=0.01)
    assert run.report.notes[1] == "the black baseline alone scores 0"
