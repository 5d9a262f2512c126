"""A small single-shot detector (SSD)."""

import torch
from torch import Tensor, nn

from nnviz.engine.models.networks.scene_trunk import SceneTrunk

_RATIOS = (1.0, 1.0, 2.0, 0.5)
"""Aspect ratios of the anchors at each position; the second square is larger."""
_STEP = 2**0.5
"""Ratio of its side to the smaller one's."""
_CORNERS = 4


class SceneDetector(nn.Module):
    """SSD (Liu et al. 2016, arXiv:1512.02325, section 2.1) on a small residual network.

    Feature maps at 1/8, 1/16 and 1/32 of the input's size detect objects of one size
    each, with four anchors per position.  Every ReLU is a module of its own and none
    works in place.  Accepts any input of at least 32 x 32 px.

    Args:
        classes: kinds of objects, the background not counted.
        width: channels of the first convolution.

    Attributes:
        outputs: number of predictions per anchor.
        box_weights: factors of the box offsets, (dx, dy, dw, dh).
    """

    strides = (8, 16, 32)
    sides = (20.0, 38.0, 64.0)
    """Of the smaller square anchor on each map, px."""

    def __init__(self, classes: int, width: int = 16) -> None:
        super().__init__()
        self.box_weights = (10.0, 10.0, 5.0, 5.0)
        self.trunk = SceneTrunk(width)
        self.outputs = _CORNERS + 1 + classes
        self.heads = nn.ModuleList(
            nn.Conv2d(channels, len(_RATIOS) * self.outputs, 3, 1, 1)
            for channels in self.trunk.channels[-len(self.strides) :]
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to predictions of each anchor.

        Returns:
            (N, A, 4 + 1 + K): box offsets (Ren et al. 2015, arXiv:1506.01497, eq. 2,
            times ``box_weights``), then logits, the background's first.
        """
        features = self.trunk(x)[-len(self.heads) :]
        said = [
            head(level).permute(0, 2, 3, 1).reshape(len(x), -1, self.outputs)
            for head, level in zip(self.heads, features, strict=True)
        ]
        return torch.cat(said, 1)

    def anchors(self, height: int, width: int) -> Tensor:
        """Return the anchors of an input of this size, px, in the output's order.

        Returns:
            (A, 4): center x, center y, width, height in px of the input.
        """
        weight = next(self.heads.parameters())
        maps = [
            _anchors_of_map((-(-height // stride), -(-width // stride)), stride, side)
            for stride, side in zip(self.strides, self.sides, strict=True)
        ]
        return torch.cat(maps).to(weight.device, weight.dtype)


def _anchors_of_map(size: tuple[int, int], stride: int, side: float) -> Tensor:
    """Return the anchors of one feature map, row by row, (rows * columns * 4, 4)."""
    rows, columns = size
    ratios = torch.tensor(_RATIOS, device="cpu")
    sides = torch.full_like(ratios, side)
    sides[1] *= _STEP
    shapes = torch.stack([sides * ratios.sqrt(), sides / ratios.sqrt()], 1)
    y = (torch.arange(rows, device="cpu") + 0.5) * stride
    x = (torch.arange(columns, device="cpu") + 0.5) * stride
    centers = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
    return torch.cat(
        [
            centers[:, :, None].expand(-1, -1, len(_RATIOS), -1),
            shapes.expand(rows, columns, -1, -1),
        ],
        -1,
    ).reshape(-1, 2 * 2)
