"""torchvision's networks: names, construction, preprocessing, labels."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision import models
from torchvision.transforms import InterpolationMode

from nnviz.base.errors import ModelError, unknown
from nnviz.base.info import ModelSource, Task
from nnviz.base.preprocess import Fit, Interpolation, Preprocess
from nnviz.engine.models.detectors import torchvision_nets as detectors
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.references import ZooReference
from nnviz.engine.models.weights.hashing import parameters_sha256

_FILTERS = {
    InterpolationMode.NEAREST: Interpolation.NEAREST,
    InterpolationMode.BILINEAR: Interpolation.BILINEAR,
    InterpolationMode.BICUBIC: Interpolation.BICUBIC,
}
_WITH_AUXILIARY_HEADS = frozenset({"googlenet", "inception_v3"})
_MODULES = {
    Task.CLASSIFY: torchvision.models,
    Task.DETECT: models.detection,
    Task.SEGMENT: models.segmentation,
}
_WITHOUT_EPSILON = frozenset(
    {"fasterrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn", "retinanet_resnet50_fpn"}
    | {"keypointrcnn_resnet50_fpn"}
)
"""Their weights COCO_V1 were trained with batch norms that add nothing to the variance
(torchvision's ``overwrite_eps``)."""
_LONGEST = 2
"""Maximum ratio of the longer side to the shorter for segmentation networks."""

Weights = Any
"""A member of one of torchvision's weights enumerations, which have no common type."""


@dataclass(frozen=True, slots=True)
class Family:
    """Architectures of one publication.

    Attributes:
        name: for people.
        year: of the publication.
        pattern: what their names in torchvision look like.
        title: from the pattern's groups to a name for people.
    """

    name: str
    year: int
    pattern: str
    title: Callable[[re.Match[str]], str]


def _plain(template: str) -> Callable[[re.Match[str]], str]:
    def title(match: re.Match[str]) -> str:
        groups = [(group or "").replace("_", ".") for group in match.groups()]
        return template.format(*groups).strip()

    return title


def _capital(template: str) -> Callable[[re.Match[str]], str]:
    def title(match: re.Match[str]) -> str:
        return template.format(*(group.upper() for group in match.groups()))

    return title


def _regnet(match: re.Match[str]) -> str:
    unit = match[0][-2:].upper()
    return f"RegNet {match[1].upper()} {match[2].replace('_', '.')} {unit}"


_BACKBONES = {
    "resnet50": "ResNet-50",
    "resnet101": "ResNet-101",
    "mobilenet_v3_large": "MobileNet v3",
    "vgg16": "VGG-16",
}


def _on_backbone(name: str) -> Callable[[re.Match[str]], str]:
    def title(match: re.Match[str]) -> str:
        parts = [(part or "").strip("_") for part in match.groups()]
        words = [name.format(*parts), *(_BACKBONES.get(part, part) for part in parts)]
        return " ".join(word for word in words if word)

    return title


FAMILIES = (
    Family("AlexNet", 2012, r"alexnet", _plain("AlexNet")),
    Family("VGG", 2014, r"vgg(\d+)", _plain("VGG-{}")),
    Family("VGG", 2014, r"vgg(\d+)_bn", _plain("VGG-{} with batch norm")),
    Family("GoogLeNet", 2014, r"googlenet", _plain("GoogLeNet")),
    Family("Inception", 2015, r"inception_v(\d)", _plain("Inception v{}")),
    Family("ResNet", 2015, r"resnet(\d+)", _plain("ResNet-{}")),
    Family("ResNeXt", 2016, r"resnext(\d+)_(\w+)", _plain("ResNeXt-{} {}")),
    Family("Wide ResNet", 2016, r"wide_resnet(\d+)_(\d)", _plain("Wide ResNet-{}-{}")),
    Family("DenseNet", 2016, r"densenet(\d+)", _plain("DenseNet-{}")),
    Family("SqueezeNet", 2016, r"squeezenet(\w+)", _plain("SqueezeNet {}")),
    Family("MobileNet", 2018, r"mobilenet_v2", _plain("MobileNet v2")),
    Family("MobileNet", 2019, r"mobilenet_v3_(\w+)", _plain("MobileNet v3 {}")),
    Family("ShuffleNet", 2018, r"shufflenet_v2_x(\w+)", _plain("ShuffleNet v2 x{}")),
    Family("MNASNet", 2018, r"mnasnet(\w+)", _plain("MNASNet {}")),
    Family("EfficientNet", 2019, r"efficientnet_(b\d)", _capital("EfficientNet {}")),
    Family(
        "EfficientNet", 2021, r"efficientnet_v2_(\w)", _capital("EfficientNet v2 {}")
    ),
    Family("RegNet", 2020, r"regnet_([xy])_(\w+)[mg]f", _regnet),
    Family("ConvNeXt", 2022, r"convnext_(\w+)", _plain("ConvNeXt {}")),
    Family("ViT", 2020, r"vit_(\w)_(\d+)", _capital("ViT {}/{}")),
    Family("Swin", 2021, r"swin_(\w)", _capital("Swin {}")),
    Family("Swin", 2021, r"swin_v2_(\w)", _capital("Swin v2 {}")),
    Family("MaxViT", 2022, r"maxvit_(\w)", _capital("MaxViT {}")),
    Family(
        "Faster R-CNN",
        2015,
        r"fasterrcnn_([a-z]+\w*?)(_320)?_fpn(_v2)?",
        _on_backbone("Faster R-CNN"),
    ),
    Family("SSD", 2016, r"ssd300_(\w+)", _on_backbone("SSD300")),
    Family("SSD", 2018, r"ssdlite320_(\w+)", _on_backbone("SSDlite320")),
    Family("RetinaNet", 2017, r"retinanet_(\w+)_fpn(_v2)?", _on_backbone("RetinaNet")),
    Family("FCOS", 2019, r"fcos_(\w+)_fpn", _on_backbone("FCOS")),
    Family("Mask R-CNN", 2017, r"maskrcnn_(\w+)_fpn(_v2)?", _on_backbone("Mask R-CNN")),
    Family(
        "Keypoint R-CNN",
        2017,
        r"keypointrcnn_(\w+)_fpn",
        _on_backbone("Keypoint R-CNN"),
    ),
    Family("FCN", 2015, r"fcn_(\w+)", _on_backbone("FCN")),
    Family("DeepLab", 2017, r"deeplabv3_(\w+)", _on_backbone("DeepLab v3")),
    Family("LR-ASPP", 2019, r"lraspp_(\w+)", _on_backbone("LR-ASPP")),
)


def family_of(architecture: str) -> tuple[str, int, str]:
    """Return family, year and title; of an unknown family the architecture itself."""
    for family in FAMILIES:
        match = re.fullmatch(family.pattern, architecture)
        if match:
            return family.name, family.year, family.title(match)
    return architecture, 0, architecture


def relatives() -> tuple[tuple[str, ...], ...]:
    """Return all architectures grouped by family, smallest first."""
    groups: dict[str, list[str]] = {}
    for name in sorted(architectures(), key=parameters_of):
        patterns = (each.pattern for each in FAMILIES)
        alike = next((each for each in patterns if re.fullmatch(each, name)), name)
        groups.setdefault(alike, []).append(name)
    return tuple(tuple(names) for names in groups.values())


def parameters_of(architecture: str) -> int:
    """Return the number of weights of an architecture with its default weights."""
    count: int = models.get_model_weights(architecture).DEFAULT.meta["num_params"]
    return count


@cache
def architectures(task: Task = Task.CLASSIFY) -> tuple[str, ...]:
    """Return the names of torchvision's networks for a task."""
    if task not in _MODULES:
        return ()
    return tuple(models.list_models(module=_MODULES[task]))


def task_of(architecture: str) -> Task | None:
    """Return the task of an architecture; None for an unknown name."""
    tasks = (task for task in _MODULES if architecture in architectures(task))
    return next(tasks, None)


def weights_of(reference: ZooReference) -> Weights:
    """Return the published weights that a reference names, or the default ones.

    Raises:
        UsageError: no such architecture or weights; names the nearest.
    """
    name = reference.architecture
    if task_of(name) is None:
        known = [f"zoo:{each}" for task in _MODULES for each in architectures(task)]
        raise unknown("model", f"zoo:{name}", known)
    published = models.get_model_weights(name)
    if not reference.weights or reference.weights == "DEFAULT":
        return published.DEFAULT
    known = [weights.name for weights in published]
    if reference.weights not in known:
        raise unknown(f"weights of {name}", reference.weights, [*known, "random"])
    return published[reference.weights]


def preprocess_of(weights: Weights) -> Preprocess:
    """Return the preprocessing that published weights were evaluated with.

    Of networks that classify or segment; detectors have their own inside.
    """
    preset = weights.transforms()
    (resize,) = preset.resize_size
    colors: dict[str, Any] = {
        "resize": resize,
        "interpolation": _FILTERS[preset.interpolation],
        "mean": tuple(preset.mean),
        "std": tuple(preset.std),
    }
    if not hasattr(preset, "crop_size"):
        largest = (resize, _LONGEST * resize)
        return Preprocess(input_size=largest, fit=Fit.WHOLE, **colors)
    (crop,) = preset.crop_size
    return Preprocess(input_size=(crop, crop), **colors)


def usable(net: nn.Module, weights: Weights) -> tuple[nn.Module, Preprocess]:
    """Return a network prepared for this program, and its preprocessing.

    Args:
        net: as torchvision built it.
        weights: its own, or those whose preprocessing it is used with.
    """
    transform = getattr(net, "transform", None)
    if transform is None:
        return frozen(net), preprocess_of(weights)
    return frozen(detectors.detector(net)), detectors.preprocess_of(transform)


def labels_of(weights: Weights) -> tuple[str, ...]:
    """Return the names of the output classes."""
    return tuple(weights.meta["categories"])


def open_random(reference: ZooReference, check: Callable[[], None]) -> Opened:
    """Open an architecture with its constructor's random initial weights."""
    name = reference.architecture
    weights = _fitting_weights(reference)
    # Leaving no_grad is a torch call too: stopped there, the mode would remain set.
    with torch.enable_grad(), _Stoppable(check):
        net = random_network(name, reference.seed or 0)
    net, preprocess = usable(net, weights)
    return Opened(
        net=net,
        reference=str(reference),
        title=f"{family_of(name)[2]}, random",
        source=ModelSource.TORCHVISION,
        weights=f"random seed {reference.seed}",
        sha256=parameters_sha256(net, check),
        preprocess=preprocess,
        labels=labels_of(weights),
        task=task_of(name) or Task.CLASSIFY,
        notes=("the weights are random: its predictions are meaningless",),
    )


class _Stoppable(TorchFunctionMode):
    """Makes a constructor stoppable between any two of its torch calls."""

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self._check = check

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Check for a stop, then call the function."""
        self._check()
        return func(*args, **(kwargs or {}))


def random_network(architecture: str, seed: int) -> nn.Module:
    """Build ``NAME(weights=None)`` after ``torch.manual_seed(seed)``.

    The state of the global generator is restored afterwards.
    """
    options = _without_backbone(architecture)
    if architecture in _WITH_AUXILIARY_HEADS:
        # None's default, set explicitly so that torchvision does not warn.
        options["init_weights"] = True
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # noqa: TID251 -- constructors draw from it; forked above
        net: nn.Module = models.get_model(architecture, weights=None, **options)
    return net


def empty_network(
    architecture: str, classes: int = 1000, **options: object
) -> nn.Module:
    """Build an architecture on the meta device, for weights to be loaded into.

    Args:
        architecture: torchvision's name.
        classes: number of outputs.
        **options: of torchvision's constructor: ``image_size`` of a transformer.
    """
    usual = _without_backbone(architecture) | {"num_classes": classes}
    if architecture in _WITH_AUXILIARY_HEADS:
        usual["init_weights"] = False
    with on_meta():
        net: nn.Module = models.get_model(
            architecture, weights=None, **usual, **options
        )
    return net


def _without_backbone(architecture: str) -> dict[str, Any]:
    """Return the options that keep a constructor from downloading backbone weights."""
    if task_of(architecture) is Task.CLASSIFY:
        return {}
    return {"weights_backbone": None}


def empty_published(architecture: str, weights: Weights) -> nn.Module:
    """Build the variant of an architecture that published weights fit."""
    classes = len(weights.meta["categories"])
    if architecture.startswith("vit_"):
        side = weights.meta["min_size"][0]
        return empty_network(architecture, classes, image_size=side)
    if architecture.startswith(("fcn_", "deeplabv3_")):
        return empty_network(architecture, classes, aux_loss=True)
    net = empty_network(architecture, classes)
    if architecture in _WITH_AUXILIARY_HEADS:
        # Ported weights, trained with another normalization: the network undoes ours.
        vars(net)["transform_input"] = True
    if architecture in _WITHOUT_EPSILON and weights.name == "COCO_V1":
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps = 0.0
    return net


def _fitting_weights(reference: ZooReference) -> Weights:
    """Return the default weights, or others if those are for another input size.

    An untrained vision transformer is built for 224 px, whatever its default weights
    were trained on.
    """
    default = weights_of(reference)
    if not reference.architecture.startswith("vit_"):
        return default
    side: Any = empty_network(reference.architecture).image_size
    if preprocess_of(default).input_size == (side, side):
        return default
    for weights in models.get_model_weights(reference.architecture):
        if preprocess_of(weights).input_size == (side, side):
            return weights
    raise ModelError(
        reference.architecture,
        f"no published preprocessing for {side} x {side} px",
        "open it with published weights",
    )
