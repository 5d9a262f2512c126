"""Remote files by URL, through fsspec: listed, read and written whole.

``s3://`` needs s3fs installed, ``gs://`` gcsfs and so on: fsspec names what is missing.
"""

import importlib
from functools import cache
from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError

_MARK = "://"


def is_remote(name: str) -> bool:
    """Return whether a name is a URL."""
    return _MARK in name


def list_files(url: str) -> list[str]:
    """List the files below a URL, relative to it, sorted.

    Raises:
        InputError: the URL does not exist, or no installed package opens URLs of this
            kind.
    """
    system, root = _opened(url)
    try:
        found = system.find(root)
    except (OSError, ValueError) as error:
        raise InputError(url, _words(error), "check the address") from None
    prefix = root.rstrip("/") + "/"
    return sorted(str(each).removeprefix(prefix) for each in found)


def read_remote(url: str, path: str) -> bytes:
    """Read a file below a URL.

    Raises:
        InputError: the file cannot be read, or is empty.
    """
    system, root = _opened(url)
    try:
        data = bytes(system.cat_file(f"{root.rstrip('/')}/{path}"))
    except (OSError, ValueError) as error:
        raise InputError(path, _words(error), "check the address") from None
    if not data:
        raise InputError(path, "is empty (0 bytes)", "copy it again")
    return data


def exists_remote(url: str, name: str) -> bool:
    """Return whether a file exists below a URL.

    Raises:
        InputError: no installed package opens URLs of this kind.
    """
    system, root = _opened(url)
    return bool(system.exists(f"{root.rstrip('/')}/{name}"))


def write_remote(url: str, file: Path) -> str:
    """Upload a file to below a URL; return its own URL.

    Raises:
        InputError: the file cannot be written.
    """
    system, root = _opened(url)
    try:
        system.makedirs(root, exist_ok=True)
        system.pipe_file(f"{root.rstrip('/')}/{file.name}", file.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(url, _words(error), "check the address") from None
    return f"{url.rstrip('/')}/{file.name}"


@cache
def _opened(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and the path in it.

    Raises:
        InputError: no installed package opens URLs of this kind.
    """
    library = importlib.import_module("fsspec.core")
    try:
        system, root = library.url_to_fs(url)
    except (ImportError, ValueError, OSError) as error:
        raise InputError(url, _words(error), "name a folder, or s3://, gs://") from None
    return system, str(root)


def _words(error: Exception) -> str:
    text = str(error).partition("\n")[0].strip() or type(error).__name__
    return text[:1].lower() + text[1:120]
