"""NumPy arrays and numbers in pickles, parsed without NumPy.

Unpickling a dtype can make NumPy read any address, so no NumPy object is created from a
file: plain numbers become tensors, all else is left out.
"""

import math
import struct

import torch

from nnviz.engine.models.pickles.tensors import (
    BytesSource,
    StorageReference,
    TensorReference,
)
from nnviz.engine.models.pickles.values import PickleError, Stub

_DTYPES = {
    "f8": torch.float64,
    "f4": torch.float32,
    "f2": torch.float16,
    "i8": torch.int64,
    "i4": torch.int32,
    "i2": torch.int16,
    "i1": torch.int8,
    "u1": torch.uint8,
    "b1": torch.bool,
}
_FORMATS = {
    "f8": "<d",
    "f4": "<f",
    "f2": "<e",
    "i8": "<q",
    "i4": "<i",
    "i2": "<h",
    "i1": "<b",
    "u8": "<Q",
    "u4": "<I",
    "u2": "<H",
    "u1": "<B",
    "b1": "<?",
}
_PLAIN = (None, None, None)
_PARTS = 5
_ORDER = 1
_ARRAYS = frozenset(
    f"numpy.{core}.multiarray._reconstruct" for core in ("core", "_core")
)
_BUFFERS = frozenset(f"numpy.{core}.numeric._frombuffer" for core in ("core", "_core"))


def number_of(*args: object) -> int | float | None:
    """Return the value of a pickled ``numpy.multiarray.scalar(dtype, bytes)``.

    None if it is not a plain number.
    """
    code = _plain_code(args[0]) if args else ""
    data = args[1] if len(args) > 1 else b""
    layout = _FORMATS.get(code)
    if layout is None or not isinstance(data, bytes):
        return None
    if len(data) != struct.calcsize(layout):
        return None
    value: int | float = struct.unpack(layout, data)[0]
    return value


def array_of(stub: Stub) -> TensorReference | None:
    """Return a pickled array of plain numbers as a tensor; None for other objects.

    Raises:
        PickleError: its bytes are too few for its shape.
    """
    if stub.made_by in _ARRAYS:
        state = stub.state
        if not isinstance(state, tuple) or len(state) != _PARTS:
            return None
        _version, shape, dtype, columns_first, data = state
    elif stub.made_by in _BUFFERS and len(stub.args) == _PARTS - _ORDER:
        data, dtype, shape, order = stub.args
        columns_first = order == "F"
    else:
        return None
    return _tensor(shape, dtype, data, columns_first=bool(columns_first))


def _tensor(
    shape: object, dtype: object, data: object, *, columns_first: bool
) -> TensorReference | None:
    kind = _DTYPES.get(_plain_code(dtype))
    if kind is None or not isinstance(data, bytes | bytearray):
        return None
    if not isinstance(shape, tuple) or not all(isinstance(n, int) for n in shape):
        raise PickleError("is damaged: an array with an impossible shape")
    axes = shape[::-1] if columns_first else shape
    strides = [math.prod(axes[axis + 1 :]) for axis in range(len(axes))]
    if columns_first:
        strides.reverse()
    source = BytesSource({"": bytes(data)})
    storage = StorageReference(source, "", kind, len(data) // kind.itemsize)
    return TensorReference(storage, kind, 0, shape, tuple(strides))


def _plain_code(dtype: object) -> str:
    """Return the format code, such as "f4", of a pickled dtype; empty if not plain."""
    if not isinstance(dtype, Stub) or dtype.made_by != "numpy.dtype" or not dtype.args:
        return ""
    state = dtype.state
    if state is not None:
        if not isinstance(state, tuple) or len(state) < _PARTS:
            return ""
        if state[1] not in {"<", "|"} or state[2:5] != _PLAIN:
            return ""
    return str(dtype.args[0])
