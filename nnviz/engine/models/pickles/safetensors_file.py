"""safetensors files: eight bytes of length, a JSON header, then the data.

The safetensors package maps the file, so that copies of its tensors need memory twice;
here each is read into its final memory.
"""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import torch

from nnviz.engine.models.pickles.tensors import (
    StorageReference,
    TensorReference,
    contiguous,
    read_blocks,
)
from nnviz.engine.models.pickles.values import Check, PickleError

_LARGEST_HEADER = 100_000_000
"""The limit of the specification."""
_LENGTH = 8
_LARGEST = 1 << 62
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "C64": torch.complex64,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_METADATA = "__metadata__"


@contextmanager
def open_safetensors(
    path: Path,
) -> Iterator[tuple[dict[str, TensorReference], dict[str, str]]]:
    """Open a file; yield its tensors, readable inside the block, and its metadata.

    Raises:
        PickleError: the header is damaged, or a tensor lies outside the file.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        header, start = _header(file, size)
        metadata = header.pop(_METADATA, {})
        texts = metadata.items() if isinstance(metadata, dict) else ()
        yield (
            {
                key: _tensor(key, entry, file, (start, size))
                for key, entry in header.items()
            },
            {key: str(text) for key, text in texts},
        )


def _header(file: BufferedReader, size: int) -> tuple[dict[str, object], int]:
    length = int.from_bytes(file.read(_LENGTH), "little")
    if length > min(size - _LENGTH, _LARGEST_HEADER):
        raise PickleError("is damaged: its header is longer than the file")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError):
        raise PickleError("is damaged: its header is not JSON") from None
    if not isinstance(header, dict):
        raise PickleError("is damaged: its header is not a list of tensors")
    return header, _LENGTH + length


class _Span:
    """The bytes of one tensor in a file."""

    def __init__(self, file: BufferedReader, first: int, count: int) -> None:
        self._file = file
        self._first = first
        self._count = count

    def bytes_of(self, key: str) -> int:  # noqa: ARG002
        """Return the number of bytes."""
        return self._count

    def read_into(self, key: str, sink: memoryview, check: Check) -> None:  # noqa: ARG002
        """Fill a buffer with the bytes."""
        self._file.seek(self._first)
        read_blocks(self._file.readinto, sink, check)


def _tensor(
    key: str, entry: object, file: BufferedReader, bounds: tuple[int, int]
) -> TensorReference:
    start, size = bounds
    values = entry if isinstance(entry, dict) else {}
    dtype = _DTYPES.get(str(values.get("dtype")))
    if dtype is None:
        raise PickleError(f"holds {key[:60]} in a type that is not known")
    shape = _sizes(key, values.get("shape"))
    first, last = (*_sizes(key, values.get("data_offsets")), 0, 0)[:2]
    count = math.prod(shape) * dtype.itemsize
    if last - first != count or start + last > size:
        raise PickleError(f"is damaged: {key[:60]} lies outside the file")
    source = _Span(file, start + first, count)
    storage = StorageReference(source, key, dtype, math.prod(shape))
    return contiguous(storage, dtype, shape)


def _sizes(key: str, values: object) -> tuple[int, ...]:
    """Check and return a list of sizes or offsets from the header.

    Raises:
        PickleError: the value is no list of sizes.
    """
    listed = values if isinstance(values, list) else [None]
    if not all(type(value) is int and 0 <= value < _LARGEST for value in listed):
        raise PickleError(f"is damaged: {key[:60]} has an impossible shape")
    return tuple(listed)
