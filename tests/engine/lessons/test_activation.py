"""Activation functions and losses through the lessons: the course's numbers."""

import numpy as np
import pytest
from support.lessons import answer, run_lesson, steps_of

from nnviz.base.errors import UsageError


def test_table_of_activations_by_hand():
    run, _ = run_lesson("activation_functions")
    table = {row[0]: row[1:] for row in run.report["table"].rows}
    # Normal sums: a sigmoid's mean is 1/2, a ReLU's 1/sqrt(2 pi), with slope 1/2.
    assert table["sigmoid"][0] == pytest.approx(0.5, abs=1e-6)
    assert table["sigmoid"][2] == pytest.approx(0.25)
    assert table["ReLU"][0] == pytest.approx(1 / np.sqrt(2 * np.pi), abs=1e-3)
    assert table["ReLU"][1] == pytest.approx(0.5, abs=2e-3)
    # SELU keeps mean 0 and variance 1 (Klambauer et al. 2017).
    assert table["SELU"][0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("name", ["parametric ReLU", "maxout"])
def test_activations_with_parameters(name):
    run, _ = run_lesson("activation_functions", function=name, at=-2.0, slope=0.25)
    # Parametric: 0.25 x -2; maxout's first piece: 2 - 0.5.
    value = {"parametric ReLU": -0.5, "maxout": 1.5}[name]
    assert run.report["function"].points[0].places[0, 1] == pytest.approx(value)


def test_relu_dies_by_one_large_step_and_never_comes_back():
    reports = steps_of("dying_relu")
    gradients = reports[-1]["course"].series["|∂C/∂w|"]
    assert gradients[9] > 0
    assert not gradients[10:].any()
    assert "dead" in reports[-1].notes[0]


def test_leaky_relu_comes_back():
    *_, report = steps_of("dying_relu", leak=0.1, steps=400)
    assert report.notes[0] == "alive"
    *_, report = steps_of("dying_relu", kick=0.0)
    assert report.notes[0] == "alive"


@pytest.mark.parametrize(
    ("start", "column", "outputs"),
    [
        ((0.6, 0.9), 1, (0.812, 0.380, 0.152, 0.094)),
        ((2.0, 2.0), 1, (0.982, 0.976, 0.932, 0.203)),
        ((2.0, 2.0), 2, (0.976, 0.096, 0.025, 0.012)),
    ],
)
def test_slow_start_of_the_course(start, column, outputs):
    # Course, lecture 5: after 1, 51, 151 and 300 steps; columns quadratic, entropy.
    *_, report = steps_of("slow_start", weight=start[0], bias=start[1])
    rows = {row[0]: row for row in report["numbers"].rows}
    found = [rows[number][column] for number in (1, 51, 151, 300)]
    assert np.allclose(found, outputs, atol=6e-4)


def test_softmax_of_the_course():
    shares = answer("softmax_loss")
    expected = [(0.705, 0.260, 0.035), (0.018, 0.002, 0.980), (0.488, 0.488, 0.024)]
    assert np.allclose(shares, expected, atol=6e-4)


def test_loss_and_gradient_of_the_course():
    reports = steps_of("softmax_loss")
    losses = reports[-1]["table"].grids[3].values[:, 0]
    assert np.allclose(losses, (0.349, 0.021, 0.718), atol=1e-3)
    assert losses.sum() == pytest.approx(1.087, abs=1e-3)
    gradient = reports[-1]["table"].grids[4].values
    # Softmax less one at the right class, so every row adds up to nothing.
    assert gradient[0, 0] == pytest.approx(0.705 - 1, abs=1e-3)
    assert np.allclose(gradient.sum(axis=1), 0)


@pytest.mark.parametrize("classes", ["1 2", "1 2 4", "0 1 2"])
def test_softmax_refuses_classes_that_are_none(classes):
    with pytest.raises(UsageError):
        steps_of("softmax_loss", classes=classes)
