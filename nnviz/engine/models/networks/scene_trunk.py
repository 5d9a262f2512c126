"""The shared trunk of the networks for scenes."""

from collections import OrderedDict

from torch import Tensor, nn

from nnviz.engine.models.networks.small_resnet import ResidualBlock

_STAGES = ("stage1", "stage2", "stage3", "stage4")


class SceneTrunk(nn.Module):
    """A small residual network that returns features at five scales.

    Every ReLU is a module of its own and none works in place.

    Args:
        width: channels of the first convolution.
        deeper: how many residual blocks follow each of the four stages.

    Attributes:
        channels: of the features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size.
    """

    def __init__(
        self, width: int = 16, deeper: tuple[int, int, int, int] = (0, 0, 0, 0)
    ) -> None:
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
        self.deeper: nn.ModuleDict | None = None
        if any(deeper):  # else it would stand among the layers, empty
            self.deeper = _further_blocks(self.channels[1:], deeper)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map pixels (N, 3, H, W) to five feature maps, the largest first."""
        found = [self.stem(x)]
        for name in _STAGES:
            maps = getattr(self, name)(found[-1])
            if self.deeper is not None and name in self.deeper:
                maps = self.deeper[name](maps)
            found.append(maps)
        return found


def _further_blocks(
    channels: tuple[int, ...], counts: tuple[int, int, int, int]
) -> nn.ModuleDict:
    """Return the blocks that follow each stage, by the stage's name."""
    return nn.ModuleDict(
        {
            name: nn.Sequential(*(ResidualBlock(size, size, 1) for _ in range(count)))
            for name, size, count in zip(_STAGES, channels, counts, strict=True)
            if count
        }
    )
