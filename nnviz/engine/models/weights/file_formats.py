"""Weight formats, recognized by their first bytes; remedies for unsupported ones."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError
from nnviz.base.file_formats import CONFIG, INDEX, NETWORKS
from nnviz.base.host.reading import (
    ARCHIVE_ERRORS,
    exists,
    is_file,
    is_folder,
    parse_json,
    parse_object,
    reading,
)
from nnviz.media.files import read_text

STATE_DICT = "save its weights with torch.save(net.state_dict(), path) and open those"
DAMAGED = "copy or download it again"

_HEAD = 4096
_LONGEST_NAME = 60
_LARGEST_INDEX = 1 << 24
_LARGEST_LENGTH = 100_000_000
_KERAS = "export it from Keras with model.export('net.onnx', format='onnx')"
_TENSORFLOW = "convert it to ONNX with python -m tf2onnx.convert"
_SHARDED = (
    "join it with python -m torch.distributed.checkpoint.format_utils dcp_to_torch "
    "FOLDER net.pth"
)
_ADAPTER = "join it with its base with peft's merge_and_unload(), and save that"

Verdict = tuple[str, str]
"""Reason and remedy."""


def refuse_foreign(path: Path) -> None:
    """Refuse files that do not hold PyTorch weights.

    Raises:
        InputError: missing, a folder, empty, unreadable or of another format; says
            which format, and what would help.
    """
    try:
        if is_folder(path):
            raise InputError(str(path), *_folder(path))
        if not is_file(path):
            reason = "is not a regular file" if exists(path) else "no such file"
            raise InputError(str(path), reason, "check the path")
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(str(path), reason, "check its permissions") from None
    except ValueError:
        raise InputError(str(path), "no such file", "check the path") from None
    if not size:
        raise InputError(path.name, "is empty", DAMAGED)
    verdict = _foreign(path, head)
    if verdict:
        raise InputError(path.name, *verdict)


def _folder(path: Path) -> Verdict:
    """Return reason and remedy for a folder, and the file in it that can be opened."""
    names = {entry.name for entry in path.iterdir()}
    if "saved_model.pb" in names:
        return "is a TensorFlow SavedModel", _TENSORFLOW
    if ".metadata" in names or any(name.endswith(".distcp") for name in names):
        return "is a checkpoint in parts, of torch.distributed", _SHARDED
    if "adapter_config.json" in names:
        return "is an adapter (LoRA) without its network", _ADAPTER
    if any(name.endswith(INDEX) for name in names):
        return (
            "is a network whose weights lie in several files",
            "join them with transformers' save_pretrained(..., max_shard_size='100GB')",
        )
    return _plain_folder(path, names)


def _plain_folder(path: Path, names: set[str]) -> Verdict:
    usual = ("model.safetensors", "pytorch_model.bin")
    inside = next((name for name in usual if name in names), "")
    if inside:
        return "is a folder", f"open {inside} in it"
    if CONFIG in names:
        text = read_text(path / CONFIG, _LARGEST_INDEX, "a configuration")
        return missing_weights(parse_object(text, CONFIG))
    return "is a folder", "pick a file of weights"


def missing_weights(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return reason and remedy for a description of a network without its weights."""
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named else ""
    told = first or config.get("architecture") or config.get("model_type")
    kind = str(told)[:_LONGEST_NAME] if told else "a network"
    return (
        f"describes {kind}, but its folder holds no weights",
        "put its model.safetensors beside it, and open the folder",
    )


def _foreign(path: Path, head: bytes) -> Verdict | None:
    """Return reason and remedy for a file of another format."""
    text = head.lstrip().lower()
    signs = (
        *((text, begin, verdict) for begin, *verdict in _TEXTS),
        *((head[place:], magic, verdict) for place, magic, *verdict in _MAGIC),
    )
    for content, begin, (reason, remedy) in signs:
        if content.startswith(begin):
            return reason, remedy
    found = next(filter(None, (looks(path, head) for looks in _LOOKS)), None)
    if found:
        return found
    if head.startswith(b"PK\x03\x04"):
        return _foreign_archive(path)
    safetensors = path.suffix.lower() == ".safetensors" or head[8:9] == b"{"
    if not safetensors and not head.startswith(_PICKLES):
        return "holds no weights that can be read", "pick a .pt or .safetensors file"
    return None


_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_TEXTS = (
    (
        b"version https://git-lfs",
        "is a Git LFS pointer, not the file itself",
        "run git lfs pull",
    ),
    (
        (b"<!doctype", b"<html", b"<?xml"),
        "is a web page: its download failed",
        "download it again",
    ),
)
_MAGIC = (
    (0, b"\x89HDF", "is an HDF5 file, as Keras writes them", _KERAS),
    (
        4,
        b"TFL3",
        "is a TensorFlow Lite network",
        "convert it to ONNX with python -m tf2onnx.convert --tflite",
    ),
    (
        0,
        b"GGUF",
        "is a GGUF file, a language model for llama.cpp",
        "open the weights that it was made from",
    ),
    (
        0,
        (b"ftrt", b"ptrt"),
        "is a TensorRT engine, built for one GPU",
        "open the network that it was built from",
    ),
    (
        0,
        b"\x93NUMPY",
        "is one array of numpy, not the weights of a network",
        "save a dictionary from names to tensors with torch.save",
    ),
    (
        0,
        b"\x1f\x8b",
        "is packed with gzip",
        "unpack it first",
    ),
    (0, b"Rar!", "is a RAR archive", "unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive", "unpack it first"),
)
"""Place, first bytes, reason, remedy."""


def _tensorflow_graph(path: Path, head: bytes) -> Verdict | None:
    """Recognize a frozen graph: protobuf messages of named operations."""
    operations = (b"Placeholder", b"Const", b"VarHandleOp", b"NoOp", b"saved_model")
    if head[:1] in {b"\x0a", b"\x08"} and (
        path.suffix.lower() == ".pb" or sum(each in head for each in operations) > 1
    ):
        return "is a TensorFlow graph", _TENSORFLOW
    return None


def _flax(path: Path, head: bytes) -> Verdict | None:
    """Recognize flax: a map of MessagePack whose first key is text."""
    maps = head[:1] and (0x80 <= head[0] <= 0x8F or head[0] in {0xDE, 0xDF})  # noqa: PLR2004
    key = head[3:] if head[:1] == b"\xde" else head[1:]
    texts = key[:1] and 0xA1 <= key[0] <= 0xBF  # noqa: PLR2004
    named = path.suffix.lower() == ".msgpack"
    if named or (maps and texts and head[0] != 0x80 and b"params" in head[:200]):  # noqa: PLR2004
        return (
            "is a checkpoint of Flax (JAX)",
            "load it with from_pretrained(..., from_flax=True), save its state_dict()",
        )
    return None


def _part_of_distributed(path: Path, _head: bytes) -> Verdict | None:
    if path.suffix.lower() == ".distcp":
        return "is one part of a checkpoint of torch.distributed", _SHARDED
    return None


def _safetensors_adapter(path: Path, head: bytes) -> Verdict | None:
    """Recognize a LoRA adapter, and an index of parts, by the keys of its header."""
    if head[8:9] == b"{":
        length = int.from_bytes(head[:8], "little")
        named = b".lora_A." in head or b".lora_down." in head
        if length <= _LARGEST_LENGTH and named:
            return "is an adapter (LoRA) without its network", _ADAPTER
    if head.lstrip()[:1] == b"{":
        return _json_file(path)
    return None


def _json_file(path: Path) -> Verdict:
    """Return reason and remedy for a JSON file that accompanies weights."""
    small = path.stat().st_size < _LARGEST_INDEX
    values = parse_json(path.read_bytes(), path.name) if small else {}
    if isinstance(values, dict) and "weight_map" in values:
        return (
            "is the index of weights that lie in several files",
            "join them with transformers' save_pretrained(..., max_shard_size='100GB')",
        )
    return "is text (JSON), not weights", "open the file of weights beside it"


_LOOKS: tuple[Callable[[Path, bytes], Verdict | None], ...] = (
    _tensorflow_graph,
    _flax,
    _part_of_distributed,
    _safetensors_adapter,
)


def _foreign_archive(path: Path) -> Verdict | None:
    """Return reason and remedy for an archive that torch.save did not write."""
    reason = "is damaged: its list of contents cannot be read"
    with reading(path.name, ARCHIVE_ERRORS, reason, DAMAGED):
        if not zipfile.is_zipfile(path):
            return "is truncated: the end of the archive is missing", DAMAGED
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    inside = {name.partition("/")[2] for name in names}
    if "archive_format" in inside or any("exported_program" in each for each in names):
        return "is a torch.export program", STATE_DICT
    if "data.pkl" in inside:
        return None
    return _other_archive(names)


def _other_archive(names: list[str]) -> Verdict:
    if "metadata.json" in names and any(n.endswith(".weights.h5") for n in names):
        return "is a Keras 3 network", _KERAS
    if names and all(name.endswith(".npy") for name in names):
        return (
            "holds arrays of numpy (.npz)",
            "save a dictionary from names to tensors with torch.save",
        )
    packed = next((name for name in names if name.endswith(NETWORKS)), "")
    if packed:
        return f"is an archive that holds {packed[-60:]}", "unpack it, and open that"
    return "is an archive, but not one that torch.save wrote", "pick a .pt file"
