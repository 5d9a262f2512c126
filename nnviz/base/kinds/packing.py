"""Serialization of reports as named arrays, for recorded steps that are not images."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from nnviz.base import frames, results
from nnviz.base.errors import InputError
from nnviz.base.host.reading import JSON_ERRORS
from nnviz.base.kinds import matrices, planes
from nnviz.base.results import Array, Report

_TREE = "report"
"""Name of the array that holds the JSON text."""
_KIND, _ARRAY, _TUPLE = "$kind", "$array", "$tuple"
_KINDS = {
    name: kind
    for module in (results, matrices, planes, frames)
    for name, kind in vars(module).items()
    if isinstance(kind, type)
    and (dataclasses.is_dataclass(kind) or issubclass(kind, Enum))
}
"""Classes that a packed report may contain: a closed list, nothing else is built."""


def kind_called(name: str) -> type:
    """Return the class of a result kind, or of a part of one, by its name.

    Raises:
        KeyError: there is none of that name.
    """
    return _KINDS[name]


def pack(report: Report) -> dict[str, Array]:
    """Pack a report into arrays: its own, and a JSON tree that refers to them."""
    arrays: dict[str, Array] = {}
    tree = _packed(report, arrays)
    return {_TREE: np.array(json.dumps(tree)), **arrays}


def unpack(arrays: Mapping[str, Array]) -> Report:
    """Rebuild the report that ``pack`` packed.

    Raises:
        InputError: the arrays hold no report.
    """
    try:
        found = _unpacked(json.loads(str(arrays[_TREE])), arrays)
    except (*JSON_ERRORS, LookupError, TypeError) as error:
        raise InputError("frame", "holds no report") from error
    if not isinstance(found, Report):
        raise InputError("frame", "holds no report")
    return found


def _packed(value: object, arrays: dict[str, Array]) -> Any:
    """Convert a value to JSON, moving its arrays to ``arrays``."""
    if isinstance(value, np.ndarray):
        name = str(len(arrays))
        arrays[name] = value
        return {_ARRAY: name}
    if isinstance(value, Enum):
        return {_KIND: type(value).__name__, "value": value.value}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            field.name: _packed(getattr(value, field.name), arrays)
            for field in dataclasses.fields(value)
        }
        return {_KIND: type(value).__name__, **fields}
    if isinstance(value, Mapping):
        return {key: _packed(each, arrays) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {_TUPLE: [_packed(each, arrays) for each in value]}
    return value.item() if isinstance(value, np.generic) else value


def _unpacked(tree: Any, arrays: Mapping[str, Array]) -> Any:
    if not isinstance(tree, dict):
        return tree
    if _ARRAY in tree:
        return np.array(arrays[tree[_ARRAY]])
    if _TUPLE in tree:
        return tuple(_unpacked(each, arrays) for each in tree[_TUPLE])
    fields = {name: _unpacked(each, arrays) for name, each in tree.items()}
    if _KIND not in fields:
        return fields
    kind = kind_called(fields.pop(_KIND))
    return kind(fields["value"]) if issubclass(kind, Enum) else kind(**fields)
