"""Measures of trust; truths: cases worked by hand, slow references, scikit-image."""

import numpy as np
import pytest
import torch
from skimage import filters

from nnviz.engine.evaluation.trust.average_drop import fade, measure_drop
from nnviz.engine.evaluation.trust.deletion_insertion import (
    area,
    curve,
    deletion,
    insertion,
)
from nnviz.engine.evaluation.trust.energy_inside import energy_inside
from nnviz.engine.evaluation.trust.mask_iou import best_iou
from nnviz.engine.evaluation.trust.pointing_game import hits
from nnviz.engine.evaluation.trust.randomization import randomized, similarity
from nnviz.engine.evaluation.trust.reference_maps import edge_map, random_map

MASK = np.array([[True, True], [False, False]])


def mean_of(pixels):
    return pixels.mean((1, 2, 3))


def test_deletion_by_hand():
    """Pixels 4, 3, 2, 1 removed from the largest: means 10/4, 6/4, 3/4, 1/4, 0."""
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    pixels = torch.tensor(values)[None, None]
    shares, scores = curve(values, pixels, torch.zeros_like(pixels), mean_of, 4)
    assert shares.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert scores.tolist() == [2.5, 1.5, 0.75, 0.25, 0]
    found = deletion(values, pixels, torch.zeros_like(pixels), mean_of, 4)
    assert found == pytest.approx((2.5 / 2 + 1.5 + 0.75 + 0.25) / 4)


def test_the_last_step_is_cut_short():
    """10 pixels in 4 steps: ceil(10 / 4) = 3 a step, then 1."""
    pixels = torch.arange(10.0).view(1, 1, 2, 5)
    shares, _ = curve(pixels[0, 0].numpy(), pixels, 0 * pixels, mean_of, 4)
    assert shares.tolist() == [0, 0.3, 0.6, 0.9, 1]


def slow_curve(values, first, last, score, steps):
    """One pixel after the other, as Petsiuk's code has it."""
    height, width = values.shape
    places = sorted(
        ((y, x) for y in range(height) for x in range(width)),
        key=lambda place: -values[place],
    )
    step = -(-len(places) // steps)
    image, scores, shares = first.clone(), [score(first).item()], [0.0]
    for start in range(0, len(places), step):
        for y, x in places[start : start + step]:
            image[:, :, y, x] = last[:, :, y, x]
        scores.append(score(image).item())
        shares.append(min(start + step, len(places)) / len(places))
    return np.trapezoid(scores, shares)


def test_equals_a_slow_reference():
    generator = torch.Generator().manual_seed(0)
    random = np.random.default_rng(0)
    weights = torch.rand(1, 3, 9, 7, generator=generator)

    def score(pixels):
        return torch.sigmoid(5 * (pixels * weights).mean((1, 2, 3)) - 1)

    pixels, other = torch.rand(2, 1, 3, 9, 7, generator=generator)
    for _ in range(3):
        values = random.random((9, 7))
        for steps in (5, 20, 63):
            expected = slow_curve(values, pixels, other, score, steps)
            assert deletion(values, pixels, other, score, steps) == pytest.approx(
                expected, rel=1e-6
            )
            expected = slow_curve(values, other, pixels, score, steps)
            assert insertion(values, pixels, other, score, steps) == pytest.approx(
                expected, rel=1e-6
            )


def test_the_area_of_a_triangle():
    assert area(np.array([0.0, 0.5, 1.0]), np.array([1.0, 0.5, 0.0])) == 0.5


def test_pointing_game():
    assert hits(np.array([[9.0, 1.0], [2.0, 3.0]]), MASK) == 1
    assert hits(np.array([[1.0, 1.0], [2.0, 3.0]]), MASK) == 0
    assert hits(np.ones((2, 2)), MASK) == 0.5


def test_energy_inside():
    """3 of 3 + 2 + 5; what is below zero does not count."""
    assert energy_inside(np.array([[3.0, -4.0], [2.0, 5.0]]), MASK) == 0.3
    assert energy_inside(-np.ones((2, 2)), MASK) == 0.5


def test_iou_at_the_best_threshold():
    """Above 2: {4, 3} with {4, 2}: 1 of 3.  Above 1: 2 of 3.  All: 2 of 4."""
    values = np.array([[4.0, 2.0], [3.0, 1.0]])
    assert best_iou(values, MASK) == pytest.approx(2 / 3)
    # Equal values are taken together, whatever their order.
    assert best_iou(np.ones((2, 2)), MASK) == 0.5


def test_edges_are_those_of_scikit_image():
    """Its kernel is a quarter of Sobel's, and it takes the mean of both squares."""
    image = np.random.default_rng(0).random((12, 9, 3))
    expected = filters.sobel(image.mean(2)) * 4 * np.sqrt(2)
    found = edge_map(image)
    assert np.allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1])


def test_noise_is_the_same_for_the_same_seed():
    first, second = (random_map((3, 4), np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, second)


def test_similarity_is_scipys():
    """Truth: scipy.stats.spearmanr of absolute values, with ties."""
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    for _ in range(5):
        first, second = np.round(random.normal(size=(2, 9, 8)), 1)
        expected = stats.spearmanr(np.abs(first).ravel(), np.abs(second).ravel())[0]
        assert similarity(first, second) == pytest.approx(expected)
    assert similarity(first, np.ones_like(first)) == 0


def test_randomized_copies_leave_the_network_alone():
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 4, 3))
    before = [each.weight.clone() for each in net]
    state = torch.get_rng_state()
    first, second = randomized(net, 1), randomized(net, 1)
    assert all(torch.equal(a.weight, b) for a, b in zip(net, before, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first[1].weight, second[1].weight)
    # In cascade from the output: of two layers the last.
    assert not torch.equal(first[1].weight, before[1])
    assert torch.equal(first[0].weight, before[0])


def test_average_drop_by_hand():
    """Faded by (0, 1/2, 1, 0): 4 and 6 become 2 and 6, the mean 16/4 falls to 8/4."""
    values = np.array([[-1.0, 1.0], [2.0, 0.0]])
    pixels = torch.tensor([[[[3.0, 4.0], [6.0, 3.0]]]])
    black = torch.zeros_like(pixels)
    assert fade(values, pixels, black).flatten().tolist() == [0, 2, 6, 0]
    assert measure_drop(values, pixels, black, mean_of) == (0.5, 0.0)
    assert measure_drop(values, pixels, 0 * pixels + 9, mean_of)[1] == 1.0
    # A map that says nothing leaves nothing.
    assert fade(0 * values, pixels, black).abs().max() == 0
