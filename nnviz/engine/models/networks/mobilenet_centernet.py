"""CenterNet on MobileNetV3: objects as heatmap peaks, with four distances each."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.models.networks.efficientnet_lite import SamePadding
from nnviz.engine.nn.detection import (
    AnchorStage,
    Candidates,
    Size,
    Stages,
    clipped,
)
from nnviz.engine.nn.detection.stages import SIDES

_STRIDE = 4
"""px of the input between neighboring cells of the heat map."""
_REACH = 16.0
"""px of the input for a predicted distance of 1."""
_SIDES = 4
_STEM, _LAST = 16, 480
_GATE = 4
"""Ratio of channels of a map to those of its narrow part."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A row of the backbone (Howard et al. 2019, arXiv:1905.02244, table 1, narrowed).

    Attributes:
        kernel: side of the depthwise kernel, px.
        inner: channels after the expansion.
        channels: of the output.
        stride: of the depthwise convolution.
        excited: channels of the squeeze-and-excitation gate; 0 for none.
        swish: whether the activations are hard swish, not ReLU.
    """

    kernel: int
    inner: int
    channels: int
    stride: int = 1
    excited: int = 0
    swish: bool = False


_BLOCKS = (
    _Block(3, 16, 16),
    _Block(3, 64, 24, stride=2),
    _Block(3, 72, 24),
    _Block(5, 72, 32, stride=2, excited=24),
    _Block(5, 96, 32, excited=24),
    _Block(5, 96, 32, excited=24),
    _Block(3, 192, 64, stride=2, swish=True),
    _Block(3, 160, 64, swish=True),
    _Block(3, 144, 64, swish=True),
    _Block(3, 144, 64, swish=True),
    _Block(3, 384, 88, excited=96, swish=True),
    _Block(3, 528, 88, excited=136, swish=True),
    _Block(5, 528, 120, stride=2, excited=136, swish=True),
    _Block(5, 720, 120, excited=184, swish=True),
    _Block(5, 720, 120, excited=184, swish=True),
)


@dataclass(frozen=True, slots=True)
class _Tap:
    """A lateral input: a backbone map that is merged with coarser ones.

    Attributes:
        block: index of the block.
        expanded: whether the block's expansion is used, not its output.
        channels: of that map.
        joined: channels after the lateral convolution.
    """

    block: int
    expanded: bool
    channels: int
    joined: int


_TAPS = (_Tap(3, True, 72, 64), _Tap(5, True, 96, 96), _Tap(11, False, 88, 128))
"""At strides 4, 8 and 16."""


class MobileNetCenterNet(nn.Module):
    """CenterNet (Zhou et al. 2019, arXiv:1904.07850) on MobileNetV3.

    A class's objects are the peaks of its heat map at a quarter of the input's size;
    each cell predicts the distances from its position to the left, top, right and
    bottom of the box.  The features of four strides are merged from the coarsest up.
    Accepts any input of at least 32 x 32 px.

    Args:
        classes: kinds of objects.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = _convolution(3, _STEM, 3, 2, swish=True)
        inputs = [_STEM, *(block.channels for block in _BLOCKS)]
        self.blocks = nn.ModuleList(map(_InvertedResidual, inputs, _BLOCKS))
        self.last = _convolution(inputs[-1], _LAST, swish=True)
        self.lateral = nn.ModuleList(
            _Lateral(tap.channels, tap.joined) for tap in _TAPS
        )
        fine, middle, coarse = (tap.joined for tap in _TAPS)
        self.upsample = nn.ModuleList(
            _Upsample(given, made)
            for given, made in (
                (_LAST, coarse),
                (2 * coarse, middle),
                (2 * middle, fine),
            )
        )
        self.relu = nn.ModuleList(nn.ReLU() for _ in _TAPS)
        self.attention = _SqueezeExcitation(
            2 * fine, 2 * fine // _GATE, nn.Sigmoid(), bias=False
        )
        self.heat = _separable(2 * fine, classes, 3)
        self.sides = _separable(2 * fine, _SIDES, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Map pixels (N, 3, H, W) in 0 to 255 to predictions of each cell.

        Returns:
            (N, 4 + K, H/4, W/4): distances to the left, top, right and bottom in units
            of 16 px, then the logits of the classes.
        """
        features = self._features(self.stem(x))
        x = features.pop()
        for upsample, relu, lateral in zip(
            self.upsample, self.relu, reversed(features), strict=True
        ):
            rows, columns = lateral.shape[2:]
            x = relu(torch.cat((lateral, upsample(x)[..., :rows, :columns]), 1))
        x = self.attention(x)
        return torch.cat((self.sides(x), self.heat(x)), 1)

    def _features(self, x: Tensor) -> list[Tensor]:
        """Return the lateral maps of strides 4, 8, 16 and the last of stride 32."""
        outputs: list[Tensor] = []
        expansions: list[Tensor] = []
        for block in self.blocks:
            x = block(x, expansions)
            outputs.append(x)
        laterals = [
            lateral((expansions if tap.expanded else outputs)[tap.block])
            for tap, lateral in zip(_TAPS, self.lateral, strict=True)
        ]
        return [*laterals, self.last(x)]

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return the peaks above a score: local maxima of 3 x 3 cells."""
        heat = outputs[0][:1, _SIDES:].sigmoid()
        peaks = (heat == functional.max_pool2d(heat, 3, 1, 1)) & (heat > min_score)
        classes, cells = torch.nonzero(peaks[0].flatten(1), as_tuple=True)
        stage = self._stage(outputs[0])
        return Candidates(
            clipped(stage.boxes[cells], size),
            stage.scores[cells, classes],
            classes,
            cells,
        )

    def stages(self, outputs: Sequence[Tensor], size: Size) -> Stages | None:
        """Return the predictions of each cell; see ``StagedDetector``."""
        del size
        return Stages(self._stage(outputs[0]))

    def _stage(self, dense: Tensor) -> AnchorStage:
        _, _, rows, columns = dense.shape
        y, x = torch.meshgrid(
            _STRIDE * torch.arange(rows, device=dense.device),
            _STRIDE * torch.arange(columns, device=dense.device),
            indexing="ij",
        )
        places = torch.stack((x, y), -1).flatten(0, 1).to(dense.dtype)
        flat = dense[0].flatten(1).T
        sides = _REACH * flat[:, :_SIDES]
        boxes = torch.cat((places - sides[:, :2], places + sides[:, 2:]), 1)
        return AnchorStage(
            anchors=torch.cat((places, torch.full_like(places, _STRIDE)), 1),
            offsets=sides / _STRIDE,
            boxes=boxes,
            scores=flat[:, _SIDES:].sigmoid(),
            measure="class probability",
            terms=SIDES,
            noun="cell",
        )


class _InvertedResidual(nn.Module):
    """Inverted residual block with squeeze-and-excitation (MobileNetV3)."""

    def __init__(self, inputs: int, block: _Block) -> None:
        super().__init__()
        inner, swish = block.inner, block.swish
        self.expand = (
            _convolution(inputs, inner, swish=swish)
            if inner != inputs
            else nn.Sequential()
        )
        self.depthwise = _convolution(
            inner, inner, block.kernel, block.stride, groups=inner, swish=swish
        )
        self.excite = (
            _SqueezeExcitation(inner, block.excited, nn.Hardsigmoid())
            if block.excited
            else nn.Sequential()
        )
        self.project = nn.Conv2d(inner, block.channels, 1)
        self.residual = block.stride == 1 and inputs == block.channels

    def forward(self, x: Tensor, expansions: list[Tensor]) -> Tensor:
        """Return the block's output, and append its expansion to the list."""
        expanded = self.expand(x)
        expansions.append(expanded)
        y: Tensor = self.project(self.excite(self.depthwise(expanded)))
        return y + x if self.residual else y


class _SqueezeExcitation(nn.Module):
    """Squeeze-and-excitation: channel gating (Hu et al. 2018, arXiv:1709.01507)."""

    def __init__(
        self, channels: int, narrow: int, gate: nn.Module, *, bias: bool = True
    ) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, narrow, 1)
        self.relu = nn.ReLU()
        self.restore = nn.Conv2d(narrow, channels, 1, bias=bias)
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        """Return the gated maps."""
        weights: Tensor = self.gate(self.restore(self.relu(self.reduce(self.pool(x)))))
        return weights * x


class _Lateral(nn.Module):
    """Lateral connection: a backbone stage, reduced in channels for merging."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.reduce = _convolution(inputs, inputs // _GATE)
        self.filter = _separable(inputs // _GATE, outputs, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the reduced maps, (N, outputs, H, W); they may be negative."""
        y: Tensor = self.filter(self.reduce(x))
        return y


class _Upsample(nn.Module):
    """Two parallel separable convolutions, then bilinear upsampling by two (TF 1)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.small = _separable(inputs, outputs, 3)
        self.large = _separable(inputs, outputs, 5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the upsampled maps, (N, outputs, 2 H, 2 W)."""
        return _doubled(self.small(x) + self.large(x))


def _doubled(x: Tensor) -> Tensor:
    """Upsample by two with TensorFlow 1's grid: pixel k samples position k / 2."""
    # Equal to ``pad`` with mode="replicate", whose shape inference needs slow imports.
    taller = torch.cat((x, x[..., -1:, :]), -2)
    padded = torch.cat((taller, taller[..., -1:]), -1)
    size = 2 * x.shape[2] + 1, 2 * x.shape[3] + 1
    grown = functional.interpolate(padded, size, mode="bilinear", align_corners=True)
    return grown[..., :-1, :-1]


def _separable(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Build a depthwise convolution followed by a 1 x 1 convolution."""
    return nn.Sequential(
        nn.Conv2d(
            inputs, inputs, kernel, padding=kernel // 2, groups=inputs, bias=False
        ),
        nn.Conv2d(inputs, outputs, 1),
    )


def _convolution(
    inputs: int,
    outputs: int,
    kernel: int = 1,
    stride: int = 1,
    *,
    groups: int = 1,
    swish: bool = False,
) -> nn.Sequential:
    """Build a padded convolution with activation; batch norms are already folded."""
    steps: OrderedDict[str, nn.Module] = OrderedDict()
    if stride > 1:
        steps["pad"] = SamePadding(kernel, stride)
    steps["conv"] = nn.Conv2d(
        inputs,
        outputs,
        kernel,
        stride,
        kernel // 2 if stride == 1 else 0,
        groups=groups,
    )
    steps["act"] = nn.Hardswish() if swish else nn.ReLU()
    return nn.Sequential(steps)
