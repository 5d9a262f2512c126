"""The two formats of torch.save: a zip archive, and consecutive pickles."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from nnviz.engine.models.pickles.machine import PickleMachine
from nnviz.engine.models.pickles.makers import (
    container_makers,
    storage_dtype,
    tensor_makers,
)
from nnviz.engine.models.pickles.tensors import StorageReference, read_blocks
from nnviz.engine.models.pickles.values import Budget, Check, GlobalName, PickleError

_ENCRYPTED = 1
"""Flag of an entry of a zip archive."""
_LOCAL_MAGIC = b"PK\x03\x04"
_LOCAL_HEADER = struct.Struct("<26xHH")
"""Before an entry of a zip archive: the lengths of the name and the rest behind it."""
LEGACY_MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
"""torch.serialization.MAGIC_NUMBER as a pickle of protocol 2."""

_LARGEST_PICKLE = 1 << 28
_LARGEST_LEGACY_PICKLES = 1 << 26
_LARGEST_PLAIN_PICKLE = 1 << 30
"""Its NumPy arrays are included."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents of a file, with unread tensors.

    Attributes:
        value: containers, numbers, text, tensors and stubs.
        named: the classes and functions that its pickle names.
        called: those that unpickling would call, with the arguments of the first call.
        program: whether it is a TorchScript program, whose code was ignored.
    """

    value: object
    named: tuple[GlobalName, ...] = ()
    called: Mapping[GlobalName, tuple[object, ...]] = field(default_factory=dict)
    program: bool = False


@contextmanager
def open_contents(path: Path, check: Check) -> Iterator[Contents]:
    """Open a torch.save or pickle file; tensors can be read inside the block.

    Raises:
        PickleError: the file is damaged, absurd, or in neither format.
        OSError, zipfile.BadZipFile, ...: see ``reading.ARCHIVE_ERRORS``.
    """
    with path.open("rb") as file:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                yield _read_archive(archive, file, path.stat().st_size, check)
        else:
            yield _read_stream(file, path.stat().st_size, check)


class _Reader(PickleMachine):
    """A pickle machine with the makers that torch's checkpoints need."""

    def __init__(
        self, budget: Budget, source: "_ArchiveSource | _StreamSource"
    ) -> None:
        makers = container_makers(budget) | tensor_makers(self._nested)
        super().__init__(budget, makers, source.resolve)
        self._check = budget.check

    def _nested(self, data: bytes) -> object:
        """Read a storage that was pickled as the bytes of a whole file."""
        if not data.startswith(LEGACY_MAGIC):
            raise PickleError("is damaged: a storage of no known form")
        # Those bytes hold no others in their turn: a pickle of dolls ends here.
        source = _StreamSource(io.BytesIO(data), len(data))
        budget = Budget(self._check)
        machine = PickleMachine(budget, container_makers(budget), source.resolve)
        return source.read(machine)


# --- the archive ------------------------------------------------------------------


class _ArchiveSource:
    """Storages that are uncompressed entries of a zip archive.

    They are read past zipfile, whose copies keep other threads waiting.

    Args:
        archive: open.
        file: the same one.
        prefix: "NAME/data/" or "NAME/constants/".
        size: bytes of the file.
    """

    def __init__(
        self, archive: zipfile.ZipFile, file: BinaryIO, prefix: str, size: int
    ) -> None:
        self._archive = archive
        self._file = file
        self._prefix = prefix
        self._size = size

    def bytes_of(self, key: str) -> int:
        """Return the size of a storage, B."""
        return self._entry(key).file_size

    def read_into(self, key: str, sink: memoryview, check: Check) -> None:
        """Fill a buffer from a storage and verify its checksum."""
        entry = self._entry(key)
        if len(sink) != entry.file_size:
            raise PickleError("is damaged: a storage is longer than it says")
        self._file.seek(entry.header_offset)
        head = self._file.read(_LOCAL_HEADER.size)
        if len(head) < _LOCAL_HEADER.size or head[:4] != _LOCAL_MAGIC:
            raise PickleError(f"is damaged: {key[-60:]} has no header")
        self._file.seek(sum(_LOCAL_HEADER.unpack(head)), io.SEEK_CUR)
        checksum = 0

        def read(block: memoryview) -> int:
            nonlocal checksum
            count: int = self._file.readinto(block)  # type: ignore[attr-defined]
            checksum = zlib.crc32(block[:count], checksum)
            return count

        read_blocks(read, sink, check)
        if checksum != entry.CRC:
            raise PickleError(f"is damaged: {key[-60:]} has a wrong checksum")

    def _entry(self, key: str) -> zipfile.ZipInfo:
        return stored_entry(self._archive, self._prefix + key, self._size)

    def resolve(self, name: object) -> StorageReference:
        """Return the storage with a persistent id."""
        _kind, dtype, key, _where, numel = _storage_name(name)[:5]
        return StorageReference(self, str(key), storage_dtype(dtype), _count(numel))


def _storage_name(name: object) -> tuple[object, ...]:
    """Return a persistent id's fields: "storage", class, key, device, count, view."""
    if not isinstance(name, tuple) or len(name) < 5 or name[0] != "storage":  # noqa: PLR2004
        raise PickleError("is damaged: a storage without its name")
    return name


def _count(numel: object) -> int:
    if not isinstance(numel, int) or not 0 <= numel < 1 << 48:
        raise PickleError("is damaged: a storage of an impossible size")
    return numel


def stored_entry(archive: zipfile.ZipFile, name: str, size: int) -> zipfile.ZipInfo:
    """Return an uncompressed entry of an archive, of plausible size.

    Raises:
        PickleError: the entry is missing, compressed, or larger than the archive.
    """
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise PickleError(f"is damaged: it lacks {name[-60:]}") from None
    if entry.compress_type != zipfile.ZIP_STORED:
        raise PickleError("is compressed, as torch never writes it")
    if entry.flag_bits & _ENCRYPTED:
        raise PickleError("is encrypted, as torch never writes it")
    if not 0 <= entry.file_size == entry.compress_size <= size:
        raise PickleError("is damaged: an entry larger than the file")
    return entry


def _read_archive(
    archive: zipfile.ZipFile, file: BinaryIO, size: int, check: Check
) -> Contents:
    names = archive.namelist()
    index = next((n for n in names if n.endswith("/data.pkl")), "")
    if not index:
        raise PickleError("holds no pickle")
    prefix = index.removesuffix("data.pkl")
    if prefix + "byteorder" in names:
        stored_entry(archive, prefix + "byteorder", size)
        if archive.read(prefix + "byteorder") == b"big":
            raise PickleError("was written by a big-endian machine")
    source = _ArchiveSource(archive, file, prefix + "data/", size)
    machine = _Reader(Budget(check), source)
    value = machine.read(io.BytesIO(_pickle(archive, index, size)))
    program = prefix + "constants.pkl" in names
    return Contents(value, tuple(machine.named), machine.called, program)


def _pickle(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    entry = stored_entry(archive, name, size)
    if entry.file_size > _LARGEST_PICKLE:
        raise PickleError("has an impossible index")
    return archive.read(name)


# --- one pickle after another -------------------------------------------------------


class _StreamSource:
    """Storages that follow the pickles in a file of torch before version 1.6.

    Args:
        file: open.
        size: its bytes.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._named: dict[str, StorageReference] = {}
        self._places: dict[str, tuple[int, int]] = {}

    def bytes_of(self, key: str) -> int:
        """Return the size of a storage, B."""
        if key not in self._places:
            raise PickleError(f"is damaged: it lacks storage {key[-60:]}")
        return self._places[key][1]

    def read_into(self, key: str, sink: memoryview, check: Check) -> None:
        """Fill a buffer from a storage."""
        self._file.seek(self._places[key][0])
        read_blocks(self._file.readinto, sink, check)  # type: ignore[attr-defined]

    def resolve(self, name: object) -> object:
        """Return the storage with a persistent id, or the class that the id names."""
        if isinstance(name, tuple) and name[:1] == ("module",) and len(name) > 1:
            return name[1]
        _kind, dtype, key, _where, numel, view = (*_storage_name(name), None)[:6]
        if view is not None:
            raise PickleError("is of a version of torch that is too old to be read")
        made = StorageReference(self, str(key), storage_dtype(dtype), _count(numel))
        return self._named.setdefault(str(key), made)

    def read(self, machine: PickleMachine) -> object:
        """Read the pickles, and locate the storages that follow."""
        # In memory: of a file Python would reserve whatever a pickle announces.
        pickles = self._head(_LARGEST_LEGACY_PICKLES)
        if pickles.read(len(LEGACY_MAGIC)) != LEGACY_MAGIC:
            return machine.read(self._head(_LARGEST_PLAIN_PICKLE))
        version, system = machine.read(pickles), machine.read(pickles)
        if version != 1001 or not isinstance(system, dict):  # noqa: PLR2004
            raise PickleError("is damaged: an impossible version")
        value = machine.read(pickles)
        self._find_places(machine.read(pickles), pickles.tell())
        return value

    def _head(self, most: int) -> io.BytesIO:
        """Return the first bytes of the file; memory is reserved for no more."""
        self._file.seek(0)
        return io.BytesIO(self._file.read(min(most, self._size)))

    def _find_places(self, keys: object, place: int) -> None:
        if not isinstance(keys, list):
            raise PickleError("is damaged: its list of storages is missing")
        for key in map(str, keys):
            storage = self._named.get(key)
            self._file.seek(place)
            length = self._file.read(8)
            if storage is None or len(length) < 8:  # noqa: PLR2004
                raise PickleError("is truncated")
            if int.from_bytes(length, "little") != storage.numel:
                raise PickleError("is damaged: a storage of another size")
            count = storage.numel * storage.dtype.itemsize
            self._places[key] = place + 8, count
            place += 8 + count
        if place > self._size:
            raise PickleError("is truncated")


def _read_stream(file: BinaryIO, size: int, check: Check) -> Contents:
    source = _StreamSource(file, size)
    machine = _Reader(Budget(check), source)
    value = source.read(machine)
    return Contents(value, tuple(machine.named), machine.called)
