"""Folders of networks: finding the weight files in them.

Hugging Face and timm save a network as a folder: ``config.json``, weights in
``model.safetensors`` or in several files that an index names.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError
from nnviz.base.file_formats import CONFIG, DESCRIPTIONS, INDEX, TORCH
from nnviz.base.host.reading import is_file, is_folder
from nnviz.engine.models.match.evidence import read_json
from nnviz.engine.models.weights.file_formats import missing_weights

_USUAL = ("model.safetensors", "pytorch_model.bin", "open_clip_model.safetensors")
_PLAIN_NAME = re.compile(r"[^/\\\0]+")


def weight_files(path: Path) -> tuple[Path, ...]:
    """Return the files of a network's weights, usually one.

    Args:
        path: a file of weights, an index of several, or a folder.

    Returns:
        The path itself where no weights are found; reading it raises the error.

    Raises:
        InputError: an index is damaged, names files elsewhere, or one is missing.
    """
    if path.name.endswith(INDEX) and is_file(path):
        return _shards(path)
    if not is_folder(path):
        return (path,)
    indices = sorted(path.glob(f"*{INDEX}"))
    if indices:
        return _shards(indices[0])
    usual = [path / name for name in _USUAL if (path / name).is_file()]
    if usual:
        return (usual[0],)
    others = [each for each in sorted(path.iterdir()) if each.suffix in TORCH]
    return (others[0],) if len(others) == 1 else (path,)


def network_of(path: Path) -> Path:
    """Return the folder of a network for a description in it, else the path itself.

    Raises:
        InputError: no weights are beside the description; says of which network.
    """
    if path.name not in DESCRIPTIONS or not is_file(path):
        return path
    folder = path.parent
    if weight_files(folder) != (folder,):
        return folder
    raise InputError(path.name, *missing_weights(read_json(path)))


def is_usual(path: Path) -> bool:
    """Return whether a file is named as its folder's weights: it stands for both."""
    return path.name in _USUAL


def _shards(index: Path) -> tuple[Path, ...]:
    """Return the shards that an index lists, all in its folder."""
    names = read_json(index).get("weight_map")
    if not isinstance(names, Mapping) or not names:
        raise InputError(index.name, "names no files of weights", "download it again")
    found = sorted({str(name) for name in names.values()})
    for name in found:
        if name in (".", "..") or not _PLAIN_NAME.fullmatch(name):
            reason = f"names {name!r}, which is not a file beside it"
            raise InputError(index.name, reason, "do not trust this folder")
        if not is_file(index.with_name(name)):
            reason = f"{name}, which {index.name} names, is missing"
            raise InputError(index.parent.name, reason, "download it again")
    return tuple(index.with_name(name) for name in found)


def read_config(path: Path) -> Mapping[str, Any]:
    """Return the ``config.json`` in or next to a path; empty if there is none.

    Raises:
        InputError: the file is damaged.
    """
    file = (path if is_folder(path) else path.parent) / CONFIG
    return read_json(file) if file.is_file() else {}
