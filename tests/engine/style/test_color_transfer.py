"""Colors kept or matched: the properties that arXiv:1606.05897 asks for."""

import numpy as np
import torch

from nnviz.engine.style.color_transfer import matched, to_luminance, with_colors_of


def picture(seed, spread=0.1):
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(3, 3, generator=generator)
    flat = mixing @ torch.randn(3, 30 * 20, generator=generator)
    return (0.5 + spread * flat / flat.abs().max()).view(1, 3, 30, 20)


def statistics(x):
    flat = x[0].flatten(1).double().numpy()
    return flat.mean(1), np.cov(flat, bias=True)


def test_mean_and_covariance_become_the_others():
    one, two = picture(1), picture(2, 0.2)
    mean, covariance = statistics(matched(one, two))
    wanted_mean, wanted = statistics(two)
    np.testing.assert_allclose(mean, wanted_mean, atol=1e-4)
    # 1e-7 is added to the variances, so that a flat picture can be matched too.
    np.testing.assert_allclose(covariance, wanted, rtol=1e-2, atol=1e-6)


def test_a_flat_picture_takes_the_mean():
    flat = torch.full((1, 3, 8, 8), 0.2)
    found = matched(flat, picture(2))
    assert torch.allclose(found.mean((2, 3)), picture(2).mean((2, 3)), atol=1e-4)
    assert float(found.std()) < 0.05


def test_luminance_of_one_in_the_colors_of_the_other():
    """NTSC: Y is 0.299 R + 0.587 G + 0.114 B; I and Q are differences of colors."""
    painting, photograph = picture(3), picture(4)
    found = with_colors_of(painting, photograph)

    def luminance(x):
        return 0.299 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2]

    assert torch.allclose(luminance(found), luminance(painting), atol=1e-6)
    for a, b in ((0, 1), (1, 2)):
        ours, theirs = found[:, a] - found[:, b], photograph[:, a] - photograph[:, b]
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_gray_of_pure_colors():
    pure = torch.eye(3).view(1, 3, 1, 3)
    assert torch.allclose(
        to_luminance(pure)[0, 0, 0], torch.tensor([0.299, 0.587, 0.114])
    )
    assert torch.equal(to_luminance(pure)[0, 0], to_luminance(pure)[0, 2])
