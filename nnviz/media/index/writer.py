"""Writer of an image index: rows appended in chunks, committed atomically."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.notation.numerals import is_whole
from nnviz.media.closing import Closing
from nnviz.media.index.arrays import (
    HEADER_BYTES,
    TEXT_SUFFIX,
    AppendedFile,
    array_path,
    header,
    row_bytes,
)
from nnviz.media.index.facts import RECORD_FILE, ArrayFacts, IndexFacts, read_facts
from nnviz.media.index.reader import COLUMN, is_index
from nnviz.media.index.texts import encoded

Rows = Mapping[str, "NDArray[Any] | Sequence[str]"]
"""Rows by array name: numbers (k, ...), or texts."""
_LOCK_FILE = "writer.lock"


class IndexWriter(Closing):
    """Appends records to an index, new or interrupted at any point.

    Appended rows count once they are committed; rows that a killed process appended
    after its last commit are truncated.  One process writes at a time.

    Args:
        folder: of the index; created if it is missing.
        facts: of a new index; None to resume an existing one.

    Attributes:
        facts: the commit record, as of the last commit.

    Raises:
        InputError: the folder cannot be written, another process writes, or there is no
            index to resume.
    """

    def __init__(self, folder: str | Path, facts: IndexFacts | None = None) -> None:
        self.folder = Path(folder)
        self._files: dict[str, AppendedFile] = {}
        self._texts: dict[str, AppendedFile] = {}
        self._counts: dict[str, int] = {}
        self._text_ends: dict[str, int] = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, error) from None
        self._lock = _locked(self.folder)
        try:
            self.facts = self._begin(facts)
        except BaseException:
            self.close()
            raise

    def append(self, rows: Rows) -> None:
        """Append rows to some arrays, creating those of a new name.

        Args:
            rows: by name.  Arrays with a row a record must get equally many rows; those
                of skipped images are independent.

        Raises:
            ValueError: dtype or shape differ from what the array holds.
            InputError: the disk is full.
        """
        try:
            for name, values in rows.items():
                if isinstance(values, np.ndarray):
                    self._append_array(name, values)
                else:
                    self._append_texts(name, values)
        except OSError as error:
            raise _unwritable(self.folder, error) from None

    def put_column(self, name: str, values: NDArray[Any]) -> None:
        """Replace a column that is computed from the others.

        It takes effect with the next commit, until records are appended after it.
        """
        full = COLUMN + name
        if full in self._files:
            self._files.pop(full).close()
        self._counts.pop(full, None)
        arrays = {key: facts for key, facts in self.facts.arrays.items() if key != full}
        self.facts = replace(self.facts, arrays=arrays)
        self._append_array(full, values)

    def commit(self, count: int, **changes: Any) -> None:
        """Commit all appended rows: sync the data first, then write the record.

        Args:
            count: new number of records.
            **changes: of other fields of the facts.

        Raises:
            InputError: the disk is full.
        """
        arrays = {
            name: replace(facts, count=self._counts[name])
            for name, facts in self.facts.arrays.items()
        }
        facts = replace(self.facts, count=count, arrays=arrays, **changes)
        try:
            for text in self._texts.values():
                text.sync()
            for name, file in self._files.items():
                file.sync(header(arrays[name], self._counts[name]))
            _replace(self.folder / RECORD_FILE, facts.written())
        except OSError as error:
            raise _unwritable(self.folder, error) from None
        self.facts = facts

    def close(self) -> None:
        """Close all files and release the lock."""
        for file in (*self._files.values(), *self._texts.values()):
            with suppress(OSError):
                file.close()
        self._lock.unlink(missing_ok=True)

    def _begin(self, facts: IndexFacts | None) -> IndexFacts:
        if facts is None:
            facts = read_facts(self.folder)
        elif is_index(self.folder):
            # A new index must never have rows of the old one: delete the old record
            # first.
            (self.folder / RECORD_FILE).unlink()
        for name, each in facts.arrays.items():
            self._open(name, each)
        return facts

    def _open(self, name: str, facts: ArrayFacts) -> None:
        path = array_path(self.folder, name)
        committed = HEADER_BYTES + facts.count * row_bytes(facts)
        self._files[name] = AppendedFile(path, committed, header(facts, facts.count))
        self._counts[name] = facts.count
        texts = path.with_suffix(TEXT_SUFFIX)
        if facts.count and texts.is_file():
            ends = np.memmap(path, np.int64, "r", HEADER_BYTES, (facts.count,))
            self._open_texts(name, int(ends[-1]))

    def _open_texts(self, name: str, end: int) -> None:
        path = array_path(self.folder, name).with_suffix(TEXT_SUFFIX)
        self._texts[name] = AppendedFile(path, end)
        self._text_ends[name] = end

    def _append_array(self, name: str, values: NDArray[Any]) -> None:
        values = np.ascontiguousarray(values)
        dtype = values.dtype.newbyteorder("<")
        values = values.astype(dtype, copy=False)
        known = self.facts.arrays.get(name)
        if known is None:
            known = ArrayFacts(dtype.str, values.shape[1:])
            arrays = {**self.facts.arrays, name: known}
            self.facts = replace(self.facts, arrays=arrays)
            self._open(name, known)
        if (dtype.str, values.shape[1:]) != (known.dtype, known.shape):
            raise ValueError(
                f"{name} holds {known.dtype} {known.shape}, not {dtype.str}"
                f" {values.shape[1:]}"
            )
        self._files[name].append(values.view(np.uint8).data if values.size else b"")
        self._counts[name] += len(values)

    def _append_texts(self, name: str, texts: Sequence[str]) -> None:
        if name not in self._texts:
            self._open_texts(name, 0)
        data, ends = encoded(texts, self._text_ends[name])
        self._texts[name].append(data)
        self._append_array(name, ends)
        if len(ends):
            self._text_ends[name] = int(ends[-1])


def _replace(path: Path, data: bytes) -> None:
    """Replace a small file atomically, synced to disk."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _locked(folder: Path) -> Path:
    """Acquire the writer's lock, taking over that of a dead process.

    Raises:
        InputError: another process writes to this index.
    """
    lock = folder / _LOCK_FILE
    for _ in range(2):
        try:
            with lock.open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:
            if _is_alive(lock):
                raise InputError(
                    str(folder), "another process writes to it", "wait for its end"
                ) from None
            lock.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(folder, error) from None
        else:
            return lock
    raise InputError(str(folder), "another process writes to it", "wait for its end")


def _is_alive(lock: Path) -> bool:
    import psutil  # noqa: PLC0415  only where a lock was left

    try:
        number = lock.read_text()
    except OSError:
        return False
    return is_whole(number) and psutil.pid_exists(int(number))


def _unwritable(folder: Path, error: OSError) -> InputError:
    reason = (error.strerror or "cannot be written").lower()
    return InputError(str(folder), reason, "free some space or choose another folder")
