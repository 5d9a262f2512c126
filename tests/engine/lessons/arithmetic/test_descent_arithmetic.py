"""Optimizers against torch.optim step by step; surfaces against autograd."""

import itertools

import numpy as np
import pytest
import torch

from nnviz.engine.lessons.arithmetic.descent import optimizers
from nnviz.engine.lessons.arithmetic.descent.optimizers import Settings
from nnviz.engine.lessons.arithmetic.descent.surfaces import SURFACES, condition_number
from nnviz.engine.lessons.arithmetic.neurons.slow_start import learn

PEERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.002),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.002, momentum=0.9),
    "Nesterov": lambda p: torch.optim.SGD(p, lr=0.002, momentum=0.9, nesterov=True),
    "AdaGrad": lambda p: torch.optim.Adagrad(p, lr=0.002, eps=1e-8),
    "AdaDelta": lambda p: torch.optim.Adadelta(p, lr=0.002, rho=0.99, eps=1e-8),
    "RMSProp": lambda p: torch.optim.RMSprop(p, lr=0.002, alpha=0.99, eps=1e-8),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.002, eps=1e-8),
}


@pytest.mark.parametrize("name", sorted(PEERS))
@pytest.mark.parametrize("surface", ["canyon", "Beale", "Himmelblau"])
def test_optimizers_are_torch_s_step_by_step(name, surface):
    chosen = SURFACES[surface]
    start = np.array(chosen.start)
    at = torch.tensor(start, requires_grad=True)
    peer = PEERS[name]([at])
    steps = optimizers.descend(name, chosen, start, Settings(rate=0.002))
    for place in itertools.islice(steps, 100):
        assert np.allclose(place, at.detach(), rtol=1e-12, atol=1e-12)
        peer.zero_grad()
        chosen.value(at[0], at[1]).backward()
        peer.step()


@pytest.mark.parametrize("name", sorted(SURFACES))
def test_gradients_and_hessians_are_autograd_s(name):
    surface = SURFACES[name]
    random = np.random.default_rng(0)

    def value(at):
        return surface.value(at[0], at[1])

    for at in random.uniform(-3, 3, (20, 2)):
        point = torch.tensor(at)
        slope = torch.autograd.functional.jacobian(value, point)
        bend = torch.autograd.functional.hessian(value, point)
        assert np.allclose(surface.gradient(at), slope, rtol=1e-10, atol=1e-10)
        assert np.allclose(surface.hessian(at), bend, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", sorted(SURFACES))
def test_minima_are_flat_and_low(name):
    surface = SURFACES[name]
    for place in surface.minima:
        assert np.linalg.norm(surface.gradient(np.array(place))) < 1e-3
        assert surface.value(*place) == pytest.approx(0, abs=1e-9)


def test_newton_reaches_a_quadratic_s_minimum_in_one_step():
    surface = SURFACES["canyon"]
    steps = optimizers.descend("Newton", surface, np.array([-4.0, 1.0]), Settings())
    assert np.allclose(list(itertools.islice(steps, 2))[1], 0, atol=1e-12)


def test_best_step_is_the_lowest_along_the_gradient():
    surface, at = SURFACES["canyon"], np.array([-4.0, 1.0])
    slope = surface.gradient(at)
    best = optimizers.best_step(surface.hessian(at), slope)
    tried = np.linspace(0, 2 * best, 2001)
    heights = [surface.value(*(at - step * slope)) for step in tried]
    assert tried[int(np.argmin(heights))] == pytest.approx(best, abs=best / 1000)
    flat = optimizers.best_step(np.diag([2.0, -2.0]), np.array([0.0, 1.0]))
    assert flat == np.inf


def test_line_search_is_downhill_by_armijo():
    surface, at = SURFACES["Rosenbrock"], np.array([-1.5, 2.0])
    direction = -surface.gradient(at)
    step = optimizers.search_line(surface, at, direction)
    fall = surface.value(*at) - surface.value(*(at + step * direction))
    assert fall >= 1e-4 * step * direction @ direction > 0


def test_condition_number_of_the_canyon():
    assert condition_number(np.diag([1.0, 20.0])) == pytest.approx(20)
    assert condition_number(np.diag([1.0, 0.0])) == np.inf


@pytest.mark.parametrize(
    ("start", "loss", "outputs"),
    [
        ((0.6, 0.9), "quadratic", (0.812, 0.380, 0.152, 0.094)),
        ((2, 2), "quadratic", (0.982, 0.976, 0.932, 0.203)),
        ((2, 2), "cross-entropy", (0.976, 0.096, 0.025, 0.012)),
    ],
)
def test_slow_start_of_the_course(start, loss, outputs):
    # Course, lecture 5: outputs after 1, 51, 151 and 300 steps at rate 0.15.
    steps = list(itertools.islice(learn(*start, loss=loss, rate=0.15), 301))
    found = [steps[number].output for number in (1, 51, 151, 300)]
    assert np.allclose(found, outputs, atol=6e-4)
