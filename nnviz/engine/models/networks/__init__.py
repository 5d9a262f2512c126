"""Architectures of the bundled networks, one file each, built without torchvision."""

from collections.abc import Callable

from torch import nn

from nnviz.engine.models.networks.small_resnet import SmallResNet

CLASSIFIERS: dict[str, Callable[[int], nn.Module]] = {"SmallResNet": SmallResNet}
"""From a class's name to what builds it for a number of classes: with these a file
of bare weights is compared."""

ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {**CLASSIFIERS}
"""From the name in a card to what builds it from the card's ``arguments``."""

__all__ = ["ARCHITECTURES", "CLASSIFIERS", "SmallResNet"]
