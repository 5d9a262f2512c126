"""Autoencoders.

Truth: the principal components by numpy, which bound every linear autoencoder; noise
added by hand.
"""

import numpy as np
import pytest
import torch

from nnviz.engine.learning.autoencoder import AutoencoderRun, AutoencoderSwitches
from nnviz.engine.learning.examples import load_examples
from nnviz.engine.models.networks import Autoencoder


@pytest.fixture(scope="module")
def digits():
    return load_examples("digits", "", 150)


def trained(digits, **switches):
    run = AutoencoderRun(
        AutoencoderSwitches(**switches), digits, torch.Generator().manual_seed(0)
    )
    while not run.ended:
        run.advance()
    return run


def test_a_linear_one_comes_near_the_principal_components(digits):
    run = trained(digits, kind="linear", code=4, epochs=250, learning_rate=0.003)
    x = digits.pixels.flatten(1).double().numpy()
    mean = x.mean(0)
    _, _, axes = np.linalg.svd(x - mean, full_matrices=False)
    best = (x - mean) @ axes[:4].T @ axes[:4] + mean
    least = np.square(best - x).mean()
    given = run.reconstruct(digits.pixels).flatten(1).double().numpy()
    error = np.square(given - x).mean()
    assert least * 0.999 <= error <= 1.1 * least


def test_a_denoising_one_gives_back_less_noise(digits):
    run = trained(
        digits, kind="convolutional", code=24, noise=0.3, epochs=40, learning_rate=0.004
    )
    noise = 0.3 * torch.randn(
        digits.pixels.shape, generator=torch.Generator().manual_seed(1)
    )
    noisy = digits.pixels + noise
    given = run.reconstruct(noisy)
    before = (noisy - digits.pixels).square().mean()
    after = (given - digits.pixels).square().mean()
    assert after < 0.6 * before


@pytest.mark.parametrize("kind", ["linear", "deep", "convolutional"])
def test_a_code_of_two_numbers_is_decoded(kind):
    net = Autoencoder(kind, 3, 32, 2)
    code = net.encoder(torch.rand(5, 3, 32, 32))
    assert code.shape == (5, 2)
    assert net.decode(code).shape == (5, 3, 32, 32)
