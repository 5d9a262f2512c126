"""Recurrent networks and gated cells against autograd, torch.nn and the course."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nnviz.engine.lessons.arithmetic.sequences import gated_cells, recurrent

HELLO = np.array([0, 1, 2, 2])
NEXT = np.array([1, 2, 2, 3])


def hello(hidden=3, seed=0):
    weights = recurrent.make_weights(4, hidden, 4, np.random.default_rng(seed))
    sequence = recurrent.one_hot(HELLO, 4)
    return (
        weights,
        sequence,
        recurrent.unroll(weights, sequence, NEXT, np.zeros(hidden)),
    )


def torch_loss(parts, cut=0):
    inputs, hidden, outputs, bias, last = parts
    state, loss = torch.zeros(len(hidden), dtype=torch.float64), 0
    for step, (x, target) in enumerate(zip(HELLO, NEXT, strict=True)):
        if cut and step % cut == 0:
            state = state.detach()
        state = torch.tanh(hidden @ state + inputs[:, x] + bias)
        loss = loss + functional.cross_entropy(
            (outputs @ state + last)[None], torch.tensor([target])
        )
    return loss


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_gradient_through_time_is_autograd_s(cut):
    weights, sequence, run = hello()
    found, norms = recurrent.back_propagate(weights, sequence, NEXT, run, truncate=cut)
    names = ("inputs", "hidden", "outputs", "hidden_bias", "output_bias")
    parts = [torch.tensor(getattr(weights, n), requires_grad=True) for n in names]
    loss = torch_loss(parts, cut)
    loss.backward()
    assert run.losses.sum() == pytest.approx(loss.item())
    for name, part in zip(names, parts, strict=True):
        assert np.allclose(getattr(found, name), part.grad, atol=1e-12), name
    assert len(norms) == 4


def test_hello_is_learnt():
    weights, sequence, run = hello()
    for _ in range(300):
        run = recurrent.unroll(weights, sequence, NEXT, np.zeros(3))
        slope, _ = recurrent.back_propagate(weights, sequence, NEXT, run)
        weights = recurrent.descend(weights, slope, 0.2, 5)
    assert np.array_equal(run.probabilities.argmax(axis=1), NEXT)


def test_clipping_limits_the_length_of_the_step():
    weights, sequence, run = hello()
    slope, _ = recurrent.back_propagate(weights, sequence, NEXT, run)
    moved = recurrent.descend(weights, slope, 1.0, 0.01)
    names = ("inputs", "hidden", "outputs", "hidden_bias", "output_bias")
    gaps = [getattr(moved, n) - getattr(weights, n) for n in names]
    length = np.sqrt(sum(np.square(gap).sum() for gap in gaps))
    assert length == pytest.approx(0.01)


@pytest.mark.parametrize("value", [0.8, 1.0, 1.2])
def test_gradient_grows_with_the_singular_value_to_the_power_of_the_steps(value):
    matrix = np.random.default_rng(0).normal(0, 1, (6, 6))
    hidden = recurrent.with_largest_singular_value(matrix, value)
    norms = recurrent.gradient_norms(hidden, 20, squash=False, state=np.ones(6))
    assert np.allclose(norms, value ** np.arange(21))
    squashed = recurrent.gradient_norms(hidden, 20, squash=True, state=np.ones(6))
    assert squashed[-1] <= norms[-1]


def test_lstm_gates_of_the_course():
    state, forget = np.array([-0.5, 0.2]), np.array([0.1, 1.0])
    candidate, enter = np.array([0.9, -0.75]), np.array([0.8, 0.0])
    step = gated_cells.gate(state, forget, enter, candidate, np.ones(2))
    assert np.allclose(forget * state, (-0.05, 0.2))
    assert np.allclose(enter * candidate, (0.72, 0))
    assert np.allclose(step.state, (0.67, 0.2))


def test_output_gate_of_the_course():
    squashed, leave = np.array([0.2, 0.98, -0.97]), np.array([0.01, 0.85, 0.75])
    nothing, all_of_it = np.zeros(3), np.ones(3)
    step = gated_cells.gate(np.arctanh(squashed), all_of_it, nothing, nothing, leave)
    assert np.allclose(step.output, (0.002, 0.83, -0.73), atol=5e-3)


def random_lstm(inputs=3, hidden=4):
    random = np.random.default_rng(1)
    return gated_cells.LstmWeights(
        random.normal(0, 1, (4 * hidden, inputs)),
        random.normal(0, 1, (4 * hidden, hidden)),
        random.normal(0, 1, 4 * hidden),
        np.zeros((3, hidden)),
    )


def test_lstm_is_torch_s():
    weights = random_lstm()
    cell = nn.LSTMCell(3, 4, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor(weights.inputs))
        cell.weight_hh.copy_(torch.tensor(weights.hidden))
        cell.bias_ih.copy_(torch.tensor(weights.biases))
        cell.bias_hh.zero_()
    random = np.random.default_rng(2)
    x, output, state = random.normal(0, 1, 3), random.normal(0, 1, 4), np.ones(4)
    step = gated_cells.lstm_step(weights, x, output, state)
    h, c = cell(
        torch.tensor(x)[None], (torch.tensor(output)[None], torch.tensor(state)[None])
    )
    assert np.allclose(step.output, h.detach()[0])
    assert np.allclose(step.state, c.detach()[0])


def test_peepholes_and_joined_gates():
    plain = random_lstm()
    x, output, state = np.ones(3), np.zeros(4), np.full(4, 2.0)
    seen = gated_cells.LstmWeights(
        plain.inputs, plain.hidden, plain.biases, np.full((3, 4), 0.5)
    )
    step = gated_cells.lstm_step(seen, x, output, state)
    # Gers and Schmidhuber: forget and input gates see the old state, the output gate
    # the new one.
    sums = plain.inputs @ x + plain.biases
    assert np.allclose(step.forget, 1 / (1 + np.exp(-(sums[4:8] + 1))))
    assert np.allclose(step.leave, 1 / (1 + np.exp(-(sums[12:] + 0.5 * step.state))))
    joined = gated_cells.lstm_step(plain, x, output, state, joined=True)
    assert np.allclose(joined.enter, 1 - joined.forget)


def test_gru_is_torch_s():
    random = np.random.default_rng(3)
    weights = tuple(random.normal(0, 1, (4, 7)) for _ in range(3))
    x, output = random.normal(0, 1, 3), random.normal(0, 1, 4)
    step = gated_cells.gru_step(weights, x, output)
    # The course's formulas, line by line.
    both = np.concatenate([output, x])
    r = 1 / (1 + np.exp(-weights[0] @ both))
    z = 1 / (1 + np.exp(-weights[1] @ both))
    c = np.tanh(weights[2] @ np.concatenate([r * output, x]))
    assert np.allclose(step.output, (1 - z) * output + z * c)
