"""Built-in architectures that a weight file declares, with their arguments."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nnviz.base.errors import InputError, ModelError
from nnviz.base.host.reading import JSON_ERRORS
from nnviz.engine.models.factories import on_meta
from nnviz.engine.models.networks import ARCHITECTURES

METADATA = "nnviz"
"""Key of a safetensors file's metadata that holds a copy of its sidecar."""
_COUNTER = "num_batches_tracked"
"""Of batch norms: not needed for inference."""
_LONGEST = 100_000
_LARGEST = 1_000_000
"""Largest number among the arguments: no network is wider."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A built-in architecture with its arguments.

    Attributes:
        name: one of ``ARCHITECTURES``.
        arguments: numbers, strings and lists of them.
    """

    name: str
    arguments: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the declaration as in a sidecar."""
        return {"architecture": self.name, "arguments": dict(self.arguments)}


def declared_in(values: Mapping[str, Any], source: str) -> Declared | None:
    """Return the architecture that a sidecar declares, or None.

    Raises:
        InputError: there is no such architecture, or its arguments are not plain
            values.
    """
    name, arguments = values.get("architecture"), values.get("arguments", {})
    if name is None:
        return None
    if name not in ARCHITECTURES:
        raise InputError(
            source, f"names an unknown architecture, {name!r}", "update nnviz"
        )
    if not isinstance(arguments, dict) or not all(map(_is_plain, arguments.values())):
        raise InputError(source, "has arguments that cannot be used", "export it again")
    return Declared(name, arguments)


def side_car_within(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the sidecar in a safetensors file's metadata; empty without one."""
    text = metadata.get(METADATA, "")
    if not 0 < len(text) <= _LONGEST:
        return {}
    try:
        values = json.loads(text)
    except JSON_ERRORS:
        return {}
    return values if isinstance(values, dict) else {}


def build_declared(
    declared: Declared, tensors: Mapping[str, Tensor], source: str
) -> nn.Module:
    """Build a declared architecture and load its weights.

    Raises:
        ModelError: the arguments or the weights do not fit it.
    """
    try:
        with on_meta():
            net = ARCHITECTURES[declared.name](**declared.arguments)
        state = {name: each.float() if each.is_floating_point() else each
                 for name, each in tensors.items()}  # fmt: skip
        missing = set(net.state_dict()) - set(state)
        state |= {name: torch.tensor(0) for name in missing if name.endswith(_COUNTER)}
        net.load_state_dict(state, assign=True)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = f"does not fit {declared.name} ({str(error).strip().splitlines()[-1]})"
        raise ModelError(source, reason.strip(), "export it again") from None
    return net


def write_weights(
    state: Mapping[str, Tensor], side_car: Mapping[str, Any], stem: Path
) -> Path:
    """Write ``stem.safetensors`` and ``stem.json``; return the weights' path.

    The weights' metadata hold the sidecar too, so that the one file suffices.

    Args:
        state: of the network; counters of batch norms are left out.
        side_car: title, labels, preprocess, ...; with a declared architecture.
        stem: path without suffix; its folder is created.

    Raises:
        OSError: the folder cannot be written to.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: tensor.contiguous().clone()
        for name, tensor in state.items()
        if not name.endswith(_COUNTER)
    }
    weights, partial = stem.with_suffix(".safetensors"), stem.with_suffix(".partial")
    save_file(tensors, partial, {METADATA: json.dumps(side_car)})
    # Its writer makes the file unreadable for other users.
    partial.chmod(0o644)
    partial.replace(weights)
    text = json.dumps(side_car, indent=1, ensure_ascii=False)
    stem.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return weights


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, int | float):
        return abs(value) <= _LARGEST
    return isinstance(value, str)
