"""A small U-Net: a class for each pixel."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class UNet(nn.Module):
    """A U-Net (Ronneberger et al. 2015, arXiv:1505.04597, fig. 1), thin and padded.

    Each level halves the size and doubles the channels up to a limit; on the way up
    each level sees its own features from the way down again.  Batch norm and padding,
    which the paper's does without, keep the output as large as the input.  Every ReLU
    is a module of its own and none works in place.  Takes any size.

    Args:
        classes: length of the output, the background counted.
        widths: channels of each level, the finest first.
    """

    def __init__(
        self, classes: int, widths: tuple[int, ...] = (8, 16, 32, 64, 96)
    ) -> None:
        super().__init__()
        finest, *deeper = widths
        self.stem = _convolution(3, finest)
        self.down = nn.ModuleList(
            nn.Sequential(
                OrderedDict(
                    first=_convolution(upper, lower, stride=2),
                    second=_convolution(lower, lower),
                )
            )
            for upper, lower in zip(widths, deeper, strict=False)
        )
        pairs = list(zip(widths, deeper, strict=False))[::-1]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(lower, upper, 2, 2) for upper, lower in pairs
        )
        self.merge = nn.ModuleList(
            _convolution(2 * upper, upper) for upper, _lower in pairs
        )
        self.classifier = nn.Conv2d(finest, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised pixels (N, 3, H, W) to logits (N, classes, H, W)."""
        x = self.stem(x)
        passed = []
        for level in self.down:
            passed.append(x)
            x = level(x)
        for rise, merge in zip(self.up, self.merge, strict=True):
            same = passed.pop()
            # An odd side was rounded up on the way down.
            risen = rise(x)[..., : same.shape[2], : same.shape[3]]
            x = merge(torch.cat([same, risen], 1))
        logits: Tensor = self.classifier(x)
        return logits


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            bn=nn.BatchNorm2d(outputs),
            relu=nn.ReLU(),
        )
    )
