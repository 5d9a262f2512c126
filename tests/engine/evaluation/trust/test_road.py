"""ROAD's imputation; truths: the linear system solved directly, means by hand."""

import numpy as np
import pytest
import torch

from nnviz.engine.evaluation.trust.road import PERCENTILES, impute, measure_road
from nnviz.engine.evaluation.trust.trial import Trial


def solved(image, removed):
    """The authors' system, written out pixel by pixel and solved by LAPACK."""
    height, width = removed.shape
    places = [tuple(at) for at in np.argwhere(removed)]
    number = {at: n for n, at in enumerate(places)}
    matrix, right = np.zeros((len(places),) * 2), np.zeros(len(places))
    for row, (y, x) in enumerate(places):
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                at = y + down, x + across
                inside = 0 <= at[0] < height and 0 <= at[1] < width
                if (down, across) == (0, 0) or not inside:
                    continue
                weight = 1 / 12 if down and across else 1 / 6
                matrix[row, row] += weight
                if at in number:
                    matrix[row, number[at]] -= weight
                else:
                    right[row] += weight * image[at]
    found = image.copy()
    found[removed] = np.linalg.solve(matrix, right)
    return found


def test_imputation_solves_the_linear_system():
    random = np.random.default_rng(0)
    image, removed = random.random((9, 7)), random.random((9, 7)) < 0.7
    found = impute(torch.from_numpy(image)[None, None], torch.from_numpy(removed))
    assert found[0, 0].numpy() == pytest.approx(solved(image, removed), abs=1e-4)


def test_a_single_pixel_becomes_the_mean_of_its_neighbors():
    image = torch.arange(9.0).view(1, 1, 3, 3)
    removed = torch.zeros(3, 3, dtype=torch.bool)
    removed[1, 1] = True
    found = impute(image, removed)[0, 0, 1, 1]
    sides, corners = (1 + 3 + 5 + 7) / 6, (0 + 2 + 6 + 8) / 12
    assert float(found) == pytest.approx(sides + corners)


def test_a_map_of_what_counts_scores_higher():
    """The score is the left half's mean: removing it by neighbors pulls it down."""
    pixels = torch.zeros(1, 1, 16, 16)
    pixels[..., :8] = 1
    trial = Trial(pixels, torch.zeros(1, 1, 1), lambda x: x[..., :8].mean((1, 2, 3)))
    left = np.zeros((16, 16))
    left[:, :8] = np.linspace(1, 2, 8)
    found = []
    for values in (left, -left):
        turns = measure_road(trial, values, torch.Generator().manual_seed(0))
        try:
            while True:
                next(turns)
        except StopIteration as stop:
            found.append(stop.value)
    assert len(found[0]) == len(PERCENTILES)
    assert sum(found[0]) > 0 > sum(found[1])
