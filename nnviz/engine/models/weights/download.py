"""Download of one file: with progress, resumable, verified, stoppable at any block."""

import errno
import hashlib
import http.client
import os
import select
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nnviz.base.errors import InputError, OfflineError
from nnviz.base.events import Progress
from nnviz.engine.compute.memory import in_units

_BLOCK = 1 << 16
_CONNECT_SECONDS = 10.0
_POLL_SECONDS = 0.05
_STALL_SECONDS = 20.0
_TRIES = 4
_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416
_HELD = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})
_NO_LOCKS = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK})
"""Of file systems that cannot lock."""

Check = Callable[[], None]
Steps = Generator[Progress, None, None]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on a server.

    Attributes:
        url: where it is, http or https.
        name: what it is called on disk.
        sha256: beginning of its hash; empty if not known.
    """

    url: str
    name: str
    sha256: str = ""


class _CutError(Exception):
    """The connection ended or stalled before the file was complete."""


def download(
    file: RemoteFile, folder: Path, check: Check
) -> Generator[Progress, None, Path]:
    """Download a file into a folder, resuming an earlier partial download.

    A partial download stays in ``NAME.partial`` when the job is stopped or the
    connection breaks.  The file gets its name only once it is complete.

    Returns:
        The file's path.

    Raises:
        OfflineError: the server cannot be reached or has no such file; says where to
            put the file by hand.
        InputError: the folder cannot be written, the disk is full, or what came is
            not what was published.
    """
    target = folder / file.name
    partial = folder / f"{file.name}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = target.exists()
        with partial.open("ab") as sink:
            yield from _lock(sink, file.name, check)
            if target.exists() and not there:
                # Another process has fetched it meanwhile.
                partial.unlink(missing_ok=True)
                return target
            yield from _receive_all(file, sink, check)
            sink.flush()
            os.fsync(sink.fileno())
            yield from _verify(file, partial, check)
        partial.replace(target)
    except _CutError as error:
        raise _offline(file, folder, str(error)) from None
    except OSError as error:
        raise _disk_error(target, error) from None
    return target


def _lock(sink: BinaryIO, name: str, check: Check) -> Steps:
    """Wait for the lock on the file; it is released when the file is closed."""
    while not _try_lock(sink):
        check()
        yield Progress(0, 0, f"waiting for another nnviz that fetches {name}")
        time.sleep(_POLL_SECONDS)


def _try_lock(sink: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415

            msvcrt.locking(sink.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _receive_all(file: RemoteFile, sink: BinaryIO, check: Check) -> Steps:
    """Reconnect and receive until complete, as long as each try makes progress."""
    tries = 0
    while True:
        before = sink.tell()
        try:
            yield from _receive(file, sink, check)
        except _CutError:
            # A try that brought data does not count: the next one resumes after it.
            tries = 0 if sink.tell() > before else tries + 1
            if tries >= _TRIES:
                raise
        else:
            return


def _receive(file: RemoteFile, sink: BinaryIO, check: Check) -> Steps:
    check()
    yield Progress(sink.tell(), 0, f"connecting for {file.name}", "B")
    response = _connect(file, sink.tell())
    if response is None:
        return
    with response:
        if response.status != _PARTIAL_CONTENT:
            sink.truncate(0)
        start = sink.seek(0, os.SEEK_END)
        total = start + (response.length or 0)
        _check_space(Path(sink.name).parent, response.length or 0)
        yield from _copy(response, sink, total, Progress(0, total, file.name), check)
    if sink.tell() < total:
        raise _CutError("the connection broke off")


def _copy(
    response: http.client.HTTPResponse,
    sink: BinaryIO,
    total: int,
    progress: Progress,
    check: Check,
) -> Steps:
    waited = 0.0
    what = f"downloading {progress.what}"
    # Data received with the headers is in the response's buffer, where polling the
    # socket would not show it: so read first, then wait.
    while block := _read(response):
        sink.write(block)
        while sink.tell() < total and not _readable(response):
            check()
            yield Progress(sink.tell(), total, what, "B")
            waited += _POLL_SECONDS
            if waited > _STALL_SECONDS:
                raise _CutError("the server went silent")
        waited = 0.0
        check()
        yield Progress(sink.tell(), total, what, "B")


def _connect(file: RemoteFile, start: int) -> http.client.HTTPResponse | None:
    """Request the file from a byte offset; None if the server has no more of it."""
    if not file.url.startswith(("http://", "https://")):
        raise _CutError(f"{file.url} is not a web address")
    headers = {"User-Agent": "nnviz"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(file.url, headers=headers)  # noqa: S310 -- http(s) only, see above
    try:
        response: http.client.HTTPResponse = urllib.request.urlopen(  # noqa: S310
            request, timeout=_CONNECT_SECONDS
        )
    except urllib.error.HTTPError as error:
        with error:
            if start and error.code == _RANGE_NOT_SATISFIABLE:
                return None
            reason = f"the server answers {error.code} {error.reason}"
        raise _CutError(reason) from None
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(f"the server cannot be reached ({_words(error)})") from None
    return response


def _words(error: Exception) -> str:
    """Return the root cause: urllib wraps the system's error in its own."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return getattr(reason, "strerror", None) or str(reason)


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(f"the connection broke off ({error})") from None


def _readable(response: http.client.HTTPResponse) -> bool:
    """Wait briefly for data, so that a slow server does not block other jobs."""
    if response.isclosed() or response.chunked:
        return True
    return bool(select.select([response.fileno()], [], [], _POLL_SECONDS)[0])


def _verify(file: RemoteFile, partial: Path, check: Check) -> Steps:
    """Verify the hash against the published one; delete the file if it differs."""
    size = partial.stat().st_size
    digest = hashlib.sha256()
    with partial.open("rb") as source:
        while block := source.read(1 << 22):
            check()
            digest.update(block)
            yield Progress(source.tell(), size, f"checking {file.name}", "B")
    found = digest.hexdigest()
    if not found.startswith(file.sha256):
        partial.unlink()
        raise InputError(
            file.name,
            f"arrived damaged: its SHA-256 begins with {found[:8]}, "
            f"not with {file.sha256}",
            "fetch it again",
        )


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(errno.ENOSPC, f"{in_units(needed)} needed, {in_units(free)} free")


def _offline(file: RemoteFile, folder: Path, reason: str) -> OfflineError:
    return OfflineError(
        file.name,
        reason,
        f"fetch it again later, or get {file.url} elsewhere and put it into {folder}",
    )


def _disk_error(target: Path, error: OSError) -> InputError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return InputError(
            target.name,
            f"the disk is full ({error.strerror})",
            f"free some space in {target.parent}, or set NNVIZ_WEIGHTS to a folder "
            "on another disk",
        )
    reason = (error.strerror or str(error)).lower()
    return InputError(
        str(target.parent),
        f"cannot be written ({reason})",
        "set NNVIZ_WEIGHTS to a folder of yours",
    )
