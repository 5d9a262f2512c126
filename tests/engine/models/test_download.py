"""Against a real web server on loopback that can behave badly."""

import contextlib
import errno
import hashlib
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from nnviz.base.errors import CancelledError, InputError, OfflineError
from nnviz.engine.models.weights import download as download_module
from nnviz.engine.models.weights.download import RemoteFile, download

Finish = Callable[[Generator[Any, None, Any]], Any]

CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """What the server does and what it was asked.

    Attributes:
        cut_after: bytes after which a connection is dropped; None for never.
        ranges: whether it can go on in the middle.
        pause: seconds between blocks.
        status: an error to answer with; 0 for none.
        asked: the Range headers.
    """

    url: str = ""
    cut_after: int | None = None
    ranges: bool = True
    pause: float = 0
    status: int = 0
    asked: list[str] = field(default_factory=list)
    woken: threading.Event = field(default_factory=threading.Event)

    def file(self, sha256: str = SHA256[:8], name: str = "w.pth") -> RemoteFile:
        return RemoteFile(f"{self.url}/{name}", name, sha256)


class Handler(BaseHTTPRequestHandler):
    """Answers as ``self.server.settings`` say."""

    @property
    def settings(self) -> Server:
        return self.server.settings

    def do_GET(self) -> None:
        settings = self.settings
        asked = self.headers.get("Range", "")
        settings.asked.append(asked)
        start = int(asked[6:-1]) if asked and settings.ranges else 0
        if settings.status or start >= len(CONTENT):
            self.send_error(settings.status or 416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.send_blocks(start)

    def send_blocks(self, start: int) -> None:
        end = len(CONTENT)
        if self.settings.cut_after is not None:
            end = min(end, start + self.settings.cut_after)
        for place in range(start, end, 65536):
            self.wfile.write(CONTENT[place : min(end, place + 65536)])
            self.settings.woken.wait(self.settings.pause)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    settings = web.settings = Server(f"http://127.0.0.1:{web.server_port}")
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    yield settings
    settings.woken.set()
    web.shutdown()
    web.server_close()
    thread.join()


def nothing() -> None:
    """A check that never stops."""


def stop_after(calls: int) -> Callable[[], None]:
    left = [calls]

    def check() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise CancelledError

    return check


def test_a_file_arrives_whole_with_progress(server: Server, tmp_path: Path) -> None:
    steps = list(download(server.file(), tmp_path / "new", nothing))
    assert (tmp_path / "new" / "w.pth").read_bytes() == CONTENT
    shares = [step.done for step in steps if step.what == "downloading w.pth"]
    assert shares == sorted(shares)
    assert shares[-1] == len(CONTENT)
    assert all(step.unit == "B" for step in steps)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["w.pth"]


def test_stopping_keeps_what_came_and_the_next_try_goes_on(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    with pytest.raises(CancelledError):
        finish(download(server.file(), tmp_path, stop_after(4)))
    kept = (tmp_path / "w.pth.partial").stat().st_size
    assert 0 < kept < len(CONTENT)
    assert not (tmp_path / "w.pth").exists()
    path = finish(download(server.file(), tmp_path, nothing))
    assert path.read_bytes() == CONTENT
    assert server.asked == ["", f"bytes={kept}-"]


def test_a_broken_connection_is_taken_up_again(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    server.cut_after = 300_000
    path = finish(download(server.file(), tmp_path, nothing))
    assert path.read_bytes() == CONTENT
    assert server.asked[1:] == ["bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_server_without_ranges_starts_again(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    (tmp_path / "w.pth.partial").write_bytes(b"something old")
    server.ranges = False
    path = finish(download(server.file(), tmp_path, nothing))
    assert path.read_bytes() == CONTENT


def test_a_partial_that_is_whole_is_only_checked(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    (tmp_path / "w.pth.partial").write_bytes(CONTENT)
    path = finish(download(server.file(), tmp_path, nothing))
    assert path.read_bytes() == CONTENT


def test_a_wrong_hash_is_said_and_leaves_nothing(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    with pytest.raises(InputError, match="arrived damaged"):
        finish(download(server.file("00000000"), tmp_path, nothing))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_names_what_to_do(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    server.status = 404
    with pytest.raises(OfflineError) as caught:
        finish(download(server.file(), tmp_path, nothing))
    assert "404" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert server.url in str(caught.value)


def test_a_connection_that_brings_nothing_is_given_up(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    server.cut_after = 0
    with pytest.raises(OfflineError, match="broke off"):
        finish(download(server.file(), tmp_path, nothing))
    assert len(server.asked) == 4


def test_no_server_is_offline(tmp_path: Path, finish: Finish) -> None:
    with pytest.raises(OfflineError, match="cannot be reached") as caught:
        finish(download(RemoteFile("http://127.0.0.1:1/w", "w.pth"), tmp_path, nothing))
    assert str(tmp_path) in str(caught.value)


def test_a_silent_server_can_be_stopped_at_once(server: Server, tmp_path: Path) -> None:
    """Design section 5: cancelling takes at most 100 ms."""
    server.pause = 5
    job = download(server.file(), tmp_path, nothing)
    longest = 0.0
    for _ in range(6):
        before = time.perf_counter()
        next(job)
        longest = max(longest, time.perf_counter() - before)
    job.close()
    assert longest < 0.5


def test_a_silent_server_is_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finish: Finish
) -> None:
    monkeypatch.setattr(download_module, "_STALL_SECONDS", 0.2)
    (tmp_path / "w.pth.partial").write_bytes(CONTENT[:100])
    server.ranges = False
    server.pause = 30
    with pytest.raises(OfflineError, match="went silent"):
        finish(download(server.file(), tmp_path, nothing))


def test_a_full_disk_is_said(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finish: Finish
) -> None:
    """The error is the system's own; the free space is what is made up."""

    def full(_path: Path, _needed: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download_module, "_check_space", full)
    with pytest.raises(InputError, match="disk is full"):
        finish(download(server.file(), tmp_path, nothing))


def test_a_file_in_the_place_of_the_folder(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        finish(download(server.file(), tmp_path / "taken" / "deeper", nothing))


@pytest.mark.skipif(sys.platform == "win32", reason="locks with fcntl")
def test_two_processes_fetch_a_file_once(
    server: Server, tmp_path: Path, finish: Finish
) -> None:
    """The second waits for the lock of the first, and takes what that one fetched."""
    import fcntl

    partial = tmp_path / "file.bin.partial"
    with partial.open("ab") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        file = RemoteFile(f"{server.url}/file.bin", "file.bin")
        job = download(file, tmp_path, nothing)
        assert "waiting for another" in next(job).what
        assert "waiting for another" in next(job).what
        assert not server.asked
        partial.replace(tmp_path / "file.bin")
    assert finish(job) == tmp_path / "file.bin"
    assert not server.asked
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]
