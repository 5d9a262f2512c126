"""Segmenters with skip connections: U-Net and SharpMask."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn

from nnviz.engine.models.networks.segmenters.deep_supervision import DeeplySupervised
from nnviz.engine.models.networks.segmenters.vgg_trunk import (
    WIDTHS,
    convolution,
    cut,
    doubled,
)

_MASK_WIDTHS = (16, 16, 24, 32, 48, 64)
"""Channels of SharpMask's mask encoding at 1, 1/2, ... 1/32 of the input's size."""


class VggUNet(DeeplySupervised):
    """A U-Net (Ronneberger et al. 2015, arXiv:1505.04597) on the shared trunk.

    Transposed convolutions double the maps; each level is concatenated with the
    encoder's maps of its size, all of their channels, and two convolutions follow.

    Args:
        classes: length of the output, including the background.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(classes, WIDTHS[::-1])
        falling = tuple(pairwise(WIDTHS[::-1]))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(lower, upper, 2, 2) for lower, upper in falling
        )
        self.merge = nn.ModuleList(
            nn.Sequential(convolution(2 * upper, upper), convolution(upper, upper))
            for _, upper in falling
        )

    def decoded(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the decoder's maps, the coarsest first."""
        *passed, x = self.trunk(x).maps
        yield x
        for up, merge in zip(self.up, self.merge, strict=True):
            same = passed.pop()
            x = merge(torch.cat([same, cut(up(x), same.shape[2:])], 1))
            yield x


class SharpMask(DeeplySupervised):
    """SharpMask's refinement (Pinheiro et al. 2016, arXiv:1603.08695) for classes.

    A coarse mask encoding is refined from level to level: the encoder's maps, reduced
    by a convolution, are concatenated with it, another convolution merges both, and the
    result is doubled by interpolation.  The skips cost far less than a U-Net's.

    Args:
        classes: length of the output, including the background.
    """

    def __init__(self, classes: int) -> None:
        finer = (*_MASK_WIDTHS[-2::-1], _MASK_WIDTHS[0])
        super().__init__(classes, finer)
        self.coarse = convolution(WIDTHS[-1], _MASK_WIDTHS[-1], 1)
        self.refine = nn.ModuleList(
            Refinement(maps, mask, merged)
            for maps, mask, merged in zip(
                WIDTHS[::-1], _MASK_WIDTHS[::-1], finer, strict=True
            )
        )

    def decoded(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the mask encodings, the coarsest first."""
        maps = self.trunk(x).maps[::-1]
        mask = self.coarse(maps[0])
        for index, (level, refine) in enumerate(zip(maps, self.refine, strict=True)):
            if index:
                mask = doubled(mask, level.shape[2:])
            mask = refine(level, mask)
            yield mask


class Refinement(nn.Module):
    """SharpMask's refinement module: reduce the encoder's maps and merge them in."""

    def __init__(self, maps: int, mask: int, finer: int) -> None:
        super().__init__()
        self.skip = convolution(maps, mask)
        self.merge = convolution(2 * mask, finer)

    def forward(self, maps: Tensor, mask: Tensor) -> Tensor:
        """Refine a mask encoding by maps (N, C, H, W) of the same size."""
        merged: Tensor = self.merge(torch.cat([self.skip(maps), mask], 1))
        return merged
