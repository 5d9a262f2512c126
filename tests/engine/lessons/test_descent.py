"""Gradient descent and the race through the lessons: the course, torch.optim."""

import numpy as np
import pytest
import torch
from support.lessons import run_lesson, steps_of

from nnviz.base.errors import UsageError


def test_one_dimension_of_the_course():
    # 28 a - 46.32 at -0.2568 is -53.51; x 0.01 = -0.5351; a = 0.2783, then 0.6636.
    rows = steps_of("descent_1d", steps=2)[-1]["steps"].rows
    assert rows[0][1:] == pytest.approx((-0.2568, -53.51, -0.5351, 0.2783), abs=5e-4)
    assert rows[1][2:] == pytest.approx((-38.53, -0.3853, 0.6636), abs=5e-3)


def test_too_large_a_rate_runs_away():
    rows = steps_of("descent_1d", rate=0.075, steps=60)[-1]["steps"].rows
    assert abs(rows[-1][1]) > 100


def test_four_rates_behave_as_their_names_say():
    *_, report = steps_of("gradient_descent")
    low, good, _, far = report["height"].series.values()
    assert good[-1] < low[-1]
    across = report["surface"].paths[2].places[:10, 1]
    assert all(
        across[1:] * across[:-1] < 0
    )  # from one of the canyon's walls to the other
    assert "diverged" in report.notes[-1] or far[-1] > far[0]


def test_line_search_never_climbs():
    *_, report = steps_of(
        "gradient_descent", surface="Rosenbrock", x=-1.5, y=2.0, step="line search"
    )
    assert all(np.diff(report["height"].series["line search"]) <= 0)


def test_newton_s_step_in_the_canyon_ends_in_the_minimum():
    run, _ = run_lesson("curvature")
    assert np.allclose(run.report["surface"].arrows[0].ends, 0, atol=1e-12)
    numbers = dict(run.report["numbers"].rows)
    assert numbers["condition number"] == pytest.approx(20)
    # g = (-3, 16): (9 + 256) / (9 + 20 * 256).
    assert numbers["best step ε*"] == pytest.approx(265 / 5129)


def test_race_is_that_of_torch():
    values = {"surface": "Beale", "steps": 40, "rate": 0.002, "adaptive_rate": 0.05}
    *_, report = steps_of("optimizer_race", **values)
    paths = {path.name: path.places for path in report["race"].paths}
    peers = {
        "SGD": lambda p: torch.optim.SGD(p, lr=0.002),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.002, momentum=0.9),
        "Nesterov": lambda p: torch.optim.SGD(p, lr=0.002, momentum=0.9, nesterov=True),
        "AdaGrad": lambda p: torch.optim.Adagrad(p, lr=0.05, eps=1e-8),
        "AdaDelta": lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.9, eps=1e-6),
        "RMSProp": lambda p: torch.optim.RMSprop(p, lr=0.05, eps=1e-8),
        "Adam": lambda p: torch.optim.Adam(p, lr=0.05, eps=1e-8),
    }
    for name, make in peers.items():
        at = torch.tensor([1.0, 1.5], dtype=torch.float64, requires_grad=True)
        optimizer = make([at])
        for place in paths[name]:
            assert np.allclose(place, at.detach(), rtol=1e-10, atol=1e-12), name
            x, y = at
            loss = (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2
            loss = loss + (2.625 - x + x * y**3) ** 2
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def test_race_of_some_only():
    *_, report = steps_of("optimizer_race", optimizers="adam, newton", steps=5)
    assert [path.name for path in report["race"].paths] == ["Adam", "Newton"]
    with pytest.raises(UsageError, match="'adamw' is none"):
        steps_of("optimizer_race", optimizers="adamw")
