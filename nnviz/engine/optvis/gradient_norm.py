"""Normalizations of a dream's gradient, for steps of one size at any scale."""

import torch
from torch import Tensor
from torch.nn import functional

_TINY = 1e-8
_BANDS = 4
_BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)
_DOUBLED = 2


def by_mean(gradient: Tensor) -> Tensor:
    """Divide a gradient in place by the mean of its magnitude.

    A gradient of zero is unchanged (google/deepdream, ``dream.ipynb``).
    """
    return _divided(gradient, float(gradient.abs().mean(dtype=torch.float64)))


def by_spread(gradient: Tensor) -> Tensor:
    """Divide a gradient in place by its standard deviation.

    As in TensorFlow's tutorial (tensorflow/docs, ``deepdream.ipynb``).
    """
    return _divided(gradient, float(gradient.std(correction=0)) + _TINY)


def by_bands(gradient: Tensor) -> Tensor:
    """Divide each frequency band of a gradient by the band's standard deviation.

    The bands are those of a Laplacian pyramid (Burt & Adelson 1983,
    doi:10.1109/TCOM.1983.1095851) of five levels, so that large shapes grow as fast as
    grain (``lap_normalize`` in TensorFlow's deep dream of 2015).  Small images have
    fewer levels.

    Args:
        gradient: (1, C, H, W); overwritten.
    """
    bands: list[Tensor] = []
    low = gradient
    while len(bands) < _BANDS and min(low.shape[2:]) >= len(_BINOMIAL):
        smaller = _halved(low)
        bands.append(by_spread(low.sub_(_doubled(smaller, low))))
        low = smaller
    total = by_spread(low)
    for band in reversed(bands):
        total = band.add_(_doubled(total, band))
    return total


def _halved(picture: Tensor) -> Tensor:
    """Return an image blurred with the binomial kernel and downsampled by 2."""
    reach = len(_BINOMIAL) // 2
    padded = functional.pad(picture, (reach,) * 4, mode="replicate")
    kernel = _kernel(picture)
    return functional.conv2d(padded, kernel, stride=2, groups=picture.shape[1])


def _doubled(picture: Tensor, like: Tensor) -> Tensor:
    """Return an image upsampled by 2, to the size of another."""
    reach = len(_BINOMIAL) // 2
    # Edges are replicated, or the kernel would see zeros beyond them.
    padded = functional.pad(picture, (1,) * 4, mode="replicate")
    kernel = _kernel(picture) * _DOUBLED**2
    found = functional.conv_transpose2d(
        padded, kernel, stride=_DOUBLED, groups=picture.shape[1]
    )
    first = reach + _DOUBLED
    height, width = like.shape[2:]
    return found[..., first : first + height, first : first + width]


def _kernel(picture: Tensor) -> Tensor:
    row = torch.tensor(_BINOMIAL, dtype=picture.dtype, device=picture.device)
    kernel = row.outer(row) / row.sum() ** 2
    return kernel.expand(picture.shape[1], 1, -1, -1)


def _divided(gradient: Tensor, size: float) -> Tensor:
    return gradient.div_(size) if size else gradient
