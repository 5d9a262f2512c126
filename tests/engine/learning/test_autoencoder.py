"""Autoencoders.

Truth: the principal components by numpy, which bound every linear autoencoder; noise
added by hand.
"""

import numpy as np
import pytest
import torch

import nnviz
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


def test_continued_at_its_end_it_decodes_another_code(tmp_path):
    """Truth: what the run without an end decodes, and the codes, which stay."""
    values = {"code": 2, "epochs": 2, "image_count": 60}
    first = nnviz.run(
        "train_autoencoder", None, None, seed=1, record=tmp_path / "a", **values
    ).report
    nowhere = nnviz.resume(tmp_path / "a", record=tmp_path / "b").report
    second = nnviz.resume(tmp_path / "a", record=tmp_path / "c", x=3.0, y=2.0).report
    assert np.array_equal(nowhere["decoded here"].pixels, first["decoded here"].pixels)
    assert not np.array_equal(
        second["decoded here"].pixels, first["decoded here"].pixels
    )
    of_first, of_second = (
        {points.name: points.places for points in report["code"].points}
        for report in (first, second)
    )
    assert of_second["decoded here"].tolist() == [[3.0, 2.0]]
    np.testing.assert_array_equal(
        of_first["held-out images"], of_second["held-out images"]
    )
