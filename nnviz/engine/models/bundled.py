"""The networks that ship with the program; opened without torchvision."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import nn

from nnviz.base.errors import unknown
from nnviz.base.info import ModelEntry, ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.base.resources import resource
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.hashing import file_sha256
from nnviz.engine.models.networks import ARCHITECTURES, FaceCascade
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.references import BundledReference
from nnviz.engine.nn.layer_info import count_parameters

_FIRST = "objects"
"""What opens when nothing is asked for; leads the list."""
_METRICS = {"top1": "top-1", "mAP50": "mAP50", "mIoU": "mean IoU"}
"""Name of the figure that a card is listed with."""


def open_bundled(reference: BundledReference, check: Callable[[], None]) -> Opened:
    """Open a network that ships with the program.

    Raises:
        UsageError: there is none of this name.
    """
    if reference.name not in bundled_names():
        known = [f"bundled:{name}" for name in bundled_names()]
        raise unknown("model", str(reference), known)
    card = _card(reference.name)
    net = _empty(card)
    if isinstance(net, FaceCascade):
        path = net.file
    else:
        path = resource("models", f"{reference.name}.safetensors")
        _load(net, path, check)
    return Opened(
        net=frozen(net),
        reference=str(reference),
        title=card["title"],
        source=ModelSource.BUNDLED,
        weights=path.name,
        sha256=file_sha256(path, check),
        preprocess=Preprocess.from_json(card["preprocess"]),
        labels=tuple(card["classes"]),
        task=Task(card["task"]),
        card=resource("models", f"{reference.name}.md").read_text("utf-8"),
    )


def _load(net: nn.Module, path: Path, check: Callable[[], None]) -> None:
    """Give a network its weights: half precision on disk, single at work."""
    state = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(path).items()
    }
    check()
    net.load_state_dict(state, assign=True)


def bundled_entries() -> tuple[ModelEntry, ...]:
    """Return what ships with the program, for the list of models."""
    return tuple(_entry(name) for name in bundled_names())


@cache
def bundled_names() -> tuple[str, ...]:
    """Return the names of the networks that ship: each has a card in JSON."""
    names = {path.stem for path in resource("models").glob("*.json")}
    return (_FIRST, *sorted(names - {_FIRST}))


def _entry(name: str) -> ModelEntry:
    card = _card(name)
    metric, score = next(
        ((_METRICS[key], card[key]) for key in _METRICS if key in card), ("", None)
    )
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
    )


def _about(name: str) -> str:
    """Return the first paragraph of a card, the one below its title."""
    text = resource("models", f"{name}.md").read_text("utf-8")
    return " ".join(text.split("\n\n")[1].split())


def own_preprocess(name: str = _FIRST) -> Preprocess:
    """Return the preprocessing of a bundled network."""
    return Preprocess.from_json(_card(name)["preprocess"])


def _empty(card: dict[str, Any]) -> nn.Module:
    """Return a card's architecture without memory for its weights."""
    with on_meta():
        return ARCHITECTURES[card["architecture"]](**card["arguments"])


def _card(name: str) -> dict[str, Any]:
    text = resource("models", f"{name}.json").read_text("utf-8")
    card: dict[str, Any] = json.loads(text)
    return card
