"""Occlusion by incremental passes: truth is each image computed in full."""

import numpy as np
import pytest
from support.jobs import run_method, run_network
from torch import nn

from nnviz.base.preprocess import Preprocess
from nnviz.engine.jobs import Session

SIDE = 40
PREPROCESS = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "values",
    [
        {"window": 13, "stride": 9, "edges": "cut", "fill": "mean"},
        {"window": 13, "stride": 9, "fill": "blur"},
        {"window": 16, "stride": 16, "fill": "inpainted"},
        {"window": 24, "stride": 24, "target": "stage1:3"},
    ],
)
def test_both_computations_give_one_map(session, values):
    found, full = (
        run_method(session, "occlusion", "bundled:scenes", computation=how, **values)
        for how in ("incremental", "full")
    )
    for name in ("occlusion", "map"):
        mine, right = (run.report.results[name].values for run in (found, full))
        assert mine.shape == right.shape
        assert np.abs(mine - right).max() <= 1e-5 * np.ptp(right)
    assert "incremental passes" in found.report.notes[-1]
    assert not any("incremental" in note for note in full.report.notes)


def test_a_preview_says_that_it_is_one(session):
    """bfloat16 has 8 bits: about a hundredth of the map's range."""
    rough, exact = (
        run_method(session, "occlusion", "bundled:scenes", computation=how)
        for how in ("bfloat16", "full")
    )
    mine, right = (run.report.results["map"].values for run in (rough, exact))
    assert 0 < np.abs(mine - right).max() <= 0.1 * np.ptp(right)
    assert any("preview" in note for note in rough.report.notes)


class Fickle(nn.Module):
    """Branches on a number, though always the same way: an operation cannot tell."""

    def __init__(self):
        super().__init__()
        self.filters = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        maps = self.filters(x)
        if maps.mean() > -100:
            maps = maps.relu()
        return self.head(maps.mean((2, 3)))


def test_a_network_that_looks_at_numbers_is_computed_in_full(session):
    net = Fickle()
    found, full = (
        run_network(session, net, PREPROCESS, "occlusion", computation=how)
        for how in ("incremental", "full")
    )
    assert any("computed in full" in note for note in found.report.notes)
    mine, right = (run.report.results["map"].values for run in (found, full))
    assert np.ptp(right) > 0
    assert np.array_equal(mine, right)
