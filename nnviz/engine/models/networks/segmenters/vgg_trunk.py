"""The plain convolutional encoder shared by the compared segmenters."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Size, Tensor, nn
from torch.nn import functional

WIDTHS = (12, 24, 48, 96, 128, 128)
"""Channels of the maps at 1, 1/2, 1/4, ... 1/32 of the input's size; the first four
are those of ``bundled:scenes``, so that its weights fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Feature maps of an encoder, with the positions of its pooling's maxima.

    Attributes:
        maps: (N, C, H, W) at 1, 1/2, 1/4, ... of the input's size.
        places: int64 for each pooling, the index of each maximum within its map (as
            ``max_unpool2d`` takes it); one fewer than maps.
        sizes: (H, W) of each pooling's input.
    """

    maps: tuple[Tensor, ...]
    places: tuple[Tensor, ...]
    sizes: tuple[Size, ...]


class VggTrunk(nn.Module):
    """A plain stack of 3x3 convolutions with max pooling, as ``SmallVgg``, deeper.

    One convolution at full size, then stages of two with max pooling between them.
    Every ReLU is a module of its own and none works in place.

    Args:
        widths: channels of the first convolution and of the stages.
    """

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        first, *others = widths
        self.stem = nn.Sequential()
        self.stem.add_module("conv", nn.Conv2d(3, first, 3, 1, 1))
        self.stem.add_module("relu", nn.ReLU())
        self.stages = nn.ModuleList(
            PooledStage(lower, upper)
            for lower, upper in zip(widths[:-1], others, strict=True)
        )

    def forward(self, x: Tensor) -> Encoded:
        """Map normalized pixels (N, 3, H, W) to features at every scale."""
        maps, places, sizes = [self.stem(x)], [], []
        for stage in self.stages:
            sizes.append(maps[-1].shape[2:])
            found, place = stage(maps[-1])
            maps.append(found)
            places.append(place)
        return Encoded(tuple(maps), tuple(places), tuple(sizes))


class PooledStage(nn.Module):
    """Two convolutions with max pooling after the first, which returns its indices."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False)
        self.pool = nn.MaxPool2d(2, return_indices=True, ceil_mode=True)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, C, H, W) to maps of half the size, and the indices of the maxima."""
        pooled, places = self.pool(self.conv1(x))
        found = self.relu2(self.bn2(self.conv2(self.relu1(self.bn1(pooled)))))
        return found, places


def convolution(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Build a size-preserving convolution with batch norm and ReLU."""
    return _named(nn.Conv2d(inputs, outputs, kernel, 1, kernel // 2, bias=False))


def deconvolution(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    """Build a size-preserving transposed convolution with batch norm and ReLU."""
    return _named(
        nn.ConvTranspose2d(inputs, outputs, kernel, 1, kernel // 2, bias=False)
    )


def _named(conv: nn.Conv2d | nn.ConvTranspose2d) -> nn.Sequential:
    found = nn.Sequential()
    found.add_module("conv", conv)
    found.add_module("bn", nn.BatchNorm2d(conv.out_channels))
    found.add_module("relu", nn.ReLU())
    return found


def doubled(x: Tensor, size: Size) -> Tensor:
    """Upsample maps by two bilinearly, cropped to a size."""
    return cut(functional.interpolate(x, scale_factor=2.0, mode="bilinear"), size)


def cut(x: Tensor, size: Size) -> Tensor:
    """Crop maps at the bottom and right, where odd sides were rounded up."""
    return x[..., : size[0], : size[1]]
