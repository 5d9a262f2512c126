"""Printability and smoothness of a patch (non-printability score)."""

import torch
from torch import Tensor

from nnviz.base.stickers.placement import Outline
from nnviz.engine.attacks.patch.compositing import Sticker
from nnviz.engine.imaging.total_variation import total_variation
from nnviz.media.stickers.cutting import disc

_LEVELS = (0.1, 0.45, 0.8)
"""Levels of each color, roughly an office printer's range: no black, no pure light."""


def outlined(outline: Outline, side: int, like: Tensor) -> Tensor:
    """Return the opacity mask of a sticker's outline, (1, 1, side, side)."""
    if outline == "square":
        return torch.ones((1, 1, side, side)).to(like)
    return torch.from_numpy(disc(side))[None, None].to(like)


def unprintable(sticker: Sticker) -> Tensor:
    """Return the root mean square distance of colors from printable ones.

    The non-printability score of Sharif et al. 2016 (doi:10.1145/2976749.2978392),
    equation 5, with the nearest printable color instead of the product over all, and a
    coarse lattice of colors instead of a measured print.  Transparent pixels are not
    printed.
    """
    colors, alpha = sticker.colors, sticker.alpha
    levels = torch.tensor(_LEVELS).to(colors)
    away = (colors[..., None] - levels).abs().amin(-1).square()
    return ((away * alpha).sum() / (alpha.sum() * colors.shape[1])).sqrt()


def penalty(sticker: Sticker, smoothness: float, printable: float) -> Tensor:
    """Return the penalty on a sticker's look that is added to the loss, ()."""
    found = sticker.colors.new_zeros(())
    if smoothness:
        found = found + smoothness * total_variation(sticker.colors).sum()
    if printable:
        found = found + printable * unprintable(sticker)
    return found
