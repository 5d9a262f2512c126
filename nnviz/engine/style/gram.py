"""Gram matrices: correlations of channels, summed over all places.

Gatys, Ecker & Bethge 2016 (doi:10.1109/CVPR.2016.265), equation 3; with the weights of
places as Gatys et al. 2017 (arXiv:1611.07865), section 4.1, have them.
"""

import torch
from torch import Tensor


def gram(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the Gram matrix: the sum over places of weight * f f^T.

    Args:
        maps: what a layer gives, (N, C, h, w); f is a place's vector of channels.
        weights: of the places, (h, w); None is 1 for all.

    Returns:
        (N, C, C); sums over parts of an image add up to that of the whole.
    """
    flat = maps.flatten(2)
    weighted = flat if weights is None else (maps * weights).flatten(2)
    return torch.bmm(weighted, flat.transpose(1, 2))


def gram_gradient(
    maps: Tensor, change: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Return the gradient at a layer of a function of its maps' Gram matrix.

    This takes one matrix product, while differentiating ``gram`` takes two.

    Args:
        maps: as ``gram`` was given.
        change: the function's gradient with respect to the matrix, (N, C, C),
            symmetric.
        weights: as ``gram`` was given.

    Returns:
        As ``maps``.
    """
    flat = maps.flatten(2)
    if maps.is_contiguous(memory_format=torch.channels_last):
        # Laid out as it is, or what goes back would be laid out anew on its way.
        found = torch.bmm(flat.transpose(1, 2), 2 * change).transpose(1, 2)
    else:
        found = torch.bmm(2 * change, flat)
    found = found.view_as(maps)
    return found if weights is None else found * weights
