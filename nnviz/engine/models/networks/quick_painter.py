"""A feed-forward style network that keeps up with a camera on two cores."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

_LARGEST = 2.0


class QuickPainter(nn.Module):
    """Feed-forward style transfer: Johnson et al.'s network at a tenth of its cost.

    The image is halved by the first convolution, of 7 x 7 instead of 9 x 9, so nothing
    wide is computed at full size; full-resolution detail is restored by a skip
    connection of one 1 x 1 convolution.  Takes (N, 3, H, W), about -2 to 2, of at least
    16 x 16 px, and returns values between -2 and 2: a style that needs colors outside a
    screen's range is not learned.

    Args:
        width: channels at half the size; at a quarter twice as many.
        blocks: residual blocks at a quarter of the size.
    """

    def __init__(self, width: int = 24, blocks: int = 4) -> None:
        super().__init__()
        self.fall1 = _layer(3, width, 7, 2)
        self.fall2 = _layer(width, 2 * width, 3, 2)
        self.blocks = nn.Sequential(*(_Block(2 * width) for _ in range(blocks)))
        self.up1 = nn.Upsample(scale_factor=2, mode="nearest")
        self.rise1 = _layer(2 * width, width, 3, 1)
        self.up2 = nn.Upsample(scale_factor=2, mode="nearest")
        self.rise2 = _layer(width, width // 2, 3, 1)
        self.pad = nn.ReflectionPad2d(1)
        self.paint = nn.Conv2d(width // 2, 3, 3)
        self.around = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the painting, as large as the image."""
        height, width = x.shape[2:]
        y = self.blocks(self.fall2(self.fall1(x)))
        y = self.rise2(self.up2(self.rise1(self.up1(y))))
        drawn = self.paint(self.pad(y))[:, :, :height, :width]
        painting: Tensor = _LARGEST * torch.tanh((drawn + self.around(x)) / _LARGEST)
        return painting


class _Block(nn.Module):
    """Residual block: two convolutions and a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _layer(channels, channels, 3, 1)
        self.pad = nn.ReflectionPad2d(1)
        self.second = nn.Conv2d(channels, channels, 3, bias=False)
        self.norm = nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.norm(self.second(self.pad(self.first(x)))) + x
        return result


def _layer(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            pad=nn.ReflectionPad2d(kernel // 2),
            conv=nn.Conv2d(inputs, outputs, kernel, stride, bias=False),
            norm=nn.InstanceNorm2d(outputs, affine=True),
            relu=nn.ReLU(),
        )
    )
