"""Multilayer perceptron against autograd, Blum and Li's tiles against an integral."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from nnviz.engine.lessons.arithmetic.neurons import blum_li
from nnviz.engine.lessons.arithmetic.neurons import multilayer_perceptron as mlp
from nnviz.engine.lessons.arithmetic.neurons.activations import (
    ACTIVATIONS,
    maxout,
    softmax,
)
from nnviz.engine.lessons.arithmetic.neurons.point_sets import POINT_SETS, logic

PEERS = {
    "linear": lambda x: x,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard tanh": functional.hardtanh,
    "ReLU": functional.relu,
    "softplus": functional.softplus,
    "leaky ReLU": functional.leaky_relu,
    "ELU": functional.elu,
    "SELU": functional.selu,
    "ReLU6": functional.relu6,
}


@pytest.mark.parametrize("name", sorted(PEERS))
def test_activations_and_slopes_are_torch_s(name):
    x = torch.linspace(-8, 8, 321, dtype=torch.float64, requires_grad=True)
    value = PEERS[name](x)
    value.sum().backward()
    ours = ACTIVATIONS[name]
    at = x.detach().numpy()
    assert np.allclose(ours.value(at), value.detach(), atol=1e-12)
    smooth = ~np.isin(at, (-1, 0, 1, 6))  # at a kink either side may be taken
    assert np.allclose(ours.slope(at)[smooth], x.grad[smooth], atol=1e-12)


def test_step_and_hard_sigmoid_by_hand():
    x = np.array([-3.0, -1.0, 0.0, 1.0, 3.0])
    assert np.array_equal(ACTIVATIONS["step"].value(x), [0, 0, 1, 1, 1])
    assert np.array_equal(ACTIVATIONS["hard sigmoid"].value(x), [0, 0.25, 0.5, 0.75, 1])
    assert np.array_equal(
        ACTIVATIONS["hard sigmoid"].slope(x), [0, 0.25, 0.25, 0.25, 0]
    )


def test_maxout_is_the_largest_piece():
    # |x| is the maximum of x and -x.
    x = np.linspace(-2, 2, 9)
    assert np.allclose(maxout(x, np.array([1.0, -1.0]), np.zeros(2)), np.abs(x))


@pytest.mark.parametrize(
    ("scores", "shares"),
    [
        ((5, 4, 2), (0.705, 0.260, 0.035)),
        ((4, 2, 8), (0.018, 0.002, 0.980)),
        ((4, 4, 1), (0.488, 0.488, 0.024)),
    ],
)
def test_softmax_of_the_course(scores, shares):
    assert np.allclose(softmax(np.array(scores, float)), shares, atol=6e-4)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "ELU", "softplus"])
def test_gradients_are_autograd_s(activation):
    random = np.random.default_rng(0)
    layers = mlp.make_layers((3, 4, 5, 2), activation, "sigmoid", random)
    inputs, targets = random.normal(0, 1, (6, 3)), random.random((6, 2))
    run = mlp.forward(layers, inputs)
    found = mlp.backward(layers, run, run.outputs[-1] - targets)
    weights = [torch.tensor(each.weights, requires_grad=True) for each in layers]
    biases = [torch.tensor(each.biases, requires_grad=True) for each in layers]
    y = torch.tensor(inputs)
    for layer, w, b in zip(layers, weights, biases, strict=True):
        y = PEERS[layer.activation](y @ w.T + b)
    (torch.square(y - torch.tensor(targets)).sum() / 2).backward()
    for gradient, w, b in zip(found, weights, biases, strict=True):
        assert np.allclose(gradient.weights, w.grad, atol=1e-12)
        assert np.allclose(gradient.biases, b.grad, atol=1e-12)


def test_partial_derivatives_are_the_products_of_their_factors():
    random = np.random.default_rng(1)
    layers = mlp.make_layers((2, 3, 2), "tanh", "sigmoid", random)
    inputs, targets = random.normal(0, 1, 2), np.array([1.0, 0.0])
    partials = list(mlp.partial_derivatives(layers, inputs, targets))
    assert len(partials) == 2 * (1 + 3 + 1) + 3 * (1 + 2 + 1)
    for partial in partials:
        if partial.quantity == "delta":
            (slope,), *rest = partial.factors
            expected = slope * sum(math.prod(each) for each in rest)
        else:
            expected = math.prod(partial.factors[0])
        assert partial.value == pytest.approx(expected)


def test_classifier_gradient_is_that_of_cross_entropy():
    random = np.random.default_rng(2)
    layers = mlp.make_layers((2, 4, 1), "tanh", "sigmoid", random)
    inputs, targets = (
        random.normal(0, 1, (7, 2)),
        random.integers(0, 2, 7).astype(float),
    )
    run = mlp.forward(layers, inputs)
    found = mlp.backward(layers, run, mlp.classification_error(run, targets))
    w = torch.tensor(layers[1].weights, requires_grad=True)
    score = torch.tensor(run.outputs[1]) @ w.T + torch.tensor(layers[1].biases)
    loss = functional.binary_cross_entropy_with_logits(
        score[:, 0], torch.tensor(targets)
    )
    loss.backward()
    assert np.allclose(found[1].weights, w.grad, atol=1e-12)
    assert mlp.cross_entropy(layers, inputs, targets) == pytest.approx(loss.item())


def test_linear_layers_collapse():
    random = np.random.default_rng(3)
    layers = mlp.make_layers((2, 5, 4, 1), "linear", "linear", random)
    inputs = random.normal(0, 1, (9, 2))
    one = mlp.forward((mlp.collapse(layers),), inputs).outputs[-1]
    assert np.allclose(one, mlp.forward(layers, inputs).outputs[-1])


def test_xor_is_learnt_with_hidden_units():
    points, truth = logic("XOR")
    layers = mlp.make_layers((2, 4, 1), "tanh", "sigmoid", np.random.default_rng(0))
    layers = mlp.train_classifier(layers, points, truth, 1.0, 2000)
    output = mlp.forward(layers, points).outputs[-1][:, 0]
    assert np.array_equal(output > 0.5, truth > 0.5)


@pytest.mark.parametrize("name", sorted(POINT_SETS))
def test_point_sets_have_both_classes_alike_often(name):
    points, classes = POINT_SETS[name](200, np.random.default_rng(0))
    assert points.shape == (200, 2)
    assert np.abs(points).max() <= 1.2
    assert 0.4 < classes.mean() < 0.6


def test_blum_li_counts_two_million_for_a_thousand_tiles_a_side():
    assert blum_li.count_units(1000) == pytest.approx(2e6, rel=0.002)


@pytest.mark.parametrize("tiles", [1, 3, 10])
def test_blum_li_gives_the_value_at_each_tile_s_middle(tiles):
    function = blum_li.FUNCTIONS["waves"]
    x, y = blum_li.sample_square(40)
    x, y = np.append(x, 1.0), np.append(y, 1.0)  # the upper edge is inside
    middle_x = (np.minimum(np.floor(x * tiles), tiles - 1) + 0.5) / tiles
    middle_y = (np.minimum(np.floor(y * tiles), tiles - 1) + 0.5) / tiles
    expected = function(middle_x, middle_y)
    assert np.allclose(blum_li.approximate(function, tiles, x, y), expected)


def test_blum_li_error_of_a_slope_falls_with_the_square_of_the_tiles():
    # Of (x + y)/2 the error in a tile of side h is uniform: (h^2/12 + h^2/12) / 4.
    function = blum_li.FUNCTIONS["slope"]
    for tiles in (4, 8, 16):
        expected = (1 / tiles) ** 2 / 24
        found = blum_li.mean_square_error(function, tiles, 480)
        assert found == pytest.approx(expected, rel=0.01)
