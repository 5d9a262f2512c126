"""Multilayer perceptrons through the lessons, beside published numbers and autograd."""

import numpy as np
import pytest
import torch
from support.lessons import run_lesson, steps_of

from nnviz.base.errors import UsageError


def test_forward_pass_of_a_published_example():
    # Mazur, "A step by step backpropagation example": outputs 0.75136507, 0.772928465.
    *_, report = steps_of("forward_pass")
    values = [node.value for node in report["network"].nodes]
    assert values[:4] == pytest.approx([0.05, 0.1, 0.593269992, 0.596884378])
    assert values[4:] == pytest.approx([0.75136507, 0.772928465])


def test_forward_pass_of_xor():
    for inputs, wanted in (("0 0", 0), ("0 1", 1), ("1 0", 1), ("1 1", 0)):
        *_, report = steps_of(
            "forward_pass",
            inputs=inputs,
            weights="1 1; 1 1 | 1 -1",
            biases="-0.5 -1.5 | -0.5",
            activation="step",
            output="linear",
        )
        assert (report["network"].nodes[-1].value >= 0) == wanted


def test_backpropagation_of_a_published_example():
    # Mazur: E = 0.298371109, dE/dw5 = 0.082167041, dE/dw1 = 0.000438568.
    reports = steps_of("backpropagation")
    table = {row[0]: row[1] for row in reports[-2]["derivatives"].rows}
    assert table["∂C/∂w 2.1,1"] == pytest.approx(0.082167041)
    assert table["∂C/∂w 1.1,1"] == pytest.approx(0.000438568, abs=5e-9)
    assert table["δ 2.1"] == pytest.approx(0.138498562)
    assert "0.29837" in reports[0].notes[-1]


def test_backpropagation_is_autograd_s():
    weights, biases = "0.3 -0.8; 1.1 0.4; -0.2 0.9 | 0.7 -1.2 0.5", "0.1 -0.2 0.3 | 0.4"
    reports = steps_of(
        "backpropagation",
        inputs="0.5 -1.5",
        targets="0.25",
        weights=weights,
        biases=biases,
        activation="tanh",
    )
    first = torch.tensor([[0.3, -0.8], [1.1, 0.4], [-0.2, 0.9]], dtype=torch.float64)
    second = torch.tensor([[0.7, -1.2, 0.5]], dtype=torch.float64)
    bias = torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64)
    parts = [each.requires_grad_() for each in (first, bias, second)]
    x = torch.tensor([0.5, -1.5], dtype=torch.float64)
    output = torch.tanh(second @ torch.tanh(first @ x + bias) + 0.4)
    (torch.square(output - 0.25).sum() / 2).backward()
    table = {row[0]: row[1] for row in reports[-2]["derivatives"].rows}
    for unit in range(3):
        assert table[f"∂C/∂b 1.{unit + 1}"] == pytest.approx(parts[1].grad[unit].item())
        assert table[f"∂C/∂w 2.1,{unit + 1}"] == pytest.approx(
            parts[2].grad[0, unit].item()
        )
        for source in range(2):
            assert table[f"∂C/∂w 1.{unit + 1},{source + 1}"] == pytest.approx(
                parts[0].grad[unit, source].item()
            )


@pytest.mark.parametrize(
    "values",
    [
        {"targets": "1"},
        {"weights": "1 2 3 | 1"},
        {"biases": "0 0"},
        {"weights": "1 x; 2 3 | 1 1; 1 1"},
    ],
)
def test_networks_that_do_not_fit_are_refused(values):
    with pytest.raises(UsageError):
        steps_of("backpropagation", **values)


def test_boundary_needs_hidden_units_for_a_ring():
    values = {"data": "ring", "epochs": 600, "count": 60}
    *_, line = steps_of("decision_boundary", hidden=0, **values)
    *_, bent = steps_of("decision_boundary", hidden=6, **values)
    assert bent["loss"].arrays()[""][0, -1] < 0.2 < line["loss"].arrays()[""][0, -1]


def test_linear_hidden_units_draw_a_straight_line():
    *_, report = steps_of(
        "decision_boundary", activation="linear", hidden=4, epochs=200
    )
    scores = report["plane"].region.values + 0.5
    logits = np.log(scores / (1 - scores))
    assert np.allclose(np.diff(logits, n=2, axis=0), 0, atol=1e-8)
    assert np.allclose(np.diff(logits, n=2, axis=1), 0, atol=1e-8)


def test_own_points_can_be_dragged():
    *_, report = steps_of("decision_boundary", data="own points", epochs=100)
    assert report["plane"].edits == "points"


def test_linear_layers_are_one():
    run, _ = run_lesson("linear_layers")
    product = run.report["product"].grids[-1].values
    # By hand: (0.5 1 -2; 1 -1 0.5) (1 -1; 2 0.5; -1 1).
    assert np.allclose(product, [[4.5, -2.0], [-1.5, -1.0]])
    for row in run.report["values"].rows:
        assert row[1] == pytest.approx(row[2])
    bent, _ = run_lesson("linear_layers", activation="ReLU")
    assert any(row[1] != row[2] for row in bent.report["values"].rows)


def test_blum_li_error_falls_with_the_square_of_the_tiles():
    # Of (x + y)/2 the error in tiles of side h is h^2/24.
    reports = steps_of("blum_li", function="slope", tiles=8)
    errors = reports[-1]["error"].series["error"]
    assert errors[3] == pytest.approx(1 / 16 / 24, rel=0.02)
    assert errors[7] == pytest.approx(1 / 64 / 24, rel=0.02)
