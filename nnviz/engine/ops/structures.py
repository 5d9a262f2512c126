"""Layers give tensors, tuples of them, named tuples and dicts: exchange the first."""

from typing import Any

from torch import Tensor

from nnviz.engine.ops.probe_calls import first_tensor


def with_first_tensor(output: Any, tensor: Tensor) -> Any:
    """Return the same structure with another first tensor; the rest is shared.

    Args:
        output: what a layer gave; holds at least one tensor.
        tensor: what takes the place of the one that ``first_tensor`` finds.
    """
    if isinstance(output, Tensor):
        return tensor
    if isinstance(output, dict):
        parts = with_first_tensor([*output.values()], tensor)
        return type(output)(zip(output, parts, strict=True))
    parts = list(output)
    place = next(i for i, part in enumerate(parts) if first_tensor(part) is not None)
    parts[place] = with_first_tensor(parts[place], tensor)
    if isinstance(output, list):
        return parts
    return type(output)(*parts) if hasattr(output, "_fields") else tuple(parts)
