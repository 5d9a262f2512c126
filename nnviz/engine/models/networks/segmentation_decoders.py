"""Decoders of segmentation networks on one trunk: FCN, U-Net, SegNet and others."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.models.networks.scene_trunk import SceneTrunk

_STRIDE = 32
"""Sides of the input are filled up to multiples of this."""


class FcnDecoder(nn.Module):
    """Scores of the coarsest maps, added up and upsampled (FCN-32s, 16s and 8s).

    Long, Shelhamer & Darrell 2015 (arXiv:1411.4038, section 4.2, figure 3).

    Args:
        channels: of the trunk's maps, the largest map first.
        classes: length of the output.
        skips: finer maps that are scored as well: 0, 1 or 2.
    """

    def __init__(self, channels: Sequence[int], classes: int, skips: int) -> None:
        super().__init__()
        used = list(channels[::-1])[: skips + 1]
        self.scores = nn.ModuleList(nn.Conv2d(each, classes, 1) for each in used)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the trunk's maps to logits at the last scored map's size."""
        deepest, *finer = self.scores
        logits: Tensor = deepest(maps[-1])
        for score, level in zip(finer, maps[-2::-1], strict=False):
            logits = _doubled(logits) + score(level)
        return logits


class UNetDecoder(nn.Module):
    """Transposed convolutions; each level sees the trunk's map of its size again.

    Ronneberger, Fischer & Brox 2015 (arXiv:1505.04597, figure 1).
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        rising = channels[::-1]
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(lower, upper, 2, 2) for lower, upper in pairwise(rising)
        )
        self.merge = nn.ModuleList(_block(2 * each, each) for each in rising[1:])
        self.classifier = nn.ConvTranspose2d(rising[-1], classes, 2, 2)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the trunk's maps to logits at the input's size."""
        x = maps[-1]
        for rise, merge, level in zip(self.up, self.merge, maps[-2::-1], strict=True):
            x = merge(torch.cat([level, rise(x)], 1))
        logits: Tensor = self.classifier(x)
        return logits


class SegNetDecoder(nn.Module):
    """Unpooling at the remembered places of the maxima; values are not handed over.

    Badrinarayanan, Kendall & Cipolla 2017 (arXiv:1511.00561, section 3).  The trunk
    halves by strides, so the places are those of a 2 x 2 maximum of its maps.
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        rising = channels[::-1]
        self.narrow = nn.ModuleList(
            _block(lower, upper) for lower, upper in pairwise(rising)
        )
        self.refine = nn.ModuleList(_block(each, each) for each in rising[1:])
        self.classifier = nn.ConvTranspose2d(rising[-1], classes, 2, 2)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the trunk's maps to logits at the input's size."""
        x = maps[-1]
        levels = zip(self.narrow, self.refine, maps[-2::-1], strict=True)
        for narrow, refine, level in levels:
            x = refine(unpooled(narrow(x), level))
        logits: Tensor = self.classifier(x)
        return logits


class DeconvNetDecoder(nn.Module):
    """Unpooling, each followed by two transposed convolutions, up from one bottleneck.

    Noh, Hong & Han 2015 (arXiv:1505.04366, figure 2).
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        rising = channels[::-1]
        self.bottleneck = _block(rising[0], rising[0], kernel=1)
        self.narrow = nn.ModuleList(
            _transposed(lower, upper) for lower, upper in pairwise(rising)
        )
        self.deconvolve = nn.ModuleList(
            nn.Sequential(_transposed(each, each), _transposed(each, each))
            for each in rising[1:]
        )
        self.classifier = nn.ConvTranspose2d(rising[-1], classes, 2, 2)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the trunk's maps to logits at the input's size."""
        x = self.bottleneck(maps[-1])
        levels = zip(self.narrow, self.deconvolve, maps[-2::-1], strict=True)
        for narrow, deconvolve, level in levels:
            x = deconvolve(unpooled(narrow(x), level))
        logits: Tensor = self.classifier(x)
        return logits


class SharpMaskDecoder(nn.Module):
    """Refinement modules: a coarse mask and a few skip features make a finer mask.

    Pinheiro et al. 2016 (arXiv:1603.08695, section 3.1): upsampling is bilinear, and
    both inputs of a module have few channels.
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        rising = channels[::-1]
        few = [max(8, each // 4) for each in rising]
        self.head = _block(rising[0], few[0])
        self.lateral = nn.ModuleList(
            _block(each, thin) for each, thin in zip(rising[1:], few[1:], strict=True)
        )
        self.merge = nn.ModuleList(
            _block(above + own, own) for above, own in pairwise(few)
        )
        self.classifier = nn.Conv2d(few[-1], classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Map the trunk's maps to logits at half of the input's size."""
        x = self.head(maps[-1])
        levels = zip(self.lateral, self.merge, maps[-2::-1], strict=True)
        for lateral, merge, level in levels:
            x = merge(torch.cat([_doubled(x), lateral(level)], 1))
        logits: Tensor = self.classifier(x)
        return logits


DECODERS: dict[str, Callable[[Sequence[int], int], nn.Module]] = {
    "fcn32": lambda channels, classes: FcnDecoder(channels, classes, 0),
    "fcn16": lambda channels, classes: FcnDecoder(channels, classes, 1),
    "fcn8": lambda channels, classes: FcnDecoder(channels, classes, 2),
    "deconvnet": DeconvNetDecoder,
    "segnet": SegNetDecoder,
    "sharpmask": SharpMaskDecoder,
    "unet": UNetDecoder,
}
"""From a decoder's name to what builds it for a trunk's channels and classes."""


class DecodedTrunk(nn.Module):
    """A trunk with one or several decoders; gives the logits of the last one.

    Args:
        classes: length of the output, the background counted.
        decoders: names among ``DECODERS``.
        width: channels of the trunk's first convolution.
    """

    def __init__(
        self, classes: int, decoders: Sequence[str] = tuple(DECODERS), width: int = 16
    ) -> None:
        super().__init__()
        self.trunk = SceneTrunk(width)
        self.decoders = nn.ModuleDict(
            {name: DECODERS[name](self.trunk.channels, classes) for name in decoders}
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, 3, H, W) to logits (N, classes, H, W)."""
        decoder = list(self.decoders.values())[-1]
        return self._at_full_size(decoder(self._maps(x)), x)

    def each(self, x: Tensor) -> dict[str, Tensor]:
        """Return the logits (N, classes, H, W) of every decoder by name."""
        maps = self._maps(x)
        return {
            name: self._at_full_size(decoder(maps), x)
            for name, decoder in self.decoders.items()
        }

    def _maps(self, x: Tensor) -> list[Tensor]:
        below, right = (-side % _STRIDE for side in x.shape[2:])
        if below or right:
            x = functional.pad(x, (0, right, 0, below), mode="replicate")
        maps: list[Tensor] = self.trunk(x)
        return maps

    def _at_full_size(self, logits: Tensor, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        padded = [side + -side % _STRIDE for side in (height, width)]
        if list(logits.shape[2:]) != padded:
            logits = functional.interpolate(logits, padded, mode="bilinear")
        return logits[..., :height, :width]


def unpooled(x: Tensor, level: Tensor) -> Tensor:
    """Put values where the maxima of 2 x 2 squares of a larger map were; zeros else.

    Args:
        x: (N, C, h, w).
        level: (N, C, 2 h, 2 w), whose maxima's places are remembered.
    """
    _, places = functional.max_pool2d(level, 2, return_indices=True)
    return functional.max_unpool2d(x, places, [2, 2], output_size=level.shape[2:])


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear")


def _block(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, 1, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _transposed(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(inputs, outputs, 3, 1, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )
