"""Perceptron, ADALINE, Hebb, Hopfield and map against the course, Novikoff, sklearn."""

import itertools

import numpy as np
import pytest

from nnviz.engine.lessons.arithmetic.neurons import adaline, hopfield, perceptron, som
from nnviz.engine.lessons.arithmetic.neurons.point_sets import logic

COURSE = np.array([[1.0, 2.0], [-1.0, 2.0], [0.0, -1.0]])
TARGETS = np.array([1.0, 0.0, 0.0])
START = np.array([1.0, -0.8])


def with_bias(points):
    return np.column_stack([np.ones(len(points)), points])


def test_perceptron_makes_the_updates_of_the_course():
    steps = list(perceptron.learn_perceptron(COURSE, TARGETS, START))
    weights = [step.weights for step in steps]
    assert np.allclose(weights[:3], [(2, 1.2), (3, -0.8), (3, 0.2)])
    assert len(steps) == 6
    assert not any(step.changed for step in steps[3:])


def test_batch_update_adds_the_updates_up():
    step = next(perceptron.learn_perceptron(COURSE, TARGETS, START, batch=3))
    # By hand: only the first is wrong with (1, -0.8): 1 - 1.6 < 0, -1 - 1.6 < 0 and
    # 0.8 > 0, so x1 is added and x3 taken away.
    assert np.allclose(step.weights, START + COURSE[0] - COURSE[2])


@pytest.mark.parametrize("name", ["AND", "OR"])
def test_perceptron_learns_what_a_line_separates_within_the_bound(name):
    points, truth = logic(name)
    inputs = with_bias(points)
    steps = list(perceptron.learn_perceptron(inputs, truth, np.zeros(3)))
    assert np.array_equal(perceptron.decide(inputs, steps[-1].weights), truth)
    normal, offset, _ = perceptron.find_maximum_margin(points, truth)
    bound = perceptron.convergence_bound(inputs, truth, np.array([offset, *normal]))
    assert sum(step.changed for step in steps) <= bound


def test_xor_is_not_separable():
    points, truth = logic("XOR")
    assert perceptron.find_maximum_margin(points, truth) is None
    steps = perceptron.learn_perceptron(with_bias(points), truth, np.zeros(3))
    assert len(list(steps)) == 400  # a hundred passes, none without a change


def test_bound_by_hand():
    # Course: beta |w0|^2 / alpha^2 with w0 = (1, 0): alpha = 2, beta = 5.
    inputs = np.array([[2.0, 1.0], [-2.0, 1.0]])
    bound = perceptron.convergence_bound(
        inputs, np.array([1.0, 0.0]), np.array([1.0, 0.0])
    )
    assert bound == pytest.approx(5 / 4)
    wrong = perceptron.convergence_bound(
        inputs, np.array([0.0, 1.0]), np.array([1.0, 0.0])
    )
    assert wrong == np.inf


@pytest.mark.parametrize("seed", range(6))
def test_maximum_margin_is_that_of_a_linear_support_vector_machine(seed):
    svm = pytest.importorskip("sklearn.svm")
    random = np.random.default_rng(seed)
    points = random.normal(0, 1, (30, 2)) + np.repeat([[0, 0], [5, 4]], 15, axis=0)
    truth = np.repeat([0.0, 1.0], 15)
    normal, offset, margin = perceptron.find_maximum_margin(points, truth)
    peer = svm.SVC(kernel="linear", C=1e9, tol=1e-9).fit(points, truth)
    length = np.linalg.norm(peer.coef_)
    assert np.allclose(normal, peer.coef_[0] / length, atol=1e-4)
    assert offset == pytest.approx(peer.intercept_[0] / length, abs=1e-3)
    assert margin == pytest.approx(1 / length, rel=1e-4)


def test_adaline_goes_to_least_squares():
    random = np.random.default_rng(0)
    inputs = with_bias(random.normal(0, 1, (40, 2)))
    targets = random.normal(0, 1, 40)
    steps = adaline.learn_adaline(inputs, targets, np.zeros(3), rate=0.5, batch=40)
    last = next(itertools.islice(steps, 400, None))
    expected, *_ = np.linalg.lstsq(inputs, targets)
    assert np.allclose(last.weights, expected, atol=1e-9)


def test_adaline_step_by_hand():
    inputs, targets = np.array([[1.0, 2.0]]), np.array([3.0])
    step = next(
        adaline.learn_adaline(inputs, targets, np.array([0.5, 0.5]), rate=0.1, batch=1)
    )
    # w·x = 1.5, error 1.5, step 0.15 (1, 2); then w·x = 2.25 and half its square.
    assert np.allclose(step.weights, (0.65, 0.8))
    assert step.error == pytest.approx(0.5 * 0.75**2)


def test_oja_finds_the_first_principal_component_and_hebb_grows():
    random = np.random.default_rng(1)
    inputs = random.normal(0, 1, (4000, 2)) @ np.array([[2.0, 1.0], [0.0, 0.5]])
    inputs -= inputs.mean(axis=0)
    start = np.array([0.1, 0.2])
    steps = adaline.learn_hebb(inputs, start, rate=0.002, oja=True)
    weights = next(itertools.islice(steps, 20_000, None)).weights
    _, axes = np.linalg.eigh(inputs.T @ inputs)
    assert abs(weights @ axes[:, -1]) == pytest.approx(1, abs=0.02)
    grown = adaline.learn_hebb(inputs, start, rate=0.002, oja=False)
    assert np.linalg.norm(next(itertools.islice(grown, 3000, None)).weights) > 100


@pytest.mark.parametrize("store", [hopfield.store_hebbian, hopfield.store_projection])
def test_hopfield_recalls_a_spoiled_pattern_downhill(store):
    random = np.random.default_rng(2)
    patterns = random.choice([-1.0, 1.0], (3, 100))
    weights = store(patterns)
    assert np.allclose(weights, weights.T)
    assert not np.diag(weights).any()
    spoiled = patterns[1].copy()
    spoiled[:15] *= -1
    steps = list(hopfield.recall(weights, spoiled, random.permutation(100)))
    assert np.array_equal(steps[-1].state, patterns[1])
    energies = [step.energy for step in steps]
    assert all(np.diff(energies) < 0)


def test_hopfield_weights_and_energy_by_hand():
    weights = hopfield.store_hebbian(np.array([[1.0, -1.0, 1.0]]))
    assert np.allclose(weights, np.array([[0, -1, 1], [-1, 0, -1], [1, -1, 0]]) / 3)
    # Every pair agrees with its weight: -1/2 * 6 * 1/3.
    assert hopfield.energy_of(weights, np.array([1.0, -1.0, 1.0])) == pytest.approx(-1)


def test_projection_keeps_correlated_patterns():
    # Hebb's rule loses them: eight patterns that differ in few places.
    random = np.random.default_rng(3)
    patterns = np.tile(random.choice([-1.0, 1.0], 60), (8, 1))
    for row, pattern in enumerate(patterns):
        pattern[6 * row : 6 * row + 6] *= -1
    weights = hopfield.store_projection(patterns)
    assert np.array_equal(np.sign(patterns @ weights), patterns)
    assert not np.array_equal(
        np.sign(patterns @ hopfield.store_hebbian(patterns)), patterns
    )


def test_map_step_by_hand():
    nodes = np.array([[0.0, 0.0], [1.0, 0.0]])
    distances = som.grid_distances(1, 2)
    step = next(
        som.learn_map(
            np.array([[0.2, 0.0]]), nodes, distances, radius=(1, 1), rate=(0.5, 0.5)
        )
    )
    pull = 0.5 * np.exp(-0.5)
    assert step.winner == 0
    assert np.allclose(step.nodes, [[0.1, 0], [1 - 0.8 * pull, 0]])


def test_map_comes_closer_to_its_samples():
    random = np.random.default_rng(4)
    samples = random.random((2000, 2))
    nodes = random.random((36, 2))
    steps = som.learn_map(
        samples, nodes, som.grid_distances(6, 6), radius=(3, 0.5), rate=(0.5, 0.02)
    )
    *_, last = steps
    # A 6 x 6 lattice of the unit square has a mean distance of 0.3826 / 6 = 0.064.
    assert som.quantization_error(samples, last.nodes) < 0.08
