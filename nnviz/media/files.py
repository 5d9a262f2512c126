"""Reading and atomic writing of whole files, with errors in words."""

import difflib
import errno
import os
import shutil
import socket
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from nnviz.base.errors import InputError
from nnviz.base.host.reading import TEXT_ERRORS, exists, is_folder, reading
from nnviz.base.notation.numerals import is_whole

_UNFINISHED = f".nnviz-{zlib.crc32(socket.gethostname().encode()):08x}-"
"""Suffix of unfinished files of this machine; processes of other machines are not
visible here.
"""
PART_SUFFIX = ".part"
"""Suffix of hidden, unfinished files and folders."""
_swept: set[Path] = set()
MAX_FILE_BYTES = 4 << 30
"""No file worth opening is larger, but a disk image dropped by mistake is."""
_BLOCK = 1 << 22
"""Bytes read between two checks."""


def read_bytes(path: Path) -> bytes:
    """Read a file's bytes.

    Raises:
        InputError: the file is missing, a folder, not readable, empty or absurdly
            large.
    """
    size = check_file(path)
    if size > MAX_FILE_BYTES:
        raise InputError(
            str(path),
            f"has {size / 1e9:.1f} GB, at most {MAX_FILE_BYTES / 1e9:.1f} are read",
            "pick another file",
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def read_text(path: Path, limit: int, what: str, remedy: str = "") -> str:
    """Read a UTF-8 text file, with or without a byte order mark.

    Args:
        path: of the file.
        limit: size in bytes from which the file is refused.
        what: expected kind of file, for errors.
        remedy: remedy to report where it is no text.

    Raises:
        InputError: as ``read_bytes``; or the file is too large, or not text in UTF-8.
    """
    if check_file(path) > limit:
        raise InputError(path.name, f"is too large for {what}", "pick another file")
    with reading(
        path.name, TEXT_ERRORS, "is not text in UTF-8", remedy or f"pick {what}"
    ):
        return read_bytes(path).decode("utf-8-sig")


def fill(
    sink: memoryview,
    read: Callable[[memoryview], int | None],
    check: Callable[[], None],
) -> bool:
    """Fill a buffer block by block; return whether the file was long enough.

    Args:
        sink: the buffer.
        read: reads into a part of it and returns the number of bytes; 0 at the end.
        check: called before each block; raises to cancel.
    """
    done = 0
    while done < len(sink):
        check()
        count = read(sink[done : done + _BLOCK])
        if not count:
            return False
        done += count
    return True


def check_file(path: Path) -> int:
    """Return the size of a readable file, in bytes.

    Raises:
        InputError: the file is missing, a folder, not readable or empty.
    """
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise InputError(str(path), "is a folder", "name a file in it")
        # Reading a pipe would block, reading a device might never end.
        if not stat.S_ISREG(about.st_mode):
            raise InputError(str(path), "is not a regular file", "name a file")
        with path.open("rb"):
            pass
    except OSError as error:
        raise _unreadable(path, error) from None
    except ValueError:
        raise InputError(str(path), "is not a file name", "check the name") from None
    size = about.st_size
    if not size:
        raise InputError(str(path), "is empty (0 bytes)", "copy or download it again")
    return size


def _unreadable(path: Path, error: OSError) -> InputError:
    if error.errno == errno.ENAMETOOLONG:
        return InputError(f"{str(path)[:60]}...", "no such file", "check the name")
    if path.is_symlink() and not exists(path):
        reason = "is a link to a file that is not there"
        return InputError(str(path), reason, "name the file itself")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InputError(str(path), "no such file", _nearest(path))
    if isinstance(error, PermissionError):
        return InputError(
            str(path), "is not readable", "change its permissions or copy it elsewhere"
        )
    reason = (error.strerror or "unknown reason").lower()
    return InputError(str(path), f"cannot be read ({reason})")


def _nearest(path: Path) -> str:
    """Return a remedy for a missing file: the nearest name in its folder."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"there is no folder {path.parent}"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {near[0]}?" if near else "check the name"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file for atomic replacement; see ``part_of``."""
    with part_of(path) as part, part.open("wb") as file:
        yield file


def _new_part(folder: Path) -> Path:
    """Create an empty hidden file in a folder, creating the folder if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep_parts(folder)
    handle, name = tempfile.mkstemp(
        prefix=part_prefix(), suffix=PART_SUFFIX, dir=folder
    )
    os.close(handle)
    return Path(name)


@contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """Yield the path of a temporary file, renamed to the target at the end.

    The folder is created if it is missing.

    Raises:
        InputError: the folder cannot be made or written, or the disk is full; an
            existing file is untouched and nothing is left behind.
    """
    try:
        part = _new_part(path.parent)
        try:
            yield part
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        raise _unwritable(path, error) from None


def part_prefix() -> str:
    """Return the prefix of this process's temporary files; see ``PART_SUFFIX``."""
    return f"{_UNFINISHED}{os.getpid()}-"


def sweep_parts(folder: Path) -> None:
    """Remove the temporary files that dead processes left in a folder.

    A killed process leaves them behind.  Each folder is searched only once.
    """
    if folder in _swept or not is_folder(folder):
        return
    _swept.add(folder)
    parts = list(folder.glob(f"{_UNFINISHED}*{PART_SUFFIX}"))
    if not parts:
        return
    import psutil  # noqa: PLC0415  only where something was left

    for left in parts:
        number = left.name.removeprefix(_UNFINISHED).partition("-")[0]
        if is_whole(number) and not psutil.pid_exists(int(number)):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which mkstemp ignores."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _unwritable(path: Path, error: OSError) -> InputError:
    folder = str(path.parent)
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return InputError(
            str(path),
            "the disk is full, nothing was written",
            "free some space or choose another folder",
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return InputError(folder, "is not writable", "choose another folder")
    if isinstance(error, NotADirectoryError | FileExistsError | IsADirectoryError):
        return InputError(
            str(path), "something else has this name", "choose another folder"
        )
    return InputError(str(path), f"cannot be written ({error.strerror})")


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically.

    Raises:
        InputError: as ``replacing``.
    """
    with replacing(path) as file:
        file.write(text.encode())
