"""Reading of weight files without executing anything in them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nnviz.base.errors import InputError, OutOfMemoryError
from nnviz.base.host.reading import ARCHIVE_ERRORS
from nnviz.engine.compute import memory
from nnviz.engine.models.pickles.archives import Contents, open_contents
from nnviz.engine.models.pickles.description import describe
from nnviz.engine.models.pickles.modules import (
    attributes_of,
    plain_values,
    tensors_in,
)
from nnviz.engine.models.pickles.safetensors_file import open_safetensors
from nnviz.engine.models.pickles.tensors import (
    TensorReference,
    bytes_needed,
    read_tensors,
)
from nnviz.engine.models.pickles.values import PickleError, Stub
from nnviz.engine.models.weights.file_formats import DAMAGED, STATE_DICT, refuse_foreign

Check = Callable[[], None]
References = Mapping[str, TensorReference]

_LISTED = 5
_STATE_KEYS = (
    *("state_dict", "model_state_dict", "model_state", "model", "net", "network"),
    *("module", "weights", "params", "generator", "teacher", "student", "backbone"),
)
_AVERAGE_KEYS = (
    *("ema", "model_ema", "ema_model", "state_dict_ema", "ema_state_dict"),
    *("average", "averaged_model"),
)
_LABEL_KEYS = (
    *("classes", "class_names", "labels", "categories", "class_to_idx"),
    *("idx_to_class", "id2label", "names"),
)
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "network.", "_model.")
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The weights in a file.

    Attributes:
        tensors: by key, prefixes of wrappers removed, on the CPU, in their own memory.
        labels: names of classes that were saved beside them; may be empty.
        notes: steps taken to extract them, for users.
        values: numbers, texts and containers of them that were saved beside them.
    """

    tensors: dict[str, Tensor]
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)


def read_state(path: Path, check: Check) -> Checkpoint:
    """Read the weights in a file.

    Objects of classes that it names are read as data: nothing is imported or called.

    Raises:
        InputError: missing, empty, damaged, of another format, or without weights.
        OutOfMemoryError: its weights are larger than the free memory.
    """
    refuse_foreign(path)
    with _in_words(path):
        if is_safetensors(path):
            with open_safetensors(path) as (tensors, metadata):
                loaded = _loaded(tensors, (), [], path, check)
            return replace(loaded, values=dict(metadata))
        with open_contents(path, check) as contents:
            return _unwrapped(contents, path, check)


def is_safetensors(path: Path) -> bool:
    """Tell whether a file is in safetensors format: 8 bytes of length, then JSON."""
    if path.suffix.lower() == ".safetensors":
        return True
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Convert the errors of reading an archive into the user's one-line errors."""
    try:
        with memory.in_words(path.name):
            yield
    except PickleError as error:
        reason = str(error)
        remedy = DAMAGED if reason.startswith(("is damaged", "is cut")) else STATE_DICT
        raise InputError(path.name, reason, remedy) from None
    except ARCHIVE_ERRORS as error:
        raise InputError(path.name, f"is damaged ({_line(error)})", DAMAGED) from None


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0][:80] or type(error).__name__


# --- finding the weights in it ----------------------------------------------------


def _unwrapped(contents: Contents, path: Path, check: Check) -> Checkpoint:
    notes: list[str] = []
    found, labels = _find(contents.value, notes, _DEEPEST)
    named = dict.fromkeys(contents.named)
    deeds = describe(named, contents.called)
    if not found:
        raise _no_weights(contents, path, deeds)
    if contents.program:
        notes.append("a TorchScript program: its weights were read, its code was not")
    elif deeds:
        notes.append(
            f"read as data: unpickling would {deeds}; none of its code was run"
        )
    checkpoint = _loaded(found, labels, notes, path, check)
    return replace(checkpoint, values=plain_values(contents.value) or {})


def _no_weights(contents: Contents, path: Path, deeds: str) -> InputError:
    if deeds:
        reason = f"is a program that holds no weights: unpickling it would {deeds}"
        return InputError(path.name, f"{reason}; none of its code was run", STATE_DICT)
    reason = f"holds no weights ({_described(contents.value)})"
    remedy = "expected: a dictionary from names to tensors"
    return InputError(path.name, reason, remedy)


def _loaded(
    found: References,
    labels: tuple[str, ...],
    notes: list[str],
    path: Path,
    check: Check,
) -> Checkpoint:
    bare = _bare(found, notes)
    _require_room(bare, path)
    tensors = read_tensors(bare, path.stat().st_size, check)
    kinds = {str(each.dtype) for each in bare.values() if each.dtype.is_floating_point}
    if kinds := kinds - {"torch.float32"}:
        listed = ", ".join(sorted(kinds)).replace("torch.", "")
        notes.append(f"{listed} converted to float32")
    if any(each.quantizer for each in bare.values()):
        notes.append("quantized weights converted to float32")
    return Checkpoint(tensors, labels, tuple(notes))


def _require_room(bare: References, path: Path) -> None:
    """Refuse tensors that do not fit into the free memory."""
    needed = bytes_needed(bare.values())
    if needed > memory.free_bytes(torch.device("cpu")):
        raise OutOfMemoryError(
            path.name,
            f"needs {memory.in_units(needed)}, more than the free memory",
            "close other programs or use a smaller network",
        )


def _find(
    value: object, notes: list[str], depth: int
) -> tuple[References, tuple[str, ...]]:
    """Return the tensors of a state dict or module, at any depth of a checkpoint."""
    if not depth:
        return {}, ()
    entries = attributes_of(value)
    labels = _labels(entries)
    inner = [
        key
        for key in (*_STATE_KEYS, *_AVERAGE_KEYS)
        if isinstance(entries.get(key), Mapping | Stub) and "_modules" not in entries
    ]
    for key in inner:
        found, deeper = _find(entries[key], notes, depth - 1)
        if found:
            notes.append(f"weights taken from {key!r}")
            other = [each for each in inner if each in _AVERAGE_KEYS and each != key]
            if other:
                notes.append(f"averaged weights in {other[0]!r} are not used")
            return found, labels or deeper
    return tensors_in(value), labels


def _bare(state: References, notes: list[str]) -> dict[str, TensorReference]:
    """Remove the prefixes that wrappers add to every key."""
    names = dict(state)
    while prefix := next((each for each in _PREFIXES if _all_begin(names, each)), ""):
        names = {key.removeprefix(prefix): value for key, value in names.items()}
        notes.append(f"prefix {prefix!r} removed from all keys")
    return names


def _all_begin(names: References, prefix: str) -> bool:
    return bool(names) and all(name.startswith(prefix) for name in names)


def _labels(entries: Mapping[Any, Any]) -> tuple[str, ...]:
    """Return class names from a list, {index: name} or {name: index}."""
    for key in _LABEL_KEYS:
        names = entries.get(key)
        if isinstance(names, Mapping):
            names = _in_order(names)
        if isinstance(names, list | tuple) and names:
            texts = [name for name in names if isinstance(name, str | int | float)]
            if len(texts) == len(names):
                return tuple(str(text) for text in texts)
    return ()


def _in_order(names: Mapping[Any, Any]) -> list[Any]:
    """Return the names of a mapping to or from indices, ordered by index."""
    if all(type(index) is int for index in names.values()):
        return sorted(names, key=names.__getitem__)
    indexes = {key: _index(key) for key in names}
    if set(indexes.values()) == set(range(len(names))):
        return [names[key] for key in sorted(names, key=indexes.__getitem__)]
    return []


def _index(key: object) -> int:
    """Parse an index, which JSON keys hold as text; -1 if it is none."""
    text = str(key)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1  # noqa: PLR2004


def _described(value: object) -> str:
    if isinstance(value, Mapping):
        keys = ", ".join(str(key)[:40] for key in list(value)[:_LISTED])
        return f"a dictionary with {keys}" if keys else "an empty dictionary"
    if isinstance(value, Stub):
        return f"an object of {value.made_by[:80]}"
    return (
        "one tensor"
        if isinstance(value, TensorReference)
        else (f"a {type(value).__name__}")
    )
