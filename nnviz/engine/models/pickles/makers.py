"""Makers for checkpoints: containers and tensors in place of a pickle's calls.

Arguments come from the file, so each is checked; anything unexpected becomes a
``PickleError`` or stays a stub.
"""

from collections.abc import Callable
from typing import TypeVar

import torch

from nnviz.engine.models.pickles.machine import Maker, dictionary_key
from nnviz.engine.models.pickles.numpy_arrays import array_of, number_of
from nnviz.engine.models.pickles.tensors import (
    STORAGES,
    Quantizer,
    StorageReference,
    TensorReference,
)
from nnviz.engine.models.pickles.values import Budget, GlobalName, PickleError, Stub

T = TypeVar("T")

_DAMAGED_TENSOR = "is damaged: a tensor with impossible parts"


def container_makers(budget: Budget) -> dict[str, Maker]:
    """Return the makers of Python's containers and numbers, by dotted name."""

    def listed(*args: object) -> list[object]:
        items = args[0] if args else ()
        if not isinstance(items, list | tuple | set | frozenset):
            return []
        budget.spend(len(items))
        return list(items)

    def mapping(*args: object) -> dict[object, object]:
        items = args[-1] if args else ()
        if isinstance(items, dict):
            budget.spend(len(items))
            return dict(items)
        return dict(_pair(each) for each in listed(items))

    made: dict[str, Maker] = {
        "collections.OrderedDict": mapping,
        "collections.Counter": mapping,
        "collections.defaultdict": lambda *_: {},
        "collections.deque": listed,
        "torch.Size": lambda *args: tuple(listed(*args)),
        "_codecs.encode": _encoded,
        "numpy.core.multiarray.scalar": number_of,
        "numpy._core.multiarray.scalar": number_of,
    }
    for module in ("builtins", "__builtin__"):
        made |= {
            f"{module}.set": lambda *args: set(map(dictionary_key, listed(*args))),
            f"{module}.frozenset": lambda *args: set(
                map(dictionary_key, listed(*args))
            ),
            f"{module}.list": listed,
            f"{module}.tuple": lambda *args: tuple(listed(*args)),
            f"{module}.dict": mapping,
            f"{module}.bytearray": lambda *_: bytearray(),
            f"{module}.complex": lambda *_: None,
            f"{module}.slice": lambda *_: None,
            f"{module}.object": lambda *_: None,
        }
    return made


def _pair(value: object) -> tuple[object, object]:
    if not isinstance(value, tuple | list) or len(value) != 2:  # noqa: PLR2004
        raise PickleError("is damaged: a dictionary of items that are not pairs")
    return dictionary_key(value[0]), value[1]


def _encoded(*args: object) -> bytes:
    """Encode text as Latin-1, as ``codecs.encode`` does for bytes in protocol 2."""
    text = args[0] if args else ""
    if not isinstance(text, str) or any(ord(letter) > 255 for letter in text):  # noqa: PLR2004
        raise PickleError("is damaged: invalid bytes")
    return text.encode("latin-1")


def tensor_makers(load_nested: Callable[[bytes], object]) -> dict[str, Maker]:
    """Return the makers of torch's tensors, by dotted name.

    Args:
        load_nested: reads bytes written by torch.save, in which plain pickles hold
            storages.
    """
    made: dict[str, Maker] = {
        "torch._utils._rebuild_tensor": _tensor,
        "torch._utils._rebuild_tensor_v2": _tensor,
        "torch._utils._rebuild_tensor_v3": _retyped_tensor,
        "torch._utils._rebuild_qtensor": _quantized_tensor,
        "torch._utils._rebuild_parameter": _first,
        "torch._utils._rebuild_parameter_with_state": _first,
        "torch.nn.parameter.Parameter": _first,
        "torch._utils._rebuild_device_tensor_from_numpy": _from_numpy,
        "torch.storage._load_from_bytes": lambda *args: load_nested(
            _typed(args, 0, bytes)
        ),
        "torch.jit._pickle.build_intlist": _first,
        "torch.jit._pickle.build_boollist": _first,
        "torch.jit._pickle.build_doublelist": _first,
        "torch.jit._pickle.build_tensorlist": _first,
        "torch.jit._pickle.restore_type_tag": _first,
        "torch.jit._pickle.build_tensor_from_id": _first,
        "torch.device": lambda *args: str(args[0]) if args else "cpu",
    }
    inner = dict(made)

    def subclass(*args: object) -> object:
        """Rebuild a tensor of a subclass as a plain tensor."""
        func = str(args[0]) if args and isinstance(args[0], GlobalName) else ""
        values = args[2] if len(args) > 2 else None  # noqa: PLR2004
        if func not in inner or not isinstance(values, tuple):
            return None
        return inner[func](*values)

    return made | {"torch._tensor._rebuild_from_type_v2": subclass}


def storage_dtype(kind: object) -> torch.dtype:
    """Return the dtype of a torch storage class.

    Raises:
        PickleError: there is no such storage.
    """
    name = kind.name if isinstance(kind, GlobalName) else ""
    if name not in STORAGES:
        raise PickleError("is damaged: a storage of no known type")
    return STORAGES[name]


def _typed(args: tuple[object, ...], place: int, kind: type[T]) -> T:
    value = args[place] if place < len(args) else None
    if not isinstance(value, kind):
        raise PickleError(_DAMAGED_TENSOR)
    return value


def _integers(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple | list):
        raise PickleError(_DAMAGED_TENSOR)
    if not all(isinstance(value, int) for value in values):
        raise PickleError(_DAMAGED_TENSOR)
    return tuple(int(value) for value in values)


def _first(*args: object) -> object:
    return args[0] if args else None


def _tensor(*args: object) -> TensorReference:
    storage = _typed(args, 0, StorageReference)
    return _laid_out(args, storage, storage.dtype)


def _laid_out(
    args: tuple[object, ...],
    storage: StorageReference,
    dtype: torch.dtype,
    quantizer: Quantizer | None = None,
) -> TensorReference:
    offset, shape, strides = (
        _typed(args, 1, int),
        *(_integers(_typed(args, place, tuple | list)) for place in (2, 3)),  # type: ignore[arg-type]
    )
    return TensorReference(storage, dtype, offset, shape, strides, quantizer)


def _retyped_tensor(*args: object) -> TensorReference:
    named = _typed(args, 6, GlobalName)
    dtype = getattr(torch, named.name, None) if named.module == "torch" else None
    if not isinstance(dtype, torch.dtype):
        raise PickleError(_DAMAGED_TENSOR)
    return _laid_out(args, _typed(args, 0, StorageReference), dtype)


def _quantized_tensor(*args: object) -> TensorReference:
    storage = _typed(args, 0, StorageReference)
    quantizer = _quantizer(_typed(args, 4, tuple), _integers(args[2]))
    return _laid_out(args, storage, storage.dtype, quantizer)


def _quantizer(parts: tuple[object, ...], shape: tuple[int, ...]) -> Quantizer:
    scheme = str(_typed(parts, 0, GlobalName))
    scale, zero_point = (
        _scales(parts[place] if place < len(parts) else None) for place in (1, 2)
    )
    if scheme == "torch.per_tensor_affine":
        return Quantizer(scale, zero_point)
    if not scheme.startswith("torch.per_channel_affine"):
        raise PickleError("is quantized in a way that is not known")
    axis = _typed(parts, 3, int)
    if not 0 <= axis < len(shape):
        raise PickleError(_DAMAGED_TENSOR)
    return Quantizer(scale, zero_point, axis)


def _scales(value: object) -> tuple[float, ...] | TensorReference:
    """Return the scales or zero points of a quantized tensor."""
    if isinstance(value, TensorReference) and len(value.shape) == 1:
        return value
    values = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(each, int | float) for each in values):
        raise PickleError(_DAMAGED_TENSOR)
    return tuple(float(each) for each in values if isinstance(each, int | float))


def _from_numpy(*args: object) -> object:
    stub = _typed(args, 0, Stub)
    return array_of(stub) or stub
