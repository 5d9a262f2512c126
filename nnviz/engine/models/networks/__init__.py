"""Architectures of the bundled networks, one file each, built without torchvision."""

from collections.abc import Callable

from torch import nn

from nnviz.engine.models.networks.autoencoder import Autoencoder
from nnviz.engine.models.networks.cyclegan import CycleGanGenerator
from nnviz.engine.models.networks.efficientnet_lite import EfficientNetLite
from nnviz.engine.models.networks.face_cascade import FaceCascade
from nnviz.engine.models.networks.johnson import JohnsonNet
from nnviz.engine.models.networks.layer_list import LayerList
from nnviz.engine.models.networks.lenet import LeNet5
from nnviz.engine.models.networks.mobilenet_centernet import MobileNetCenterNet
from nnviz.engine.models.networks.mobilenet_embedding import MobileNetEmbedding
from nnviz.engine.models.networks.quick_painter import QuickPainter
from nnviz.engine.models.networks.scene_captioner import SceneCaptioner
from nnviz.engine.models.networks.scene_detector import SceneDetector
from nnviz.engine.models.networks.segmenters.fcn import Fcn
from nnviz.engine.models.networks.segmenters.skipping import SharpMask, VggUNet
from nnviz.engine.models.networks.segmenters.unpooling import (
    DeconvolutionNetwork,
    SegNet,
)
from nnviz.engine.models.networks.small_resnet import SmallResNet
from nnviz.engine.models.networks.small_vgg import SmallVgg
from nnviz.engine.models.networks.unet import UNet

CLASSIFIERS: dict[str, Callable[[int], nn.Module]] = {
    "SmallResNet": SmallResNet,
    "SmallVgg": SmallVgg,
    "LeNet5": LeNet5,
}
"""From a class's name to its constructor with a number of classes: the candidates for a
file of bare weights."""

REPAINTERS: dict[str, Callable[[], nn.Module]] = {
    "QuickPainter": QuickPainter,
    "JohnsonNet": JohnsonNet,
    "CycleGanGenerator": CycleGanGenerator,
}
"""Image-to-image networks: from a class's name to its constructor."""

CHANNELS = ("red", "green", "blue")
"""Names of their outputs."""

ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    **CLASSIFIERS,
    **REPAINTERS,
    "Autoencoder": Autoencoder,
    "DeconvolutionNetwork": DeconvolutionNetwork,
    "EfficientNetLite": EfficientNetLite,
    "FaceCascade": FaceCascade,
    "Fcn": Fcn,
    "LayerList": LayerList,
    "MobileNetCenterNet": MobileNetCenterNet,
    "MobileNetEmbedding": MobileNetEmbedding,
    "SceneCaptioner": SceneCaptioner,
    "SceneDetector": SceneDetector,
    "SegNet": SegNet,
    "SharpMask": SharpMask,
    "UNet": UNet,
    "VggUNet": VggUNet,
}
"""From the name in a card to the constructor for the card's ``arguments``."""

__all__ = [
    "ARCHITECTURES",
    "CHANNELS",
    "CLASSIFIERS",
    "REPAINTERS",
    "Autoencoder",
    "CycleGanGenerator",
    "DeconvolutionNetwork",
    "EfficientNetLite",
    "FaceCascade",
    "Fcn",
    "JohnsonNet",
    "LayerList",
    "LeNet5",
    "MobileNetCenterNet",
    "MobileNetEmbedding",
    "QuickPainter",
    "SceneCaptioner",
    "SceneDetector",
    "SegNet",
    "SharpMask",
    "SmallResNet",
    "SmallVgg",
    "UNet",
    "VggUNet",
]
