"""MobileNet without a classifier, as an embedding of images such as faces."""

from collections import OrderedDict

from torch import Tensor, nn

from nnviz.engine.models.networks.efficientnet_lite import SamePadding

_STEM = 32
_BLOCKS = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *(((512, 1),) * 5),
    *((1024, 2), (1024, 1)),
)
"""Channels and stride of each block (Howard et al. 2017, table 1)."""


class MobileNetEmbedding(nn.Module):
    """MobileNet (Howard et al. 2017, arXiv:1704.04861) up to its average pool.

    Batch norms are folded into the convolutions.  Every ReLU6 is a module of its own
    and none works in place.  Accepts any input of at least 32 x 32 px.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(3, _STEM, 3, 2)
        blocks = []
        inputs = _STEM
        for outputs, stride in _BLOCKS:
            blocks.append(
                nn.Sequential(
                    OrderedDict(
                        depthwise=_convolution(inputs, inputs, 3, stride, inputs),
                        pointwise=_convolution(inputs, outputs, 1, 1),
                    )
                )
            )
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Map mean-subtracted pixels (N, 3, H, W) to vectors (N, 1024), >= 0."""
        vectors: Tensor = self.pool(self.blocks(self.stem(x))).flatten(1)
        return vectors


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1
) -> nn.Sequential:
    steps: OrderedDict[str, nn.Module] = OrderedDict()
    if stride > 1:
        steps["pad"] = SamePadding(kernel, stride)
    padding = kernel // 2 if stride == 1 else 0
    steps["conv"] = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups)
    steps["relu"] = nn.ReLU6()
    return nn.Sequential(steps)
