"""A U-Net on the scene detector's trunk, for semantic segmentation."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.models.networks.scene_trunk import SceneTrunk


def merge_block(channels: int) -> nn.Sequential:
    """Build the convolution that merges a skip with the upsampled level."""
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(2 * channels, channels, 3, 1, 1, bias=False),
            bn=nn.BatchNorm2d(channels),
            relu=nn.ReLU(),
        )
    )


class UNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015, arXiv:1505.04597) with a residual trunk.

    The encoder is the detector's trunk, from 1/2 to 1/32 of the input's size; in the
    decoder each level is concatenated with the encoder's features of its size.  Every
    level predicts classes, and the next finer one adds its correction (as in Long et
    al. 2015, arXiv:1411.4038, fig. 3): coarse levels recognize a shape, fine ones its
    outline.  Every ReLU is a module of its own and none works in place. Accepts any
    size of at least 32 x 32 px.

    Args:
        classes: length of the output, including the background.
        width: channels of the trunk's first convolution.
        deeper: how many residual blocks follow each stage of the trunk.
    """

    def __init__(
        self,
        classes: int,
        width: int = 16,
        deeper: tuple[int, int, int, int] = (0, 0, 0, 0),
    ) -> None:
        super().__init__()
        self.trunk = SceneTrunk(width, deeper)
        *upper, deepest = self.trunk.channels
        rising = [deepest, *upper[::-1]]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(lower, upper, 2, 2) for lower, upper in pairwise(rising)
        )
        self.merge = nn.ModuleList(merge_block(channels) for channels in rising[1:])
        self.scores = nn.ModuleList(
            nn.Conv2d(channels, classes, 1) for channels in rising
        )
        self.classifier = nn.ConvTranspose2d(rising[-1], classes, 2, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits (N, classes, H, W)."""
        *_, logits = self.levels(x)
        return logits

    def levels(self, x: Tensor) -> Iterator[Tensor]:
        """Yield logits from 1/32 of the input's size, doubling, up to the full size.

        Each level is computed only when requested.
        """
        size = x.shape[2:]
        levels = zip(self.scores, rise(self.trunk(x), self.up, self.merge), strict=True)
        score, features = next(levels)
        logits = score(features)
        yield logits
        for score, features in levels:
            logits = score(features) + _cut(_doubled(logits), features.shape[2:])
            yield logits
        yield _cut(self.classifier(features) + _doubled(logits), size)


def rise(
    passed: Sequence[Tensor], up: nn.ModuleList, merge: nn.ModuleList
) -> Iterator[Tensor]:
    """Yield the decoder's features lazily, from 1/32 of the input's size, doubling.

    Args:
        passed: the encoder's features, the largest first.
        up: modules that double the size, one for each level.
        merge: merges the upsampled features with the encoder's.
    """
    *finer, x = passed
    yield x
    for double, join in zip(up, merge, strict=True):
        same = finer.pop()
        x = join(torch.cat([same, _cut(double(x), same.shape[2:])], 1))
        yield x


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear")


def _cut(x: Tensor, size: torch.Size) -> Tensor:
    """Crop maps at the bottom and right, where odd sides were rounded up."""
    return x[..., : size[0], : size[1]]
