"""Append-only ``.npy`` arrays that grow row by row, memory-mapped to read."""

import os
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.host.reading import ARRAY_ERRORS, reading
from nnviz.media.index.facts import ArrayFacts

HEADER_BYTES = 128
"""Header size of every file: numpy reserves room in it for a growing number of rows."""
TEXT_SUFFIX = ".utf8"


def array_path(folder: Path, name: str) -> Path:
    """Return the path of an array; odd characters of a layer's name are escaped."""
    return folder / "arrays" / f"{quote(name, safe='')}.npy"


def header(facts: ArrayFacts, count: int) -> bytes:
    """Return the header of a ``.npy`` file of version 1.0, ``HEADER_BYTES`` long."""
    shape = (count, *facts.shape)
    text = f"{{'descr': '{facts.dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    packed = b"\x93NUMPY\x01\x00" + (HEADER_BYTES - 10).to_bytes(2, "little")
    return packed + text.encode().ljust(HEADER_BYTES - 11) + b"\n"


def row_bytes(facts: ArrayFacts) -> int:
    """Return the size of one row, bytes."""
    return int(np.dtype(facts.dtype).itemsize * np.prod(facts.shape, dtype=np.int64))


def map_array(path: Path, facts: ArrayFacts) -> NDArray[Any]:
    """Return the committed rows of an array, memory-mapped and read-only.

    Raises:
        InputError: the file is missing, shorter than committed, or no array.
    """
    with reading(str(path), ARRAY_ERRORS, "is damaged", "make the index again"):
        shape = (facts.count, *facts.shape)
        if not facts.count or not row_bytes(facts):
            return np.empty(shape, facts.dtype)
        needed = HEADER_BYTES + facts.count * row_bytes(facts)
        if not path.is_file() or path.stat().st_size < needed:
            raise InputError(str(path), "is truncated", "make the index again")
        return np.memmap(path, facts.dtype, "r", HEADER_BYTES, shape)


class AppendedFile:
    """An append-only file, truncated to its committed length when opened.

    Args:
        path: created if it is missing; bytes beyond ``committed`` are truncated.
        committed: number of committed bytes.
        start: first bytes of a new file.

    Raises:
        InputError: the file is shorter than committed.
    """

    def __init__(self, path: Path, committed: int, start: bytes = b"") -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if committed <= len(start):
            path.write_bytes(start)
        elif not path.is_file() or path.stat().st_size < committed:
            raise InputError(str(path), "is truncated", "make the index again")
        self._start = len(start)
        self._file: BinaryIO = path.open("r+b")
        self._file.truncate(max(committed, len(start)))
        self._file.seek(0, os.SEEK_END)

    def append(self, data: bytes | memoryview) -> None:
        """Append bytes, without committing them."""
        self._file.write(data)

    def sync(self, start: bytes = b"") -> None:
        """Rewrite the beginning of the file, then flush all to disk (fsync)."""
        if start:
            self._file.seek(0)
            self._file.write(start)
            self._file.seek(0, os.SEEK_END)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; what was appended since ``sync`` may be lost."""
        self._file.close()
