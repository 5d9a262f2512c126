"""Layers give tensors, tuples of them, named tuples, dicts: change what is inside."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from nnviz.engine.nn.shapes.calls import first_tensor


def map_tensors(structure: Any, change: Callable[[Tensor], Any]) -> Any:
    """Return the same structure with every tensor changed; the rest is shared."""
    if isinstance(structure, Tensor):
        return change(structure)
    if isinstance(structure, dict):
        parts = {key: map_tensors(part, change) for key, part in structure.items()}
        return type(structure)(parts)
    if isinstance(structure, tuple | list):
        return rebuilt(structure, [map_tensors(part, change) for part in structure])
    return structure


def with_first_tensor(structure: Any, tensor: Tensor) -> Any:
    """Return the same structure with another tensor for ``first_tensor``'s."""
    first = first_tensor(structure)
    return map_tensors(structure, lambda each: tensor if each is first else each)


def rebuilt(like: Any, parts: list[Any]) -> Any:
    """Return a tuple, a named tuple or a list of other parts."""
    named = hasattr(like, "_fields")
    return type(like)(*parts) if named else type(like)(parts)
