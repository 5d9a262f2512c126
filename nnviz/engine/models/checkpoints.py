"""Tensors from files, without running anything that is in them."""

import argparse
import pickle
import pickletools
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from torch import Tensor

from nnviz.base.errors import InputError, OutOfMemoryError
from nnviz.engine.compute import memory

Check = Callable[[], None]

_HEAD = 512
_BLOCK = 1 << 22
_LARGEST_PICKLE = 1 << 28
_ROOM = 1.5
"""Tensors are copied out of the file, some are widened."""
_LISTED = 5
_PICKLES_IN_A_LEGACY_FILE = 5
_STATE_DICT = "save its weights with torch.save(net.state_dict(), path) and open those"
_DAMAGED = "copy or download it again"

_HARMLESS = [
    argparse.Namespace,
    np.dtype,
    np.ndarray,
    # What pickles of numpy arrays and numbers call; they build values, no more.
    np._core.multiarray._reconstruct,  # type: ignore[attr-defined]  # noqa: SLF001
    np._core.multiarray.scalar,  # type: ignore[attr-defined]  # noqa: SLF001
    *{type(np.dtype(code)) for code in "?bBhHiIlLqQefd"},
]
_LEGACY_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
"""torch.serialization.MAGIC_NUMBER as a pickle of protocol 2."""
_UNPICKLING_ERRORS = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AssertionError,
    ImportError,
    struct.error,
)
_STATE_KEYS = (
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network"),
    *("module", "weights", "params", "generator", "student", "backbone"),
)
_AVERAGE_KEYS = (
    *("ema", "model_ema", "ema_model", "state_dict_ema", "ema_state_dict"),
    *("average", "averaged_model", "teacher"),
)
_LABEL_KEYS = ("classes", "class_names", "labels", "categories", "class_to_idx")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "_model.")
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The weights of a file.

    Attributes:
        tensors: by key, prefixes of wrappers removed, on the CPU, in their own memory.
        labels: names of classes that were saved beside them; may be empty.
        notes: what was done to get at them, for people.
    """

    tensors: dict[str, Tensor]
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_state(path: Path, check: Check) -> Checkpoint:
    """Read the weights of a file.

    Raises:
        InputError: missing, empty, damaged, of another format, or a program.
        OutOfMemoryError: larger than the free memory.
    """
    _refuse_others(path)
    value = (
        _read_safetensors(path, check)
        if _is_safetensors(path)
        else _unpickle(path, check)
    )
    return _unwrapped(value, path, check)


# --- what kind of file it is ------------------------------------------------------


def _refuse_others(path: Path) -> None:
    """Raise in words for what holds no weights that this version can read."""
    if not path.exists():
        raise InputError(str(path), "no such file", "check the path")
    if path.is_dir():
        raise InputError(str(path), "is a folder", "pick a file of weights")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(str(path), reason, "check its permissions") from None
    if not size:
        raise InputError(path.name, "is empty", _DAMAGED)
    if size * _ROOM > memory.free_bytes(torch.device("cpu")):
        raise OutOfMemoryError(
            path.name,
            f"holds {memory.in_units(size)}, more than the free memory",
            "close other programs or use a smaller network",
        )
    kind = _foreign(path, head)
    if kind:
        raise InputError(path.name, *kind)


def _foreign(path: Path, head: bytes) -> tuple[str, str] | None:
    """Return reason and remedy for a file of another format."""
    text = head.lstrip().lower()
    if text.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself", "run git lfs pull"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page: its download failed", "download it again"
    if head.startswith(b"\x89HDF"):
        return "is an HDF5 file, as Keras writes them", "this version opens PyTorch's"
    if head.startswith(b"PK\x03\x04"):
        return _foreign_archive(path)
    return None


def _foreign_archive(path: Path) -> tuple[str, str] | None:
    if not zipfile.is_zipfile(path):
        return "is cut short: the end of the archive is missing", _DAMAGED
    with zipfile.ZipFile(path) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    if "constants.pkl" in names:
        return (
            "is a TorchScript program",
            _STATE_DICT,
        )
    if "archive_format" in names or any("exported_program" in name for name in names):
        return (
            "is a torch.export program",
            _STATE_DICT,
        )
    if "data.pkl" not in names:
        return "is an archive, but not one that torch.save wrote", "pick a .pt file"
    return None


def _is_safetensors(path: Path) -> bool:
    """Eight bytes of length, then JSON."""
    if path.suffix.lower() == ".safetensors":
        return True
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


# --- reading ----------------------------------------------------------------------


def _read_safetensors(path: Path, check: Check) -> dict[str, Tensor]:
    tensors = {}
    try:
        with safetensors.safe_open(path, "pt") as file:
            for key in file.keys():  # noqa: SIM118 -- it is no mapping
                check()
                tensors[key] = file.get_tensor(key)
    except safetensors.SafetensorError as error:
        raise InputError(path.name, f"is damaged ({error})", _DAMAGED) from None
    return tensors


def _unpickle(path: Path, check: Check) -> object:
    zipped = zipfile.is_zipfile(path)
    if zipped:
        _verify_archive(path, check)
    elif not _is_legacy(path):
        raise _refused(path)

    def load() -> object:
        with torch.serialization.safe_globals(_HARMLESS):
            return torch.load(path, "cpu", weights_only=True, mmap=zipped)

    try:
        value, damage = memory.attempt(load)
    except _UNPICKLING_ERRORS:
        raise _refused(path) from None
    if damage:
        raise InputError(path.name, f"is damaged ({damage})", _DAMAGED)
    return value


def _is_legacy(path: Path) -> bool:
    """Return whether torch.save wrote a file before version 1.6."""
    with path.open("rb") as file:
        return file.read(len(_LEGACY_MAGIC)) == _LEGACY_MAGIC


def _verify_archive(path: Path, check: Check) -> None:
    """Compare all checksums, and refuse what would swell when it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.compress_type != zipfile.ZIP_STORED:
                    raise InputError(
                        path.name,
                        "is compressed, as torch never writes it",
                        _STATE_DICT,
                    )
                if (
                    entry.filename.endswith(".pkl")
                    and entry.file_size > _LARGEST_PICKLE
                ):
                    raise InputError(path.name, "has an impossible index", _DAMAGED)
                with archive.open(entry) as file:
                    while file.read(_BLOCK):
                        check()
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise InputError(path.name, f"is damaged ({error})", _DAMAGED) from None


def _refused(path: Path) -> InputError:
    names = sorted(set(_imports(path)))
    if not names:
        return InputError(
            path.name, "holds no weights that can be read", "pick a .pt or .safetensors"
        )
    listed = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
    return InputError(
        path.name,
        "is a program, not only weights: opening it would run code that imports "
        f"{listed}",
        _STATE_DICT,
    )


def _imports(path: Path) -> Iterator[str]:
    """List what a pickle would import, without running it; torch's data left out."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                index = next(n for n in archive.namelist() if n.endswith("/data.pkl"))
                with archive.open(index) as file:
                    yield from _globals(file)
        else:
            with path.open("rb") as file:
                for _ in range(_PICKLES_IN_A_LEGACY_FILE):
                    yield from _globals(file)
    except (*_UNPICKLING_ERRORS, zipfile.BadZipFile):
        return


def _globals(file: Any) -> Iterator[str]:
    strings: list[str] = []
    for code, argument, _place in pickletools.genops(file):
        if isinstance(argument, str) and code.name != "GLOBAL":
            strings.append(argument)
        name = ""
        if code.name == "GLOBAL":
            name = str(argument).replace(" ", ".")
        elif code.name == "STACK_GLOBAL":
            name = ".".join(strings[-2:])
        if name and not _is_data(name):
            yield name


def _is_data(name: str) -> bool:
    if name.startswith("torch.") and not name.startswith("torch.nn"):
        return True
    return name.startswith(("collections.OrderedDict", "numpy", "argparse.Namespace"))


# --- finding the weights in it ----------------------------------------------------


def _unwrapped(value: object, path: Path, check: Check) -> Checkpoint:
    notes: list[str] = []
    found, labels = _find(value, notes, _DEEPEST)
    if not found:
        raise InputError(
            path.name,
            f"holds no weights ({_described(value)})",
            "expected is a dictionary from names to tensors",
        )
    limit = path.stat().st_size
    tensors = {}
    for key, tensor in _bare(found, notes).items():
        check()
        if tensor.numel() * tensor.element_size() > limit:
            raise InputError(path.name, f"{key} is larger than the file", _DAMAGED)
        tensors[key] = _working(tensor)
    kinds = {str(tensor.dtype) for tensor in found.values()} - {
        "torch.float32",
        "torch.int64",
    }
    if kinds:
        notes.append(
            f"{', '.join(sorted(kinds))} widened to float32".replace("torch.", "")
        )
    return Checkpoint(tensors, labels, tuple(notes))


def _find(
    value: object, notes: list[str], depth: int
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the tensors of a state dict, wherever in a training checkpoint it is."""
    if not isinstance(value, Mapping) or not depth:
        return {}, ()
    labels = _labels(value)
    tensors = {
        str(key): tensor for key, tensor in value.items() if isinstance(tensor, Tensor)
    }
    inner = [
        key
        for key in (*_STATE_KEYS, *_AVERAGE_KEYS)
        if isinstance(value.get(key), Mapping)
    ]
    for key in inner:
        found, deeper = _find(value[key], notes, depth - 1)
        if found:
            notes.append(f"weights taken from {key!r}")
            other = [each for each in inner if each in _AVERAGE_KEYS and each != key]
            if other:
                notes.append(f"averaged weights in {other[0]!r} are not used")
            return found, labels or deeper
    return tensors, labels


def _bare(state: Mapping[str, Tensor], notes: list[str]) -> dict[str, Tensor]:
    """Remove the prefixes that wrappers put before every key."""
    names = dict(state)
    while prefix := next((each for each in _PREFIXES if _all_begin(names, each)), ""):
        names = {key.removeprefix(prefix): value for key, value in names.items()}
        notes.append(f"prefix {prefix!r} removed from all keys")
    return names


def _all_begin(names: Mapping[str, Tensor], prefix: str) -> bool:
    return bool(names) and all(name.startswith(prefix) for name in names)


def _working(tensor: Tensor) -> Tensor:
    """Return a copy in the file's stead, single precision if it is a real number."""
    tensor = tensor.detach()
    if tensor.is_floating_point():
        return tensor.to(torch.float32, copy=True).contiguous()
    return tensor.clone()


def _labels(value: Mapping[Any, Any]) -> tuple[str, ...]:
    for key in _LABEL_KEYS:
        names = value.get(key)
        if isinstance(names, Mapping) and all(
            isinstance(index, int) for index in names.values()
        ):
            names = sorted(names, key=names.__getitem__)
        if isinstance(names, list | tuple) and names:
            return tuple(str(name) for name in names)
    return ()


def _described(value: object) -> str:
    if isinstance(value, Mapping):
        keys = ", ".join(str(key) for key in list(value)[:_LISTED])
        return f"a dictionary with {keys}" if keys else "an empty dictionary"
    return f"a {type(value).__name__}"
