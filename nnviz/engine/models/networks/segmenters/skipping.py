"""Segmenters whose decoders see the encoder's maps: U-Net and SharpMask."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from nnviz.engine.models.networks.segmenters.vgg_trunk import (
    WIDTHS,
    VggTrunk,
    convolution,
    cut,
    doubled,
)

_MASK_WIDTHS = (16, 16, 24, 32, 48, 64)
"""Channels of SharpMask's mask encoding at 1, 1/2, ... 1/32 of the input's size."""


class VggUNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015, arXiv:1505.04597) on the shared trunk.

    Transposed convolutions double the maps; each level is joined with the encoder's
    maps of its size, all of their channels, and two convolutions follow.

    Args:
        classes: length of the output, the background counted.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.trunk = VggTrunk()
        falling = tuple(pairwise(WIDTHS[::-1]))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(lower, upper, 2, 2) for lower, upper in falling
        )
        self.merge = nn.ModuleList(
            nn.Sequential(convolution(2 * upper, upper), convolution(upper, upper))
            for _, upper in falling
        )
        self.classifier = nn.Conv2d(WIDTHS[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits (N, classes, H, W)."""
        *passed, x = self.trunk(x).maps
        for up, merge in zip(self.up, self.merge, strict=True):
            same = passed.pop()
            x = merge(torch.cat([same, cut(up(x), same.shape[2:])], 1))
        logits: Tensor = self.classifier(x)
        return logits


class SharpMask(nn.Module):
    """SharpMask's refinement (Pinheiro et al. 2016, arXiv:1603.08695) for classes.

    A coarse mask encoding is refined from level to level: the encoder's maps, made
    narrow by a convolution, are joined to it, another convolution merges both, and the
    result is doubled by interpolation.  The skips cost far less than a U-Net's.

    Args:
        classes: length of the output, the background counted.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.trunk = VggTrunk()
        self.coarse = convolution(WIDTHS[-1], _MASK_WIDTHS[-1], 1)
        self.refine = nn.ModuleList(
            Refinement(maps, mask, finer)
            for maps, mask, finer in zip(
                WIDTHS[::-1],
                _MASK_WIDTHS[::-1],
                (*_MASK_WIDTHS[-2::-1], _MASK_WIDTHS[0]),
                strict=True,
            )
        )
        self.classifier = nn.Conv2d(_MASK_WIDTHS[0], classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits (N, classes, H, W)."""
        maps = self.trunk(x).maps[::-1]
        mask = self.coarse(maps[0])
        for place, (level, refine) in enumerate(zip(maps, self.refine, strict=True)):
            if place:
                mask = doubled(mask, level.shape[2:])
            mask = refine(level, mask)
        logits: Tensor = self.classifier(mask)
        return logits


class Refinement(nn.Module):
    """A refinement module: narrow the encoder's maps, join the mask, merge both."""

    def __init__(self, maps: int, mask: int, finer: int) -> None:
        super().__init__()
        self.skip = convolution(maps, mask)
        self.merge = convolution(2 * mask, finer)

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:
        """Map (N, C, H, W) and a mask encoding of its size to a finer encoding."""
        merged: Tensor = self.merge(torch.cat([self.skip(maps), mask], 1))
        return merged
