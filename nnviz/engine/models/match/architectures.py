"""Architectures by name: built-in ones, torchvision's and timm's."""

import importlib.util
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import torch
from torch import nn

from nnviz.base.errors import ModelError
from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Interpolation, Preprocess
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.models import zoo
from nnviz.engine.models.bundled import own_preprocess
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.networks import CHANNELS, CLASSIFIERS, REPAINTERS
from nnviz.engine.models.references import ZooReference

_COLORS = 3
_SMALL = "objects"
"""The bundled network whose preprocessing is used for the small architectures."""
_INTERPOLATIONS = {
    "bicubic": Interpolation.BICUBIC,
    "bilinear": Interpolation.BILINEAR,
    "nearest": Interpolation.NEAREST,
}


class Library(Protocol):
    """Protocol of an architecture library.

    Attributes:
        name: prefix before the colon: "timm" in "timm:vit_small_patch16_224".
        package: the Python package that it needs; empty for nnviz's own.
    """

    name: str
    package: str

    @abstractmethod
    def names(self) -> Sequence[str]:
        """Return the names of all architectures."""

    @abstractmethod
    def build(self, name: str, classes: int, **options: Any) -> nn.Module:
        """Build an architecture without weights.

        Args:
            name: without the library.
            classes: number of outputs.
            **options: ``image_size`` in px where positions are learned; ``auxiliary``,
                whether to build the heads that only training uses; ``empty``, whether
                its weights have no memory, True by default.
        """

    @abstractmethod
    def task(self, name: str) -> Task:
        """Return an architecture's task."""

    @abstractmethod
    def preprocess(self, name: str, net: nn.Module) -> Preprocess:
        """Return the preprocessing that its published weights were trained with."""

    @abstractmethod
    def labels(self, name: str) -> tuple[str, ...]:
        """Return the names of the outputs of its published weights; may be empty."""


class OwnArchitectures:
    """The built-in architectures."""

    name = "nnviz"
    package = ""

    def names(self) -> Sequence[str]:
        """Return the names of classifiers and image-to-image networks."""
        return (*CLASSIFIERS, *REPAINTERS)

    def build(self, name: str, classes: int, **options: Any) -> nn.Module:
        """Build an architecture on the meta device; options are ignored."""
        del options
        with on_meta():
            if name in REPAINTERS:
                return REPAINTERS[name]()
            return CLASSIFIERS[name](classes)

    def task(self, name: str) -> Task:
        """Return an architecture's task."""
        return Task.REPAINT if name in REPAINTERS else Task.CLASSIFY

    def preprocess(self, name: str, net: nn.Module) -> Preprocess:
        """Return the bundled classifier's preprocessing, or the image translator's."""
        del net
        return _REPAINTED.get(name) or own_preprocess(_SMALL)

    def labels(self, name: str) -> tuple[str, ...]:
        """Return the color channels of an image-to-image network; else none."""
        return CHANNELS if name in REPAINTERS else ()


class TorchvisionArchitectures:
    """Architectures of installed torchvision: classifiers, detectors, segmenters."""

    name = "torchvision"
    package = "torchvision"

    def names(self) -> Sequence[str]:
        """Return the names of all tasks' architectures."""
        tasks = (Task.CLASSIFY, Task.DETECT, Task.SEGMENT)
        return [name for task in tasks for name in zoo.architectures(task)]

    def build(self, name: str, classes: int, **options: Any) -> nn.Module:
        """Build an architecture without weights; auxiliary heads are optional."""
        auxiliary = options.pop("auxiliary", True)
        options.pop("empty", True)
        if self.task(name) is Task.SEGMENT and not name.startswith("lraspp"):
            options["aux_loss"] = auxiliary
        net = zoo.empty_network(name, classes, **options)
        if not auxiliary and self.task(name) is Task.CLASSIFY:
            _drop_auxiliary(net)
        return net

    def task(self, name: str) -> Task:
        """Return an architecture's task."""
        return zoo.task_of(name) or Task.CLASSIFY

    def preprocess(self, name: str, net: nn.Module) -> Preprocess:
        """Return the default weights' preprocessing, or a detector's own."""
        return zoo.usable(net, zoo.weights_of(ZooReference(name)))[1]

    def labels(self, name: str) -> tuple[str, ...]:
        """Return the default weights' class names."""
        return zoo.labels_of(zoo.weights_of(ZooReference(name)))


class TimmArchitectures:
    """Architectures of timm (Wightman 2019), an optional package."""

    name = "timm"
    package = "timm"

    def names(self) -> Sequence[str]:
        """Return the names of all architectures; empty if timm is not installed."""
        return _timm().list_models() if is_installed(self) else ()

    def build(self, name: str, classes: int, **options: Any) -> nn.Module:
        """Build an architecture, on the CPU if its constants must be computed."""
        side = options.get("image_size")
        sized = {"img_size": side} if side else {}
        device = "meta" if options.get("empty", True) else "cpu"
        with torch.random.fork_rng(devices=[]), torch.device(device):
            net: nn.Module = _timm().create_model(
                name, pretrained=False, num_classes=classes, **sized
            )
        return net

    def task(self, name: str) -> Task:
        """Return the task, which is always classification."""
        del name
        return Task.CLASSIFY

    def preprocess(self, name: str, net: nn.Module) -> Preprocess:
        """Return the preprocessing of the ``pretrained_cfg``."""
        del name
        return preprocess_of_timm(vars(net)["pretrained_cfg"])

    def labels(self, name: str) -> tuple[str, ...]:
        """Return no labels: timm's configurations name only the data set."""
        del name
        return ()


LIBRARIES: Mapping[str, Library] = MappingProxyType(
    {
        library.name: library
        for library in (
            OwnArchitectures(),
            TorchvisionArchitectures(),
            TimmArchitectures(),
        )
    }
)
"""By name, always available ones first."""


def split_name(architecture: str) -> tuple[Library, str]:
    """Split an architecture's reference into its library and name.

    Raises:
        ModelError: the library is not installed; says how to install it.
    """
    library_name, _, name = architecture.partition(":")
    library = LIBRARIES[library_name]
    if not is_installed(library):
        raise ModelError(
            f"{name} ({library.package})",
            f"needs the package {library.package}",
            install_command(library.package),
        )
    return library, name


def is_installed(library: Library) -> bool:
    """Tell whether a library's package can be imported."""
    return not library.package or importlib.util.find_spec(library.package) is not None


def preprocess_of_timm(config: Mapping[str, Any]) -> Preprocess:
    """Return the preprocessing of a timm ``pretrained_cfg``.

    Args:
        config: with ``input_size`` (channels, height, width), ``crop_pct``,
            ``interpolation``, ``mean`` and ``std``; missing entries have timm's
            defaults.
    """
    channels, *size = config.get("input_size") or (3, 224, 224)
    height, width = (int(side) for side in size)
    share = float(config.get("crop_pct") or 0.875)
    mean = tuple(map(float, config.get("mean") or (0.485, 0.456, 0.406)))
    std = tuple(map(float, config.get("std") or (0.229, 0.224, 0.225)))
    return Preprocess(
        input_size=(height, width),
        resize=int(min(height, width) / share),
        fit=Fit.SQUASH if config.get("crop_mode") == "squash" else Fit.CROP,
        interpolation=_INTERPOLATIONS.get(
            str(config.get("interpolation")), Interpolation.BICUBIC
        ),
        mean=(mean * channels)[:channels],
        std=(std * channels)[:channels],
    )


def _timm() -> Any:
    import timm  # noqa: PLC0415 -- optional

    return timm


def _repainted(mean: float, std: float, value_range: float = 1.0) -> Preprocess:
    return Preprocess(
        input_size=(256, 256),
        mean=(mean,) * _COLORS,
        std=(std,) * _COLORS,
        value_range=value_range,
    )


_REPAINTED = {
    "QuickPainter": _repainted(0.5, 0.25),
    "JohnsonNet": _repainted(0, 1, 255),
    "CycleGanGenerator": _repainted(0.5, 0.5),
}
"""Preprocessing of networks that take and return an image."""

AUXILIARY = ("aux1.", "aux2.", "AuxLogits.", "aux_classifier.")
"""Prefixes of the weights of heads that only training uses."""


def _drop_auxiliary(net: nn.Module) -> None:
    """Remove the auxiliary heads of GoogLeNet and Inception."""
    for prefix in AUXILIARY:
        name = prefix.removesuffix(".")
        if hasattr(net, name):
            setattr(net, name, None)
    vars(net)["aux_logits"] = False
