"""Segmenters with max unpooling by stored positions: SegNet and DeconvNet."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from nnviz.engine.models.networks.segmenters.deep_supervision import DeeplySupervised
from nnviz.engine.models.networks.segmenters.vgg_trunk import (
    WIDTHS,
    Encoded,
    convolution,
    deconvolution,
)

_CODE = 256
"""Channels of DeconvNet's code of the deepest maps."""


class SegNet(DeeplySupervised):
    """SegNet (Badrinarayanan et al. 2017, arXiv:1511.00561): a mirrored encoder.

    Each unpooling puts values at the positions of the encoder's pooling maxima, with 0
    elsewhere; convolutions fill the gaps.  Nothing else passes from the encoder to the
    decoder.  Unlike the paper's, every level of the decoder has scores, to which
    the finer ones add (``DeeplySupervised``).

    Args:
        classes: length of the output, including the background.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(classes, WIDTHS[::-1])
        self.decoder = UnpoolingDecoder(convolution)

    def decoded(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the decoder's maps, the coarsest first."""
        encoded = self.trunk(x)
        yield from self.decoder.levels(encoded.maps[-1], encoded)


class DeconvolutionNetwork(DeeplySupervised):
    """DeconvNet (Noh et al. 2015, arXiv:1505.04366): a code and deconvolutions.

    Convolutions in place of the paper's two fully connected layers encode the deepest
    maps; then unpooling with stored positions alternates with transposed convolutions
    ("deconvolutions").  Unlike the paper's, every level has scores, to
    which the finer ones add (``DeeplySupervised``).

    Args:
        classes: length of the output, including the background.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(classes, WIDTHS[::-1])
        self.code = nn.Sequential()
        self.code.add_module("fc6", convolution(WIDTHS[-1], _CODE))
        self.code.add_module("fc7", convolution(_CODE, _CODE, 1))
        self.code.add_module("deconv6", deconvolution(_CODE, WIDTHS[-1]))
        self.decoder = UnpoolingDecoder(deconvolution)

    def decoded(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the decoder's maps, the coarsest first."""
        encoded = self.trunk(x)
        yield from self.decoder.levels(self.code(encoded.maps[-1]), encoded)


class MaxUnpool(nn.MaxUnpool2d):
    """Max unpooling to a given size, without torch's check, which imports sympy."""

    def forward(self, x: Tensor, places: Tensor, output_size: Sequence[int]) -> Tensor:  # type: ignore[override]  # a size has to be given
        """Return maps (N, C, *output_size), values at the stored positions, else 0."""
        unpooled: Tensor = torch.ops.aten.max_unpool2d(x, places, output_size)
        return unpooled


class UnpoolingDecoder(nn.Module):
    """Decoder stages that mirror the trunk: a layer, unpooling, a layer."""

    def __init__(self, layer: Callable[[int, int], nn.Sequential]) -> None:
        super().__init__()
        self.before = nn.ModuleList(layer(upper, upper) for upper in WIDTHS[:0:-1])
        self.after = nn.ModuleList(
            layer(upper, lower) for upper, lower in pairwise(WIDTHS[::-1])
        )
        self.unpool = MaxUnpool(2)

    def levels(self, x: Tensor, encoded: Encoded) -> Iterator[Tensor]:
        """Yield the deepest maps after the first layer, then maps doubling in size."""
        stages = zip(
            self.before,
            self.after,
            encoded.places[::-1],
            encoded.sizes[::-1],
            strict=True,
        )
        yield x
        for before, after, places, size in stages:
            x = after(self.unpool(before(x), places, output_size=size))
            yield x
