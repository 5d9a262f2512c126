"""Dimensions, PCA, t-SNE and autoencoder against the course, formulas, sklearn."""

import itertools

import numpy as np
import pytest

from nnviz.engine.lessons.arithmetic.embedding import pca, tsne
from nnviz.engine.lessons.arithmetic.embedding.dimensions import (
    ball_in_cube,
    cell_side,
    distance_contrast,
)

SHARES = {3: 0.524, 5: 0.164, 10: 2.5e-3, 20: 2.5e-8, 30: 2.0e-14, 50: 1.5e-28}


@pytest.mark.parametrize(("dimensions", "share"), SHARES.items())
def test_ball_s_share_of_its_cube(dimensions, share):
    assert ball_in_cube(dimensions) == pytest.approx(share, rel=0.03)


def test_cell_of_one_percent_in_a_hundred_dimensions():
    assert cell_side(100, 0.01) == pytest.approx(0.955, abs=5e-4)


def test_nearest_neighbors_are_almost_as_far_as_the_farthest():
    random = np.random.default_rng(0)
    near = [distance_contrast(d, 500, random) for d in (2, 10, 100, 1000)]
    assert near == sorted(near)
    assert near[0] < 0.1
    assert near[-1] > 0.85


def test_food_of_the_course():
    found = pca.analyze(pca.food())
    first, second = found.scores[:, 0], found.scores[:, 1]
    wanted = np.array([(-145.0, -240.5, -91.9, 477.4), (-2.5, -224.6, 286.1, -58.9)])
    for scores, expected in zip((first, second), wanted, strict=True):
        sign = np.sign(scores @ expected)
        assert np.allclose(sign * scores, expected, atol=0.06)
    assert np.allclose(found.shares[:3], (0.674, 0.291, 0.035), atol=6e-4)


def test_pca_is_the_eigenvectors_of_the_covariance():
    random = np.random.default_rng(1)
    data = random.normal(0, 1, (50, 6)) @ random.normal(0, 1, (6, 6))
    found = pca.analyze(data)
    values, vectors = np.linalg.eigh(pca.covariance(data))
    assert np.allclose(found.variances, values[::-1])
    assert np.allclose(np.abs(found.axes @ vectors[:, ::-1]), np.eye(6), atol=1e-8)
    assert np.allclose(pca.covariance(data), np.cov(data.T))
    assert np.allclose(found.restore(6), data)
    standard = pca.analyze(data, standardize=True)
    assert standard.variances.sum() == pytest.approx(6)
    assert np.allclose(standard.restore(6), data)


def kl_of(p, places):
    q, _ = tsne.map_probabilities(places)
    return tsne.kl_divergence(p, q)


def test_tsne_gradient_is_that_of_finite_differences():
    random = np.random.default_rng(2)
    p = tsne.neighbor_probabilities(random.normal(0, 1, (12, 5)), 4)
    places = random.normal(0, 1, (12, 2))
    attract, repel = tsne.spring_forces(p, places)
    step = next(tsne.embed(p, places, rate=1, exaggeration=1))
    assert np.allclose(step.gradient, -(attract + repel))
    numeric = np.zeros_like(places)
    for index in np.ndindex(*places.shape):
        moved = np.zeros_like(places)
        moved[index] = 1e-5
        numeric[index] = (kl_of(p, places + moved) - kl_of(p, places - moved)) / 2e-5
    assert np.allclose(step.gradient, numeric, atol=1e-8)


def test_neighbor_probabilities_have_their_perplexity():
    random = np.random.default_rng(3)
    points = random.normal(0, 1, (40, 3))
    p = tsne.neighbor_probabilities(points, 8)
    assert p.sum() == pytest.approx(1)
    assert np.allclose(p, p.T)
    manifold = pytest.importorskip("sklearn.manifold._t_sne")
    squared = tsne.square_distances(points).astype(np.float32)
    peer = manifold._joint_probabilities(squared, 8, 0)
    from scipy.spatial.distance import squareform

    assert np.allclose(p, squareform(peer), atol=1e-6)


def test_tsne_keeps_two_clusters_apart():
    random = np.random.default_rng(4)
    points = random.normal(0, 1, (60, 10)) + np.repeat([[0.0], [8.0]], 30, axis=0)
    p = tsne.neighbor_probabilities(points, 10)
    steps = tsne.embed(p, random.normal(0, 1e-2, (60, 2)), rate=20)
    places = next(itertools.islice(steps, 300, None)).places
    first, second = places[:30], places[30:]
    gap = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert gap > 2 * max(first.std(), second.std())
