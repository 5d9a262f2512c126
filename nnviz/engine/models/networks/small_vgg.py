"""A plain stack of 3x3 convolutions, for images of 32 px."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn


class SmallVgg(nn.Module):
    """A plain stack of seven 3x3 convolutions (Simonyan & Zisserman, arXiv:1409.1556).

    One convolution at full size, then three stages of two, each of which halves the
    image after its first.  Every ReLU is a module of its own and none works in place,
    so each one can be inspected and changed.  Accepts any input of at least 8 x 8 px.

    Args:
        classes: length of the output.
        channels: color channels of the input.
        stem: channels of the first convolution.
        widths: channels of the stages.
    """

    def __init__(
        self,
        classes: int,
        channels: int = 3,
        stem: int = 32,
        widths: Sequence[int] = (64, 192, 256),
    ) -> None:
        super().__init__()
        first, second, third = widths
        self.stem = nn.Sequential(
            OrderedDict(conv=nn.Conv2d(channels, stem, 3, 1, 1), relu=nn.ReLU())
        )
        self.stage1 = _stage(stem, first)
        self.stage2 = _stage(first, second)
        self.stage3 = _stage(second, third)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(third, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, channels, H, W) to logits (N, classes)."""
        x = self.stage3(self.stage2(self.stage1(self.stem(x))))
        logits: Tensor = self.classifier(self.pool(x).flatten(1))
        return logits


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            pool=nn.MaxPool2d(2),
            bn1=nn.BatchNorm2d(outputs),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            bn2=nn.BatchNorm2d(outputs),
            relu2=nn.ReLU(),
        )
    )
