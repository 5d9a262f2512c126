"""DETR (Carion et al. 2020, arXiv:2005.12872): a ResNet, a transformer, and queries.

Modules go by the names that published checkpoints of its own program have.  Batch norms
were frozen in training; in eval mode they are plain ones.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

_TEMPERATURE = 10_000
_EPSILON = 1e-6
_BOX = 4
_BOX_LAYERS = 3


@dataclass(frozen=True, slots=True)
class DetrSizes:
    """Sizes of a DETR.

    Attributes:
        stages: blocks in each of the ResNet's four stages.
        bottleneck: whether these are bottlenecks, as from ResNet-50 on.
        dilated: whether the last stage is dilated, not strided ("DC5").
        width: numbers of a token.
        heads: of attention.
        inner: hidden units between two linear layers of the transformer.
        encoder: layers.
        decoder: layers.
        queries: of the decoder.
        logits: classes, and one for no object.
    """

    stages: tuple[int, int, int, int]
    bottleneck: bool
    dilated: bool
    width: int
    heads: int
    inner: int
    encoder: int
    decoder: int
    queries: int
    logits: int


class Detr(nn.Module):
    """A ResNet's last maps as tokens, encoded; queries that are decoded to boxes."""

    def __init__(self, sizes: DetrSizes) -> None:
        super().__init__()
        backbone = _Backbone(sizes)
        self.backbone = nn.ModuleList([backbone])
        self.input_proj = nn.Conv2d(backbone.channels, sizes.width, 1)
        self.query_embed = nn.Embedding(sizes.queries, sizes.width)
        self.transformer = _Transformer(sizes)
        self.class_embed = nn.Linear(sizes.width, sizes.logits)
        self.bbox_embed = _BoxHead(sizes.width)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Map normalized pixels (N, 3, H, W) to logits and boxes of all queries.

        Returns:
            ``pred_logits`` (N, Q, K + 1), and ``pred_boxes`` (N, Q, 4): center and
            size as shares of the input.
        """
        maps = self.input_proj(self.backbone[0](x))
        positions = sine_positions(maps).flatten(2).transpose(1, 2)
        tokens = maps.flatten(2).transpose(1, 2)
        decoded = self.transformer(tokens, positions, self.query_embed.weight)
        return {
            "pred_logits": self.class_embed(decoded),
            "pred_boxes": self.bbox_embed(decoded).sigmoid(),
        }


def sine_positions(maps: Tensor) -> Tensor:
    """Return the sines and cosines of each cell's row, then of its column.

    Args:
        maps: (N, D, H, W), D a multiple of 4.

    Returns:
        (1, D, H, W); rows and columns run to 2 pi, wavelengths up to 10,000 times that.
    """
    _, width, rows, columns = maps.shape
    half = width // 2
    steps = torch.arange(half, device=maps.device) // 2 * 2
    waves = _TEMPERATURE ** (steps / half)

    def waves_of(count: int) -> Tensor:
        places = torch.arange(1, count + 1, device=maps.device)
        angles = places / (count + _EPSILON) * 2 * math.pi
        phases = angles[:, None] / waves
        pairs = torch.stack((phases[:, 0::2].sin(), phases[:, 1::2].cos()), 2)
        return pairs.flatten(1).T.to(maps.dtype)

    down = waves_of(rows)[:, :, None].expand(half, rows, columns)
    across = waves_of(columns)[:, None].expand(half, rows, columns)
    return torch.cat((down, across))[None]


class _Backbone(nn.Module):
    """The maps of a ResNet's last stage."""

    def __init__(self, sizes: DetrSizes) -> None:
        super().__init__()
        net = ResNet(
            Bottleneck if sizes.bottleneck else BasicBlock,
            list(sizes.stages),
            replace_stride_with_dilation=[False, False, sizes.dilated],
        )
        self.channels = net.fc.in_features
        self.body = IntermediateLayerGetter(net, {"layer4": "0"})

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C, H/32, W/32), of a dilated one twice as large."""
        maps: Tensor = self.body(x)["0"]
        return maps


class _Transformer(nn.Module):
    """Encoder and decoder, with positions added to queries and keys of each layer."""

    def __init__(self, sizes: DetrSizes) -> None:
        super().__init__()
        self.encoder = _Stack(_EncoderLayer(sizes) for _ in range(sizes.encoder))
        self.decoder = _Stack(_DecoderLayer(sizes) for _ in range(sizes.decoder))
        self.decoder.norm = nn.LayerNorm(sizes.width)

    def forward(self, tokens: Tensor, positions: Tensor, queries: Tensor) -> Tensor:
        """Return (N, Q, D)."""
        for layer in self.encoder.layers:
            tokens = layer(tokens, positions)
        queries = queries.expand(len(tokens), *queries.shape)
        decoded = torch.zeros_like(queries)
        for layer in self.decoder.layers:
            decoded = layer(decoded, queries, tokens, positions)
        normed: Tensor = self.decoder.norm(decoded)
        return normed


class _Stack(nn.Module):
    """Layers by the names that the checkpoints have; never called itself."""

    norm: nn.Module

    def __init__(self, layers: Iterable[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)


class _Layer(nn.Module):
    """Self-attention and a perceptron, each added to its input and then normed."""

    def __init__(self, sizes: DetrSizes) -> None:
        super().__init__()
        width = sizes.width
        self.self_attn = nn.MultiheadAttention(width, sizes.heads, batch_first=True)
        self.linear1 = nn.Linear(width, sizes.inner)
        self.relu = nn.ReLU()
        self.linear2 = nn.Linear(sizes.inner, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def attended(self, x: Tensor, positions: Tensor) -> Tensor:
        """Return tokens that have looked at each other, (N, T, D)."""
        placed = x + positions
        found, _ = self.self_attn(placed, placed, x, need_weights=False)
        normed: Tensor = self.norm1(x + found)
        return normed

    def perceived(self, x: Tensor) -> Tensor:
        """Return what the perceptron adds to each token, (N, T, D)."""
        added: Tensor = self.linear2(self.relu(self.linear1(x)))
        return added


class _EncoderLayer(_Layer):
    def forward(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Return tokens (N, T, D)."""
        x = self.attended(tokens, positions)
        normed: Tensor = self.norm2(x + self.perceived(x))
        return normed


class _DecoderLayer(_Layer):
    def __init__(self, sizes: DetrSizes) -> None:
        super().__init__(sizes)
        width = sizes.width
        self.multihead_attn = nn.MultiheadAttention(
            width, sizes.heads, batch_first=True
        )
        self.norm3 = nn.LayerNorm(width)

    def forward(
        self, decoded: Tensor, queries: Tensor, tokens: Tensor, positions: Tensor
    ) -> Tensor:
        """Return what each query has found, (N, Q, D)."""
        x = self.attended(decoded, queries)
        found, _ = self.multihead_attn(
            x + queries, tokens + positions, tokens, need_weights=False
        )
        x = self.norm2(x + found)
        normed: Tensor = self.norm3(x + self.perceived(x))
        return normed


class _BoxHead(nn.Module):
    """A perceptron of three layers that gives four numbers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [width] * _BOX_LAYERS
        self.layers = nn.ModuleList(map(nn.Linear, widths, [*widths[1:], _BOX]))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, Q, 4), before the sigmoid."""
        *inner, last = self.layers
        for layer in inner:
            x = self.relu(layer(x))
        boxes: Tensor = last(x)
        return boxes
