"""Tensors described by a file: checked against their storages, then read."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nnviz.engine.models.pickles.values import Check, PickleError
from nnviz.media.files import fill

_MOST_AXES = 32
_SMALL = 1 << 16
"""Elements up to which a tensor may have more than its storage (strides of 0)."""
_SLACK = 1 << 20
_LARGEST = 1 << 62

STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "QInt8Storage": torch.int8,
    "QUInt8Storage": torch.uint8,
    "QInt32Storage": torch.int32,
    "UntypedStorage": torch.uint8,
}
"""Names of torch's storages; quantized ones as the integers that they hold."""


class Source(Protocol):
    """A file that contains storages."""

    def bytes_of(self, key: str) -> int:
        """Return the size of a storage, B; raises PickleError if there is none."""
        ...

    def read_into(self, key: str, sink: memoryview, check: Check) -> None:
        """Fill a buffer with the first bytes of a storage."""
        ...


@dataclass(frozen=True, slots=True)
class StorageReference:
    """A storage that has not been read yet.

    Attributes:
        source: the file.
        key: its name there.
        dtype: of its numbers.
        numel: how many there are.
    """

    source: Source
    key: str
    dtype: torch.dtype
    numel: int


@dataclass(frozen=True, slots=True)
class Quantizer:
    """Scale and zero point of a quantized tensor.

    Attributes:
        scale: of a step, one or one for each index of ``axis``.
        zero_point: the integer that stands for 0, likewise.
        axis: that the lists run along; -1 where there is one scale.
    """

    scale: "tuple[float, ...] | TensorReference"
    zero_point: "tuple[float, ...] | TensorReference"
    axis: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class TensorReference:
    """A tensor that has not been read yet, with checked bounds.

    Attributes:
        storage: where its numbers are.
        dtype: of its values.
        offset: of the first one, in elements.
        shape: of the tensor.
        strides: in elements.
        quantizer: None for a tensor of plain numbers.
    """

    storage: StorageReference
    dtype: torch.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    quantizer: Quantizer | None = None

    def __post_init__(self) -> None:
        """Check that every element lies in the storage."""
        _check_bounds(self)

    @property
    def nbytes(self) -> int:
        """Size of all elements in the file, B."""
        return math.prod(self.shape) * self.dtype.itemsize


def contiguous(
    storage: StorageReference, dtype: torch.dtype, shape: tuple[int, ...]
) -> TensorReference:
    """Return a tensor that fills a storage in row-major order."""
    strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
    return TensorReference(storage, dtype, 0, shape, strides)


def _check_bounds(tensor: TensorReference) -> None:
    shape, strides = tensor.shape, tensor.strides
    numbers = (tensor.offset, *shape, *strides)
    if len(shape) != len(strides) or len(shape) > _MOST_AXES:
        raise PickleError("is damaged: a tensor with an impossible shape")
    if not all(0 <= number < _LARGEST for number in numbers):
        raise PickleError("is damaged: a tensor with an impossible shape")
    count = math.prod(shape)
    room = tensor.storage.numel * tensor.storage.dtype.itemsize // tensor.dtype.itemsize
    last = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if count and tensor.offset + last >= room:
        raise PickleError("is damaged: a tensor reaches beyond its storage")
    if count > max(room, _SMALL):
        raise PickleError("is damaged: a tensor is larger than the file")


def read_tensors(
    tensors: Mapping[str, TensorReference], limit: int, check: Check
) -> dict[str, Tensor]:
    """Read tensors into newly allocated memory; real numbers in single precision.

    A storage is read once, into the memory that its tensors use, so that the peak is
    what the tensors need.

    Args:
        tensors: what to read.
        limit: size of the file in bytes; tensors that share storages may add up to
            more.
        check: called for each block; raises to stop.

    Raises:
        PickleError: the tensors add up to far more than the file holds.
        zipfile.BadZipFile: a checksum differs.
    """
    if sum(tensor.nbytes for tensor in tensors.values()) > 2 * limit + _SLACK:
        raise PickleError("is damaged: its tensors add up to more than the file holds")
    groups: dict[tuple[int, str], list[str]] = defaultdict(list)
    for key, tensor in tensors.items():
        groups[id(tensor.storage.source), tensor.storage.key].append(key)
    read: dict[str, Tensor] = {}
    for keys in groups.values():
        whole = _read_storage(tensors[keys[0]].storage, check)
        for key in keys:
            check()
            read[key] = _working(tensors[key], whole, check)
    return {key: read[key] for key in tensors}


def bytes_needed(tensors: Iterable[TensorReference]) -> int:
    """Return the memory that tensors need once they are read, B."""
    return sum(
        math.prod(tensor.shape) * max(tensor.dtype.itemsize, 4)
        if tensor.dtype.is_floating_point or tensor.quantizer
        else tensor.nbytes
        for tensor in tensors
    )


def _read_storage(storage: StorageReference, check: Check) -> Tensor:
    size = storage.numel * storage.dtype.itemsize
    if size > storage.source.bytes_of(storage.key):
        raise PickleError("is damaged: a storage is shorter than it says")
    whole = torch.empty(size, dtype=torch.uint8)
    if size:
        storage.source.read_into(storage.key, whole.numpy().data, check)
    return whole


def _working(tensor: TensorReference, whole: Tensor, check: Check) -> Tensor:
    """Return a tensor from its storage's bytes, in single precision if it is real."""
    boolean = tensor.dtype == torch.bool
    # Bytes other than 0 and 1 are no valid booleans: torch's behavior is undefined
    # then.
    dtype = torch.uint8 if boolean else tensor.dtype
    itemsize = dtype.itemsize
    numbers = whole[: whole.numel() // itemsize * itemsize].view(dtype)
    part = numbers.as_strided(tensor.shape, tensor.strides, tensor.offset)
    if boolean:
        return part.ne(0)
    if tensor.quantizer is not None:
        return _dequantized(part, tensor.quantizer, check)
    if tensor.dtype.is_floating_point:
        part = part.to(torch.float32)
    alone = 2 * part.nbytes >= whole.nbytes or part.dtype != dtype
    return part.contiguous() if alone else part.clone().contiguous()


def _dequantized(part: Tensor, quantizer: Quantizer, check: Check) -> Tensor:
    shape = [1] * part.ndim
    if quantizer.axis >= 0:
        shape[quantizer.axis] = -1
    zero, scale = (
        _scales(each, check) for each in (quantizer.zero_point, quantizer.scale)
    )
    length = part.shape[quantizer.axis] if quantizer.axis >= 0 else 1
    if {zero.numel(), scale.numel()} != {length}:
        raise PickleError("is damaged: a quantized tensor without its scales")
    return (part.to(torch.float32) - zero.reshape(shape)) * scale.reshape(shape)


def _scales(numbers: tuple[float, ...] | TensorReference, check: Check) -> Tensor:
    if isinstance(numbers, TensorReference):
        whole = _read_storage(numbers.storage, check)
        return _working(numbers, whole, check).to(torch.float32)
    return torch.tensor(numbers, dtype=torch.float32)


class BytesSource:
    """Storages in memory, such as those of pickled NumPy arrays.

    Args:
        data: by key.
    """

    def __init__(self, data: Mapping[str, bytes]) -> None:
        self._data = data

    def bytes_of(self, key: str) -> int:
        """Return the size of a storage, B."""
        return len(self._data[key])

    def read_into(self, key: str, sink: memoryview, check: Check) -> None:
        """Fill a buffer from a storage."""
        check()
        sink[:] = self._data[key][: len(sink)]


def read_blocks(
    read: Callable[[memoryview], int | None], sink: memoryview, check: Check
) -> None:
    """Fill a buffer from a file, block by block.

    Raises:
        PickleError: the file ends before.
    """
    if not fill(sink, read, check):
        raise PickleError("is truncated")
