"""Small networks from a list of layer words: "conv 6 5, relu, pool, linear 84"."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky": lambda: nn.LeakyReLU(0.1),
    "elu": nn.ELU,
    "selu": nn.SELU,
    "softplus": nn.Softplus,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
"""Activations by their word in a list of layers."""
MOST_LAYERS = 200
_MOST_CHANNELS = 4096
_FORMS = (
    "conv CHANNELS [SIDE [STRIDE]], linear UNITS, pool [SIDE], average [SIDE], gap, "
    "norm, lrn, dropout FRACTION, block CHANNELS [STRIDE], plain CHANNELS [STRIDE], "
    + ", ".join(ACTIVATIONS)
)


class LayerWordError(ValueError):
    """A layer word that cannot be built; names the word."""


class Block(nn.Module):
    """Two 3x3 convolutions, with a shortcut around them (residual) or without (plain).

    He et al. 2016 (arXiv:1512.03385, fig. 2); where the shape changes, the shortcut is
    a 1x1 convolution (option B).

    Args:
        inputs: channels.
        outputs: channels.
        stride: of the first convolution.
        activation: makes each activation.
        normalized: with batch normalization after each convolution.
        residual: with a shortcut.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        stride: int,
        activation: Callable[[], nn.Module],
        *,
        normalized: bool,
        residual: bool,
    ) -> None:
        super().__init__()

        def norm() -> nn.Module:
            return nn.BatchNorm2d(outputs) if normalized else nn.Identity()

        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=not normalized)
        self.norm1, self.act1 = norm(), activation()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=not normalized)
        self.norm2, self.act2 = norm(), activation()
        self.residual = residual
        self.shortcut: nn.Module = nn.Identity()
        if residual and (stride != 1 or inputs != outputs):
            self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, (N, outputs, ceil(H / stride), ...)."""
        y = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x)))))
        result: Tensor = self.act2(y + self.shortcut(x) if self.residual else y)
        return result


class LayerList(nn.Module):
    """A chain of layers that ends in one output per class.

    Maps are flattened before the first linear layer.  Every activation is a module of
    its own and none works in place.

    Args:
        layers: words separated by commas, "conv 6 5, relu, pool, linear 84, relu"; a
            linear layer with one output per class is appended.
        classes: number of outputs.
        channels: of the input.
        size: height and width of the input, px.

    Raises:
        LayerWordError: a layer of unknown kind, or one that does not fit.
    """

    def __init__(
        self, layers: str, classes: int, channels: int = 3, size: int = 32
    ) -> None:
        super().__init__()
        words = [each.split() for each in layers.lower().split(",") if each.strip()]
        if len(words) > MOST_LAYERS:
            raise LayerWordError(f"more than {MOST_LAYERS} layers")
        self.shape: tuple[int, ...] = (channels, size, size)
        built = nn.Sequential()
        for index, (kind, *numbers) in enumerate(words):
            built.add_module(f"{index}_{kind}", self._layer(kind, numbers))
        self.layers = built
        self.flatten = nn.Flatten()
        self.classifier = nn.Linear(self._units(), classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, channels, size, size) to logits (N, classes)."""
        logits: Tensor = self.classifier(self.flatten(self.layers(x)))
        return logits

    def _layer(self, kind: str, words: list[str]) -> nn.Module:
        """Build a layer for the current shape, and update the shape."""
        try:
            numbers = [float(word) for word in words]
            layer = self._build(kind, numbers)
            self.shape = self._shape_after(layer)
        except (ValueError, IndexError, RuntimeError, TypeError) as error:
            reason = str(error).partition("\n")[0] or "has too few numbers"
            text = " ".join([kind, *words])
            raise LayerWordError(f"{text!r}: {reason}; known: {_FORMS}") from None
        return layer

    def _shape_after(self, layer: nn.Module) -> tuple[int, ...]:
        """Infer the shape after a layer on the meta device."""
        twin = copy.deepcopy(layer).to("meta").eval()
        trial = torch.zeros(2, *self.shape, device="meta")
        return tuple(twin(trial).shape[1:])

    def _units(self) -> int:
        units = 1
        for side in self.shape:
            units *= side
        return units

    def _build(self, kind: str, numbers: list[float]) -> nn.Module:
        whole = [_whole(number) for number in numbers] if kind != "dropout" else []
        if kind in ACTIVATIONS:
            return ACTIVATIONS[kind]()
        if kind == "linear":
            return _linear(self._units(), whole[0], flat=len(self.shape) == 1)
        if kind == "norm":
            flat = len(self.shape) == 1
            return (nn.BatchNorm1d if flat else nn.BatchNorm2d)(self.shape[0])
        if kind == "dropout":
            return nn.Dropout(numbers[0])
        return _spatial(kind, self.shape[0], whole)


def _spatial(kind: str, channels: int, numbers: list[int]) -> nn.Module:
    """Build a layer of feature maps."""
    first, second, third = (*numbers, 0, 0, 0)[:3]
    match kind:
        case "conv":
            side = second or 3
            return nn.Conv2d(channels, numbers[0], side, third or 1, side // 2)
        case "block" | "plain" | "block_norm" | "plain_norm":
            return Block(
                channels,
                numbers[0],
                second or 1,
                nn.ReLU,
                normalized=kind.endswith("_norm"),
                residual=kind.startswith("block"),
            )
        case "pool":
            return nn.MaxPool2d(first or 2)
        case "average":
            return nn.AvgPool2d(first or 2)
        case "gap":
            return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        case "lrn":
            return nn.LocalResponseNorm(5, 1e-4, 0.75, 2.0)
        case _:
            raise ValueError("no such layer")


def _linear(inputs: int, outputs: int, *, flat: bool) -> nn.Module:
    linear = nn.Linear(inputs, outputs)
    return linear if flat else nn.Sequential(nn.Flatten(), linear)


def _whole(number: float) -> int:
    if not 1 <= number <= _MOST_CHANNELS or number != int(number):
        raise ValueError(f"{number:g} is not a whole number from 1 to {_MOST_CHANNELS}")
    return int(number)
