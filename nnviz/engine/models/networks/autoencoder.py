"""Autoencoders: networks that reconstruct images from a small code."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from nnviz.engine.models.networks.layer_list import ACTIVATIONS

Kind = Literal["linear", "deep", "convolutional"]
HIDDEN = (256, 64)
"""Default units of the layers before a deep code."""
_WIDTHS = (16, 32)


class Autoencoder(nn.Module):
    """An encoder to a code of k numbers, and a decoder to images.

    Hinton & Salakhutdinov 2006 (doi:10.1126/science.1127647).  The linear kind has no
    activation function; its optimal code spans the first k principal components (Baldi
    & Hornik 1989, doi:10.1016/0893-6080(89)90014-2).

    Args:
        kind: of the layers.
        channels: of the image.
        size: its height and width, px, a multiple of 4.
        code: length of the code.
        hidden: units of the layers before a deep code; after it in reverse order.
        activation: name of a deep one's activation function.
    """

    def __init__(
        self,
        kind: Kind,
        channels: int,
        size: int,
        code: int,
        hidden: Sequence[int] = HIDDEN,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        self.shape = (channels, size, size)
        values = channels * size * size
        if kind == "linear":
            self.encoder: nn.Module = nn.Sequential(
                nn.Flatten(), nn.Linear(values, code)
            )
            self.decoder: nn.Module = nn.Linear(code, values)
        elif kind == "deep":
            make = ACTIVATIONS[activation]
            inner = _dense((values, *hidden, code), make)
            self.encoder = nn.Sequential(nn.Flatten(), *inner)
            self.decoder = nn.Sequential(*_dense((code, *hidden[::-1], values), make))
        else:
            self.encoder = _convolutional_encoder(channels, size, code)
            self.decoder = _convolutional_decoder(channels, size, code)

    def forward(self, x: Tensor) -> Tensor:
        """Return the reconstructions of images (N, C, S, S)."""
        return self.decode(self.encoder(x))

    def decode(self, code: Tensor) -> Tensor:
        """Decode codes (N, k) to images."""
        images: Tensor = self.decoder(code).view(-1, *self.shape)
        return images


def _dense(
    widths: Sequence[int], activation: Callable[[], nn.Module]
) -> Iterator[nn.Module]:
    """Yield linear layers with activation functions between them."""
    for index, (inputs, outputs) in enumerate(pairwise(widths)):
        if index:
            yield activation()
        yield nn.Linear(inputs, outputs)


def _convolutional_encoder(channels: int, size: int, code: int) -> nn.Module:
    first, second = _WIDTHS
    return nn.Sequential(
        nn.Conv2d(channels, first, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(first, second, 3, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(second * (size // 4) ** 2, code),
    )


def _convolutional_decoder(channels: int, size: int, code: int) -> nn.Module:
    first, second = _WIDTHS
    return nn.Sequential(
        nn.Linear(code, second * (size // 4) ** 2),
        nn.ReLU(),
        nn.Unflatten(1, (second, size // 4, size // 4)),
        nn.ConvTranspose2d(second, first, 2, 2),
        nn.ReLU(),
        nn.ConvTranspose2d(first, channels, 2, 2),
    )
