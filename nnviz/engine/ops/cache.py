"""Tensors that were computed lately, as many as fit into a number of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

from torch import Tensor


class TensorCache:
    """Least recently used first out, bounded by bytes.

    Args:
        capacity: bytes to hold at most; a larger tensor is given but not kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: OrderedDict[Hashable, Tensor] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Bytes held."""
        return self._bytes

    def get(self, key: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """Return the tensor of a key, made if it is not held."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        tensor = make()
        self._keep(key, tensor)
        return tensor

    def clear(self) -> None:
        """Let go of everything."""
        self._held.clear()
        self._bytes = 0

    def _keep(self, key: Hashable, tensor: Tensor) -> None:
        if _size(tensor) > self._capacity:
            return
        self._held[key] = tensor
        self._bytes += _size(tensor)
        while self._bytes > self._capacity:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(tensor: Tensor) -> int:
    """Bytes of the whole storage: what holding a part of it keeps alive."""
    return tensor.untyped_storage().nbytes()
