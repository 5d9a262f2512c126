"""The networks that ship with the program; opened without torchvision."""

import json
from collections.abc import Callable
from typing import Any

from safetensors.torch import load_file
from torch import nn

from nnviz.base.errors import unknown
from nnviz.base.info import ModelEntry, ModelSource
from nnviz.base.preprocess import Preprocess
from nnviz.base.resources import resource
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.hashing import file_sha256
from nnviz.engine.models.networks import SmallResNet
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.references import BUNDLED, BundledReference
from nnviz.engine.ops.layers import count_parameters

ARCHITECTURES: dict[str, Callable[[int], nn.Module]] = {"SmallResNet": SmallResNet}
"""From the name in a card to what builds it for a number of classes."""


def open_bundled(reference: BundledReference, check: Callable[[], None]) -> Opened:
    """Open a network that ships with the program.

    Raises:
        UsageError: there is none of this name.
    """
    if reference.name not in BUNDLED:
        known = [f"bundled:{name}" for name in BUNDLED]
        raise unknown("model", str(reference), known)
    card = _card(reference.name)
    path = resource("models", f"{reference.name}.safetensors")
    net = _empty(card)
    # Half precision on disk, single precision at work.
    state = {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(path).items()
    }
    check()
    net.load_state_dict(state, assign=True)
    return Opened(
        net=frozen(net),
        reference=str(reference),
        title=card["title"],
        source=ModelSource.BUNDLED,
        weights=path.name,
        sha256=file_sha256(path, check),
        preprocess=Preprocess.from_json(card["preprocess"]),
        labels=tuple(card["classes"]),
        card=resource("models", f"{reference.name}.md").read_text("utf-8"),
    )


def bundled_entries() -> tuple[ModelEntry, ...]:
    """Return what ships with the program, for the list of models."""
    return tuple(_entry(name) for name in BUNDLED)


def _entry(name: str) -> ModelEntry:
    card = _card(name)
    return ModelEntry(
        reference=f"bundled:{name}",
        title=card["title"],
        family="Bundled",
        source=ModelSource.BUNDLED,
        parameters=count_parameters(_empty(card)),
        file_size=0,
        accuracy=card["top1"],
    )


def own_preprocess(name: str = BUNDLED[0]) -> Preprocess:
    """Return the preprocessing of a bundled network."""
    return Preprocess.from_json(_card(name)["preprocess"])


def _empty(card: dict[str, Any]) -> nn.Module:
    """Return a card's architecture without memory for its weights."""
    with on_meta():
        return ARCHITECTURES[card["architecture"]](len(card["classes"]))


def _card(name: str) -> dict[str, Any]:
    text = resource("models", f"{name}.json").read_text("utf-8")
    card: dict[str, Any] = json.loads(text)
    return card
