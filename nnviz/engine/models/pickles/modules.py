"""Weights in unpickled objects: module trees become state dicts."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nnviz.engine.models.pickles.numpy_arrays import array_of
from nnviz.engine.models.pickles.tensors import TensorReference
from nnviz.engine.models.pickles.values import PickleError, Stub

_DEEPEST = 64
_MOST_KEYS = 200_000
_DEEPEST_VALUES, _MOST_VALUES = 4, 1000
_PARTS = ("_parameters", "_buffers")
"""Where ``torch.nn.Module`` keeps its own tensors."""


def tensors_in(value: object) -> dict[str, TensorReference]:
    """Return the tensors of a state dict or module by key; empty for other objects.

    Raises:
        PickleError: a module contains itself, or the tree is larger than any network.
    """
    entries: Iterable[tuple[str, TensorReference | None]] = ()
    if isinstance(value, Mapping):
        entries = ((str(key), tensor_of(each)) for key, each in value.items())
    elif isinstance(value, Stub) and (
        isinstance(value.state, Mapping) or value.entries
    ):
        entries = _walk(value)
    return {key: tensor for key, tensor in entries if tensor is not None}


def tensor_of(value: object) -> TensorReference | None:
    """Return a tensor, or an array of plain numbers as one; None for other values."""
    if isinstance(value, TensorReference):
        return value
    return array_of(value) if isinstance(value, Stub) else None


def attributes_of(value: object) -> Mapping[object, object]:
    """Return the entries of a dictionary, or the attributes of an object."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Stub):
        if isinstance(value.state, Mapping):
            return {**value.entries, **value.state}
        return value.entries
    return {}


def plain_values(value: object, depth: int = _DEEPEST_VALUES) -> Any:
    """Return the numbers, texts and containers of these in a value; else None.

    Objects that hold options, such as argparse's, become dictionaries.  Long lists and
    deeply nested values are left out: only facts about the training are needed.
    """
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    if isinstance(value, list | tuple):
        few = value[:_MOST_VALUES] if depth else ()
        return [plain_values(each, depth - 1) for each in few]
    entries = attributes_of(value) if depth else {}
    return {
        str(key): plain
        for key, each in itertools.islice(entries.items(), _MOST_VALUES)
        if (plain := plain_values(each, depth - 1)) is not None
    } or None


def _walk(root: Stub) -> Iterator[tuple[str, TensorReference | None]]:
    """Yield the tensors of a module and its children, depth first."""
    waiting: list[tuple[str, Stub, int]] = [("", root, 0)]
    visited = 0
    while waiting:
        prefix, module, depth = waiting.pop()
        visited += 1
        if visited > _MOST_KEYS or depth > _DEEPEST:
            raise PickleError("is damaged: modules that contain themselves")
        state = attributes_of(module)
        children = state.get("_modules")
        eager = isinstance(children, Mapping)
        for part in (state.get(name) for name in _PARTS) if eager else (state,):
            for key, value in attributes_of(part).items():
                if not eager or str(key) not in _left_out(state):
                    yield f"{prefix}{key}", tensor_of(value)
        # The attributes of a TorchScript module are its tensors and its modules.
        inner = children if isinstance(children, Mapping) else state
        waiting += [
            (f"{prefix}{key}.", value, depth + 1)
            for key, value in reversed(list(inner.items()))
            if isinstance(value, Stub) and tensor_of(value) is None
        ]


def _left_out(state: Mapping[object, object]) -> set[str]:
    """Return the names of a module's non-persistent buffers."""
    names = state.get("_non_persistent_buffers_set", ())
    return {str(name) for name in names} if isinstance(names, set | list) else set()
