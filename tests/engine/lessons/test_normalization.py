"""Normalization: the course's example, and PyTorch's own layers."""

import numpy as np
import pytest
import torch
from support.jobs import cat
from support.lessons import answer, run_lesson
from torch import nn

from nnviz.base.errors import UsageError
from nnviz.engine.lessons.arithmetic.normalizers import LocalResponse

VALUES = np.array([[1.0, 10, 3], [2, 20, 1], [3, 60, 2], [6, 30, 6]])


def test_input_normalization_of_the_course():
    found = answer("input_normalization").ravel()
    assert found.round(2).tolist() == [1.18, 1.07, 0.26]


def test_features_of_other_number_are_refused():
    with pytest.raises(UsageError, match="--mean: has another number of features"):
        answer("input_normalization", mean="1 2")


def test_batch_norm_is_torch_s():
    found = answer("normalization", gamma=2.0, beta=0.5)
    layer = nn.BatchNorm1d(3, affine=False, dtype=torch.float64)
    expected = 2 * layer(torch.tensor(VALUES)) + 0.5
    assert np.allclose(found, expected.detach(), rtol=0, atol=1e-12)


def test_layer_norm_is_torch_s():
    found = answer("normalization", kind="layer")
    expected = nn.LayerNorm(3, elementwise_affine=False, dtype=torch.float64)
    assert np.allclose(found, expected(torch.tensor(VALUES)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [3, 5])
def test_local_response_norm_across_maps_is_torch_s(size):
    values = np.random.default_rng(0).normal(size=(7, 4, 5))
    ours = LocalResponse(size=size, k=2.0, alpha=0.1, beta=0.75, mean=True)
    layer = nn.LocalResponseNorm(size, alpha=0.1, beta=0.75, k=2.0)
    expected = layer(torch.tensor(values)[None])[0]
    assert np.allclose(ours.across_maps(values), expected, rtol=0, atol=1e-12)


def test_local_response_norm_within_a_map_by_hand():
    values = np.array([[1.0, 2.0], [0.0, 3.0]])
    found = LocalResponse(size=3, k=1.0, alpha=1.0, beta=1.0).within_map(values)
    # All four lie within three by three of each other: 1 + 1 + 4 + 9 = 15.
    assert np.allclose(found, values / 15)


def test_with_the_image_s_statistics_each_channel_is_normalized():
    run, _ = run_lesson(
        "norm_layers",
        model="zoo:resnet18@random",
        image=cat(),
        statistics="of this image",
        channel=3,
    )
    _, after = run.report["figures"].rows
    assert after[1] == pytest.approx(0.0, abs=1e-5)
    assert after[2] == pytest.approx(1.0, abs=1e-3)


def test_histograms_are_shares_of_what_the_layer_reads_and_gives():
    run, _ = run_lesson("norm_layers", model="zoo:resnet18@random", image=cat())
    for shares in run.report.main.series.values():
        assert 95 < shares.sum() <= 100
