"""Cache of recently computed tensors, bounded in bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from torch import Tensor, UntypedStorage

Held = TypeVar("Held", Tensor, tuple[Tensor, ...])


class TensorCache:
    """Least recently used (LRU) cache of tensors, bounded in bytes.

    Args:
        capacity: bytes to hold at most; a larger tensor is returned but not kept.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: OrderedDict[Hashable, Any] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Bytes held."""
        return self._bytes

    def get(self, key: Hashable, make: Callable[[], Held]) -> Held:
        """Return the cached value of a key; computed and cached if missing."""
        if key in self._held:
            self._held.move_to_end(key)
            held: Held = self._held[key]
            return held
        tensor = make()
        self._keep(key, tensor)
        return tensor

    def peek(self, key: Hashable) -> Any:
        """Return the cached value of a key, or None."""
        return self._held.get(key)

    def clear(self) -> None:
        """Drop all entries."""
        self._held.clear()
        self._bytes = 0

    def _keep(self, key: Hashable, tensor: Tensor | tuple[Tensor, ...]) -> None:
        if _size(tensor) > self._capacity:
            return
        self._held[key] = tensor
        self._bytes += _size(tensor)
        while self._bytes > self._capacity:
            _, oldest = self._held.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(held: Tensor | tuple[Tensor, ...]) -> int:
    """Return the bytes of the whole storages, which a view of a part keeps alive."""
    tensors = (held,) if isinstance(held, Tensor) else held
    storages = {each.data_ptr(): each.nbytes() for each in map(_storage, tensors)}
    return sum(storages.values())


def _storage(tensor: Tensor) -> UntypedStorage:
    return tensor.untyped_storage()
