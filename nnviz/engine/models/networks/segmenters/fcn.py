"""Fully convolutional networks: FCN-32s, FCN-16s and FCN-8s."""

from collections.abc import Iterator

import torch
from torch import Size, Tensor, nn
from torch.nn import functional

from nnviz.engine.models.networks.segmenters.vgg_trunk import (
    WIDTHS,
    VggTrunk,
    convolution,
    cut,
)

_HEAD = 128
_DEEPEST = 32


class Fcn(nn.Module):
    """A fully convolutional network (Long et al. 2015, arXiv:1411.4038, section 4).

    Scores of the deepest maps, at 1/32 of the input's size, are doubled by transposed
    convolutions that begin as bilinear interpolation and added to scores of shallower
    maps until a cell is ``stride`` px wide; the rest is bilinear interpolation.

    Args:
        classes: length of the output, including the background.
        stride: cell size of the finest scores in px of the input: 32, 16 or 8.
    """

    def __init__(self, classes: int, stride: int = 8) -> None:
        super().__init__()
        self.trunk = VggTrunk()
        self.head = nn.Sequential()
        self.head.add_module("fc6", convolution(WIDTHS[-1], _HEAD))
        self.head.add_module("fc7", convolution(_HEAD, _HEAD, 1))
        self.score = nn.Conv2d(_HEAD, classes, 1)
        skips = (_DEEPEST // stride).bit_length() - 1
        self.skips = nn.ModuleList(
            nn.Conv2d(WIDTHS[-2 - level], classes, 1) for level in range(skips)
        )
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(classes, classes, 4, 2, 1, bias=False)
            for _ in range(skips)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits (N, classes, H, W)."""
        *_, logits = self.levels(x)
        return logits

    def levels(self, x: Tensor) -> Iterator[Tensor]:
        """Yield logits at 1/32 of the input's size, at each skip's, and in full."""
        *shallower, deepest = self.trunk(x).maps
        logits = self.score(self.head(deepest))
        yield logits
        for skip, up in zip(self.skips, self.up, strict=True):
            maps = shallower.pop()
            logits = cut(up(logits), maps.shape[2:]) + skip(maps)
            yield logits
        yield _enlarged(logits, x.shape[2:], _DEEPEST >> len(self.skips))

    @torch.no_grad()
    def start_bilinear(self) -> None:
        """Initialize skips to zero, transposed convolutions to bilinear upsampling."""
        for parameter in self.skips.parameters():
            nn.init.zeros_(parameter)
        for kernel in self.up.parameters():
            kernel.copy_(_bilinear(len(kernel)))


def _bilinear(classes: int) -> Tensor:
    """Return bilinear upsampling kernels, (classes, classes, 4, 4)."""
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    return torch.eye(classes)[:, :, None, None] * torch.outer(line, line)


def _enlarged(logits: Tensor, size: Size, stride: int) -> Tensor:
    found = functional.interpolate(logits, scale_factor=float(stride), mode="bilinear")
    return cut(found, size)
