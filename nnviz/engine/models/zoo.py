"""torchvision's classification networks: names, construction, preprocessing, labels."""

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
from nnviz.base.info import ModelSource
from nnviz.base.preprocess import Interpolation, Preprocess
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.hashing import parameters_sha256
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.references import ZooReference

_FILTERS = {
    InterpolationMode.NEAREST: Interpolation.NEAREST,
    InterpolationMode.BILINEAR: Interpolation.BILINEAR,
    InterpolationMode.BICUBIC: Interpolation.BICUBIC,
}
_WITH_AUXILIARY_HEADS = frozenset({"googlenet", "inception_v3"})

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
)


def family_of(architecture: str) -> tuple[str, int, str]:
    """Return family, year and title; one of its own where the family is not known."""
    for family in FAMILIES:
        match = re.fullmatch(family.pattern, architecture)
        if match:
            return family.name, family.year, family.title(match)
    return architecture, 0, architecture


def relatives() -> tuple[tuple[str, ...], ...]:
    """Return all architectures, those built alike together, the smallest first."""
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
def architectures() -> tuple[str, ...]:
    """Return the names of all classification networks of the installed torchvision."""
    return tuple(models.list_models(module=torchvision.models))


def weights_of(reference: ZooReference) -> Weights:
    """Return the published weights that a reference names, or the default ones.

    Raises:
        UsageError: no such architecture or weights; names the nearest.
    """
    name = reference.architecture
    if name not in architectures():
        raise unknown(
            "model", f"zoo:{name}", [f"zoo:{each}" for each in architectures()]
        )
    published = models.get_model_weights(name)
    if not reference.weights or reference.weights == "DEFAULT":
        return published.DEFAULT
    known = [weights.name for weights in published]
    if reference.weights not in known:
        raise unknown(f"weights of {name}", reference.weights, [*known, "random"])
    return published[reference.weights]


def preprocess_of(weights: Weights) -> Preprocess:
    """Return the preprocessing that published weights were evaluated with."""
    preset = weights.transforms()
    (crop,) = preset.crop_size
    (resize,) = preset.resize_size
    return Preprocess(
        input_size=(crop, crop),
        resize=resize,
        interpolation=_FILTERS[preset.interpolation],
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )


def labels_of(weights: Weights) -> tuple[str, ...]:
    """Return the names of the outputs."""
    return tuple(weights.meta["categories"])


def open_random(reference: ZooReference, check: Callable[[], None]) -> Opened:
    """Open an architecture with the weights that its constructor draws."""
    name = reference.architecture
    weights = _fitting_weights(reference)
    # Leaving no_grad is a call of torch too: stopped there, the mode would stay.
    with torch.enable_grad(), _Stoppable(check):
        net = random_network(name, reference.seed or 0)
    return Opened(
        net=frozen(net),
        reference=str(reference),
        title=f"{family_of(name)[2]}, random",
        source=ModelSource.TORCHVISION,
        weights=f"random seed {reference.seed}",
        sha256=parameters_sha256(net, check),
        preprocess=preprocess_of(weights),
        labels=labels_of(weights),
        notes=("the weights are random: its answers mean nothing",),
    )


class _Stoppable(TorchFunctionMode):
    """Lets a job be stopped between two calls of torch: a constructor makes many."""

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
        """Check, then do what was called."""
        self._check()
        return func(*args, **(kwargs or {}))


def random_network(architecture: str, seed: int) -> nn.Module:
    """Return what ``torch.manual_seed(seed); NAME(weights=None)`` returns.

    The global generator is as before afterwards.
    """
    options: dict[str, bool] = {}
    if architecture in _WITH_AUXILIARY_HEADS:
        # What None stands for, said aloud so that torchvision does not warn.
        options["init_weights"] = True
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # noqa: TID251 -- constructors draw from it; forked above
        net: nn.Module = models.get_model(architecture, weights=None, **options)
    return net


def empty_network(
    architecture: str, classes: int = 1000, image_size: int = 0
) -> nn.Module:
    """Return an architecture without memory for its weights, to be loaded.

    Args:
        architecture: torchvision's name.
        classes: number of outputs.
        image_size: side of the input of a vision transformer, px; 0 for the usual.
    """
    options: dict[str, object] = {"num_classes": classes}
    if architecture in _WITH_AUXILIARY_HEADS:
        options["init_weights"] = False
    if image_size:
        options["image_size"] = image_size
    with on_meta():
        net: nn.Module = models.get_model(architecture, weights=None, **options)
    return net


def empty_published(architecture: str, weights: Weights) -> nn.Module:
    """Return the variant of an architecture that published weights are for."""
    classes = len(weights.meta["categories"])
    if architecture.startswith("vit_"):
        return empty_network(architecture, classes, weights.meta["min_size"][0])
    net = empty_network(architecture, classes)
    if architecture in _WITH_AUXILIARY_HEADS:
        # Ported weights, trained on another normalisation: the network undoes ours.
        vars(net)["transform_input"] = True
    return net


def _fitting_weights(reference: ZooReference) -> Weights:
    """Return the default weights, or others where these are for another input size.

    An untrained vision transformer is built for 224 px, whatever its default weights
    were trained on.
    """
    default = weights_of(reference)
    side = getattr(empty_network(reference.architecture), "image_size", None)
    if side is None or preprocess_of(default).input_size == (side, side):
        return default
    for weights in models.get_model_weights(reference.architecture):
        if preprocess_of(weights).input_size == (side, side):
            return weights
    raise ModelError(
        reference.architecture,
        f"no published preprocessing for {side} x {side} px",
        "open it with published weights",
    )
