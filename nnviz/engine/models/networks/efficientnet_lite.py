"""EfficientNet-Lite: EfficientNet without squeeze-and-excitation, with ReLU6."""

import math
from collections import OrderedDict
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

_STEM, _HEAD = 32, 1280
"""Channels of the first and the last convolution, whatever the width."""
_DIVISOR = 8
"""Widths are multiples of it."""
_LEAST_KEPT = 0.9
"""Rounding reduces a width by at most a tenth."""
_EPSILON = 1e-3
"""Of all batch normalizations, as in TensorFlow."""


@dataclass(frozen=True, slots=True)
class _Stage:
    """A stage of EfficientNet: a row of table 1 of Tan & Le 2019 (arXiv:1905.11946).

    Attributes:
        expansion: inner channels of a block per input channel.
        kernel: side of the depthwise kernel, px.
        stride: of the stage's first block.
        channels: of the output, at width 1.
        blocks: how many, at depth 1.
    """

    expansion: int
    kernel: int
    stride: int
    channels: int
    blocks: int


_STAGES = (
    _Stage(1, 3, 1, 16, 1),
    _Stage(6, 3, 2, 24, 2),
    _Stage(6, 5, 2, 40, 2),
    _Stage(6, 3, 2, 80, 3),
    _Stage(6, 5, 1, 112, 3),
    _Stage(6, 5, 2, 192, 4),
    _Stage(6, 3, 1, 320, 1),
)


class SamePadding(nn.Module):
    """TensorFlow's "SAME" zero padding for the next convolution.

    The output has ceil(side / stride) px; if the padding is odd, the bottom and the
    right get the larger part.  (N, C, H, W) in and out.
    """

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the padded maps."""
        top, bottom = self._sides(x.shape[-2])
        left, right = self._sides(x.shape[-1])
        return functional.pad(x, (left, right, top, bottom))

    def _sides(self, side: int) -> tuple[int, int]:
        covered = (math.ceil(side / self.stride) - 1) * self.stride + self.kernel
        missing = max(0, covered - side)
        return missing // 2, missing - missing // 2


class InvertedResidual(nn.Module):
    """Inverted residual block (MobileNetV2; Sandler et al. 2018, arXiv:1801.04381).

    Takes (N, inputs, H, W) and returns (N, outputs, ceil(H/stride), ceil(W/stride));
    the projection has no activation.  The input is added where the shapes agree.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, stage: _Stage) -> None:
        super().__init__()
        inner = stage.expansion * inputs
        if stage.expansion > 1:
            self.expand = _convolution(inputs, inner)
        else:
            self.expand = nn.Sequential()
        self.depthwise = _convolution(
            inner, inner, stage.kernel, stride, depthwise=True
        )
        self.project = _convolution(inner, outputs, activated=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output; it may be negative."""
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return y + x if self.residual else y


class EfficientNetLite(nn.Module):
    """EfficientNet without squeeze-and-excitation, with ReLU6 instead of Swish.

    Google's variant for small devices (2020), scaled as EfficientNet except for the
    stem, the head and the first and last stage, which are not scaled.  Every ReLU6 is a
    module of its own and none works in place.  Accepts any input of at least 32 x 32
    px.

    Args:
        classes: length of the output.
        width: factor on the channels of the stages.
        depth: factor on the number of blocks of all stages but the first and the last.
    """

    def __init__(
        self, classes: int = 1000, width: float = 1.0, depth: float = 1.0
    ) -> None:
        super().__init__()
        self.stem = _convolution(3, _STEM, kernel=3, stride=2)
        inputs = _STEM
        for index, stage in enumerate(_STAGES, 1):
            outputs = _scaled_width(stage.channels, width)
            fixed = index in (1, len(_STAGES))
            count = stage.blocks if fixed else math.ceil(depth * stage.blocks)
            self.add_module(f"stage{index}", _blocks(inputs, outputs, count, stage))
            inputs = outputs
        self.head = _convolution(inputs, _HEAD)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(_HEAD, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits (N, classes)."""
        x = self.stem(x)
        for index in range(1, len(_STAGES) + 1):
            x = self.get_submodule(f"stage{index}")(x)
        logits: Tensor = self.classifier(self.pool(self.head(x)).flatten(1))
        return logits


def _blocks(inputs: int, outputs: int, count: int, stage: _Stage) -> nn.Sequential:
    first = InvertedResidual(inputs, outputs, stage.stride, stage)
    later = (InvertedResidual(outputs, outputs, 1, stage) for _ in range(count - 1))
    return nn.Sequential(first, *later)


def _convolution(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    *,
    depthwise: bool = False,
    activated: bool = True,
) -> nn.Sequential:
    """Build a padded convolution with batch norm and an optional ReLU6."""
    # At stride 1, "SAME" padding is symmetric: the convolution does it itself.
    own_padding = kernel // 2 if stride == 1 else 0
    groups = inputs if depthwise else 1
    steps: OrderedDict[str, nn.Module] = OrderedDict()
    if stride > 1:
        steps["pad"] = SamePadding(kernel, stride)
    steps["conv"] = nn.Conv2d(
        inputs, outputs, kernel, stride, own_padding, groups=groups, bias=False
    )
    steps["bn"] = nn.BatchNorm2d(outputs, eps=_EPSILON)
    if activated:
        steps["relu"] = nn.ReLU6()
    return nn.Sequential(steps)


def _scaled_width(channels: int, width: float) -> int:
    """Scale a width, rounded to a multiple of 8 and not far below."""
    wanted = channels * width
    rounded = max(_DIVISOR, int(wanted + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return rounded if rounded >= _LEAST_KEPT * wanted else rounded + _DIVISOR
