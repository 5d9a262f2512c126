"""Infidelity and max-sensitivity; truths: linear scores, cases worked by hand."""

import numpy as np
import pytest
import torch

from nnviz.engine.evaluation.trust.infidelity import (
    Drops,
    draw_squares,
    infidelity,
    measure_drops,
)
from nnviz.engine.evaluation.trust.max_sensitivity import (
    RADIUS,
    perturbed,
    relative_changes,
)
from nnviz.engine.evaluation.trust.trial import Trial


def finished(turns):
    try:
        while True:
            next(turns)
    except StopIteration as stop:
        return stop.value


def test_input_times_weight_foretells_a_linear_score():
    """Yeh et al. 2019: of a linear score its own terms have infidelity 0."""
    random = np.random.default_rng(0)
    weights = torch.from_numpy(random.random((12, 10)))
    pixels = torch.from_numpy(random.random((1, 1, 12, 10)))
    trial = Trial(pixels, torch.zeros(1, 1, 1), lambda x: (x * weights).sum((1, 2, 3)))
    drops = finished(measure_drops(trial, torch.zeros_like(pixels), 20, random))
    terms = (pixels[0, 0] * weights).numpy()
    assert infidelity(terms, drops, scaled=False) == pytest.approx(0, abs=1e-12)
    assert infidelity(3 * terms, drops) == pytest.approx(0, abs=1e-12)
    assert infidelity(random.random(terms.shape), drops) > 0.001
    assert infidelity(np.zeros(terms.shape), drops) == pytest.approx(1)


def test_infidelity_by_hand():
    """Sums 3 and 1, falls 2 and 2: (1 + 1) / 2; scaled by 8 / 10: (0.16 + 1.44) / 8."""
    masks = np.array([[[True, True]], [[True, False]]])
    drops = Drops(masks, np.array([2.0, 2.0]))
    values = np.array([[1.0, 2.0]])
    assert infidelity(values, drops, scaled=False) == pytest.approx(1)
    assert infidelity(values, drops) == pytest.approx((0.4**2 + 1.2**2) / 8)


def test_squares_lie_inside():
    masks = draw_squares((20, 31), 50, np.random.default_rng(1))
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        assert len(rows) == len(columns)
        assert mask.sum() == len(rows) ** 2
        assert 2 <= len(rows) <= 10


def test_max_sensitivity_by_hand():
    values = np.array([[3.0, 4.0]])
    near = np.array([[3.0, 5.0]])
    assert relative_changes(values, [near, 2 * values]) == [0.2, 1.0]
    assert relative_changes(0 * values, [values, 0 * values]) == [float("inf"), 0.0]
    pixels = torch.full((1, 3, 8, 8), 0.99)
    drawn = perturbed(pixels, torch.Generator().manual_seed(0))
    assert float((drawn - pixels).abs().max()) <= RADIUS + 1e-6
    assert float(drawn.max()) <= 1
