"""Mapping of tensors in nested outputs: tuples, named tuples, lists and dicts."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from nnviz.engine.nn.shapes.calls import first_tensor


def map_tensors(structure: Any, change: Callable[[Tensor], Any]) -> Any:
    """Return the structure with a function applied to every tensor."""
    if isinstance(structure, Tensor):
        return change(structure)
    if isinstance(structure, dict):
        parts = {key: map_tensors(part, change) for key, part in structure.items()}
        return type(structure)(parts)
    if isinstance(structure, tuple | list):
        return rebuilt(structure, [map_tensors(part, change) for part in structure])
    return structure


def with_first_tensor(structure: Any, tensor: Tensor) -> Any:
    """Return the structure with its first tensor replaced."""
    first = first_tensor(structure)
    return map_tensors(structure, lambda each: tensor if each is first else each)


def rebuilt(like: Any, parts: list[Any]) -> Any:
    """Return a tuple, named tuple or list of the same type, with other parts."""
    named = hasattr(like, "_fields")
    return type(like)(*parts) if named else type(like)(parts)
