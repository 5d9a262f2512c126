"""The shared trunk of the networks for scenes."""

from collections import OrderedDict

from torch import Tensor, nn

from nnviz.engine.models.networks.small_resnet import ResidualBlock


class SceneTrunk(nn.Module):
    """A small residual network that returns features at five scales.

    Every ReLU is a module of its own and none works in place.

    Args:
        width: channels of the first convolution.

    Attributes:
        channels: of the features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.channels = (width, 2 * width, 4 * width, 8 * width, 8 * width)
        self.stem = nn.Sequential(
            OrderedDict(
                conv=nn.Conv2d(3, width, 3, 2, 1, bias=False),
                bn=nn.BatchNorm2d(width),
                relu=nn.ReLU(),
            )
        )
        self.stage1 = ResidualBlock(width, 2 * width, 2)
        self.stage2 = nn.Sequential(
            ResidualBlock(2 * width, 4 * width, 2),
            ResidualBlock(4 * width, 4 * width, 1),
        )
        self.stage3 = nn.Sequential(
            ResidualBlock(4 * width, 8 * width, 2),
            ResidualBlock(8 * width, 8 * width, 1),
        )
        self.stage4 = ResidualBlock(8 * width, 8 * width, 2)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map pixels (N, 3, H, W) to five feature maps, the largest first."""
        found = [self.stem(x)]
        for stage in (self.stage1, self.stage2, self.stage3, self.stage4):
            found.append(stage(found[-1]))
        return found
