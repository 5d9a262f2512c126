"""Kernels: hand-worked cases, obvious twins, and the layers' own arithmetic."""

import numpy as np
import pytest
import torch
from support.jobs import never
from torch import nn

from nnviz.engine.nn.kernels import chain, cosines, kernels_of, nearest, norms


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3),
        nn.Conv2d(4, 6, (1, 3), groups=2),
        nn.Conv2d(4, 8, 3, groups=4),
        nn.ConvTranspose2d(4, 6, 3),
        nn.ConvTranspose2d(4, 6, 3, groups=2),
    ],
)
def test_a_kernel_is_what_its_output_depends_on(layer):
    # Zeroing all weights but those of output k must leave output k, and only it.
    kernels = kernels_of(layer)
    assert len(kernels) == layer.out_channels
    assert kernels.shape[1] == layer.in_channels // layer.groups
    for index, kernel in enumerate(kernels):
        x = torch.ones(1, layer.in_channels, 8, 8)
        output = layer(x)[0, index, 4, 4] - layer.bias[index]
        assert output.item() == pytest.approx(kernel.sum(), abs=1e-5)


def test_kernels_are_a_copy():
    layer = nn.Conv2d(3, 2, 3)
    before = layer.weight.detach().clone()
    kernels_of(layer)[:] = 0
    assert torch.equal(layer.weight, before)


def test_layers_without_kernels():
    assert kernels_of(nn.Linear(3, 4)) is None


def test_norms_and_cosines_agree_with_float64():
    kernels = np.random.default_rng(0).normal(size=(700, 3, 3, 3)).astype(np.float32)
    flat = kernels.reshape(700, -1).astype(np.float64)
    length = np.sqrt((flat**2).sum(axis=1))
    assert np.allclose(norms(kernels), length, rtol=1e-12)
    expected = flat @ flat.T / np.outer(length, length)
    assert np.abs(cosines(kernels, never) - expected).max() < 1e-6


def test_zero_kernel_is_like_nothing():
    kernels = np.zeros((2, 1, 1, 2), np.float32)
    kernels[1] = [3, 4]
    assert cosines(kernels, never).tolist() == [[0, 0], [0, 1]]


def test_nearest_counts_opposites_and_not_itself():
    kernels = np.array([[1, 0], [-1, 0.1], [0, 1]], np.float32).reshape(3, 1, 1, 2)
    index, cosine = nearest(cosines(kernels, never))
    assert index.tolist() == [1, 0, 1]
    assert cosine[0] == pytest.approx(-1 / 1.01**0.5)


def test_chain_of_a_hand_worked_case():
    # Angles 0, 90, 10, 95 degrees from 0 on: 0, 10, 90, 95.
    angles = np.deg2rad([0, 90, 10, 95])
    alike = np.cos(angles[:, None] - angles)
    assert chain(alike.astype(np.float32), 0).tolist() == [0, 2, 1, 3]


def test_chain_names_each_once_and_keeps_the_order_of_equals():
    assert chain(np.ones((5, 5), np.float32), 2).tolist() == [2, 0, 1, 3, 4]
