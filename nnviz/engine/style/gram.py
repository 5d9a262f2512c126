"""Gram matrices: correlations of channels, summed over all places.

Gatys, Ecker & Bethge 2016 (doi:10.1109/CVPR.2016.265), equation 3; with spatial weights
as in Gatys et al. 2017 (arXiv:1611.07865), section 4.1.
"""

import torch
from torch import Tensor


def gram(maps: Tensor, weights: Tensor | None = None) -> Tensor:
    """Return the Gram matrix: the sum over places of weight * f f^T.

    Args:
        maps: a layer's output, (N, C, h, w); f is the vector of channels at a position.
        weights: of the positions, (h, w); None is 1 for all.

    Returns:
        (N, C, C); sums over parts of an image add up to that of the whole image.
    """
    flat = maps.flatten(2)
    weighted = flat if weights is None else (maps * weights).flatten(2)
    return torch.bmm(weighted, flat.transpose(1, 2))


def gram_gradient(
    maps: Tensor, change: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Return the gradient at a layer of a function of its maps' Gram matrix.

    This takes one matrix product, differentiating ``gram`` two.

    Args:
        maps: as passed to ``gram``.
        change: the function's gradient with respect to the matrix, (N, C, C),
            symmetric.
        weights: as passed to ``gram``.

    Returns:
        Of the shape of ``maps``.
    """
    flat = maps.flatten(2)
    if maps.is_contiguous(memory_format=torch.channels_last):
        # In the memory order of the maps, or the backward pass would have to copy it.
        found = torch.bmm(flat.transpose(1, 2), 2 * change).transpose(1, 2)
    else:
        found = torch.bmm(2 * change, flat)
    found = found.view_as(maps)
    return found if weights is None else found * weights
