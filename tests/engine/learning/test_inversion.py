"""Decoders that invert features.

Truth: features that are the image itself, which can be given back, and features that
are noise, of which nothing comes back but the mean image; a bound on memory by hand.
"""

import pytest
import torch

from nnviz.base.errors import UsageError
from nnviz.engine.learning import inversion
from nnviz.engine.learning.inversion import (
    FeaturePairs,
    InversionDecoder,
    InversionRun,
)

SIDE = 32


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Decode small images, which takes less time."""
    monkeypatch.setattr(inversion, "SIDE", SIDE)


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def blobs(count, seed):
    """Images of one bright rectangle each."""
    corners = torch.randint(0, 20, (count, 2), generator=seeded(seed))
    colors = torch.rand(count, 3, generator=seeded(seed + 1))
    images = torch.zeros(count, 3, SIDE, SIDE)
    for image, (y, x), color in zip(images, corners.tolist(), colors, strict=True):
        image[:, y : y + 12, x : x + 12] = color[:, None, None]
    return images


def trained(extract, epochs):
    learned, held_out = FeaturePairs(blobs(32, 0), extract), FeaturePairs(
        blobs(16, 5), extract
    )  # fmt: skip
    run = InversionRun(learned, held_out, 0.003, seeded(2))
    while len(run.losses) < epochs:
        run.advance()
    return run


def averaged(pixels):
    return torch.nn.functional.avg_pool2d(pixels, 4)


def test_what_the_features_keep_comes_back():
    run = trained(averaged, 8)
    assert run.held[-1] < 0.6 * run.blind


def test_of_noise_comes_back_no_more_than_the_mean_image():
    noise = seeded(9)
    run = trained(lambda x: torch.randn(len(x), 8, 8, 8, generator=noise), 2)
    assert run.held[-1] > 0.8 * run.blind


@pytest.mark.parametrize(
    "shape", [(64, 1, 1), (16, 7, 7), (8, 4, 6), (3, 32, 32), (5, 28, 28)]
)
def test_any_shape_of_features_is_decoded(shape):
    net = InversionDecoder(shape, 3)
    assert net(torch.rand(2, *shape)).shape == (2, 3, SIDE, SIDE)


def test_features_are_computed_once_and_finer_maps_are_averaged():
    passes = []

    def extract(pixels):
        passes.append(len(pixels))
        return pixels.repeat(1, 1, 2, 2)

    pairs = FeaturePairs(blobs(6, 0), extract)
    first = pairs.features(torch.tensor([4, 1]))
    assert first.shape == (2, 3, SIDE, SIDE)
    assert torch.equal(pairs.features(torch.tensor([1, 4])), first.flip(0))
    assert passes == [2]


def test_features_that_fit_no_memory_are_refused(monkeypatch):
    """100 images of 3 * 32 * 32 numbers of 2 bytes are 600 KiB."""
    monkeypatch.setattr(inversion, "_MOST_BYTES", 1 << 19)
    pairs = FeaturePairs(blobs(100, 0), lambda pixels: pixels)
    with pytest.raises(UsageError, match=r"take 0 MiB; at most 85"):
        pairs.features(torch.tensor([0]))
