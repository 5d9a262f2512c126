"""The io threads: what one looks at goes first, bounded, nothing lost at the end."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from support.engines import PATIENCE

from nnviz.base.events import Cancelled, Done, Failed, Final
from nnviz.base.images import Image, image_from_array
from nnviz.runtime import io
from nnviz.runtime.file_work import images, results
from nnviz.runtime.file_work.images import ImageWork
from nnviz.runtime.file_work.results import ResultWork
from nnviz.runtime.image_cache import ImageCache
from nnviz.runtime.io import IoPool
from nnviz.runtime.mailbox import Mailbox

IMAGE, THUMBNAIL = "image", "thumbnail"
PIXELS = np.zeros((3, 4), np.uint8)


class Reader:
    """A pool and what it answered."""

    def __init__(self) -> None:
        self.woken = threading.Event()
        self.mailbox = Mailbox(self.woken.set)
        self.pool, self.work = IoPool(self.mailbox), ImageWork()
        self.ends: dict[int, Final] = {}

    def read(self) -> None:
        assert self.woken.wait(PATIENCE), "nothing comes any more"
        self.woken.clear()
        for posted in self.mailbox.drain(PATIENCE):
            assert isinstance(posted.event, Final)
            assert posted.ticket not in self.ends
            self.ends[posted.ticket] = posted.event
            self.pool.delivered(posted.place, posted.ticket)

    def open_image(self, path: str) -> int:
        return self.pool.submit(IMAGE, self.work.open(path))

    def thumbnail(self, path: str, size: int) -> int:
        return self.pool.submit(THUMBNAIL, self.work.thumbnail(path, size))

    def end_of(self, ticket: int) -> Final:
        while ticket not in self.ends:
            self.read()
        return self.ends[ticket]


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    assert reader.pool.shutdown(PATIENCE)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    path = tmp_path / "photo.png"
    PillowImage.new("RGB", (40, 20), (10, 20, 30)).save(path)
    return str(path)


def test_a_photograph_is_opened_and_kept(reader: Reader, photo: str) -> None:
    first = reader.end_of(reader.open_image(photo))
    again = reader.end_of(reader.open_image(photo))
    assert isinstance(first, Done)
    assert isinstance(again, Done)
    assert isinstance(first.value, Image)
    assert first.value.size == (20, 40)
    assert again.value is first.value


def test_pixels_become_a_photograph(reader: Reader) -> None:
    done = reader.end_of(
        reader.pool.submit(IMAGE, reader.work.of_array(PIXELS, "pasted"))
    )
    assert isinstance(done, Done)
    assert isinstance(done.value, Image)
    assert (done.value.name, done.value.size) == ("pasted", (3, 4))


def test_a_thumbnail_is_small(reader: Reader, photo: str) -> None:
    done = reader.end_of(reader.thumbnail(photo, 10))
    assert isinstance(done, Done)
    assert isinstance(done.value, np.ndarray)
    assert done.value.shape == (5, 10, 3)


def test_a_file_that_cannot_be_opened_fails_in_words(
    reader: Reader, tmp_path: Path
) -> None:
    failed = reader.end_of(reader.open_image(str(tmp_path / "none.png")))
    assert isinstance(failed, Failed)
    assert "none.png" in failed.error.text


class Gate:
    """Decoders that wait, to see what is done in which order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.begun = threading.Semaphore(0)
        self.order: list[str] = []
        monkeypatch.setattr(
            images, "thumbnail", self._waiting(lambda: np.zeros((1, 1, 3)))
        )
        monkeypatch.setattr(
            images,
            "open_image",
            self._waiting(lambda: image_from_array(np.zeros((1, 1)))),
        )

    def _waiting(self, make: Callable[[], object]) -> Callable[..., object]:
        def work(path: str, *_: object) -> object:
            self.order.append(str(path))
            self.begun.release()
            assert self.open.wait(PATIENCE)
            return make()

        return work


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


def busy(reader: Reader, gate: Gate) -> None:
    """Give both threads something that waits at the gate."""
    for name in ("busy 1", "busy 2"):
        reader.thumbnail(name, 8)
    for _ in range(2):
        assert gate.begun.acquire(timeout=PATIENCE)


def test_the_photograph_asked_for_last_goes_before_300_thumbnails(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread, for two may note what they begin in another order."""
    monkeypatch.setattr(io, "_THREADS", 1)
    reader = Reader()
    reader.thumbnail("busy", 8)
    assert gate.begun.acquire(timeout=PATIENCE)
    thumbnails = [reader.thumbnail(f"small {n}", 8) for n in range(300)]
    reader.open_image("first")
    reader.open_image("last")
    gate.open.set()
    reader.end_of(thumbnails[-1])
    assert gate.order[:3] == ["busy", "last", "first"]
    assert reader.pool.shutdown(PATIENCE)


def test_photographs_are_not_opened_far_ahead_of_the_reader(gate: Gate) -> None:
    """A busy window and 50 dropped photographs of 36 MB: a few are in memory."""
    reader = Reader()
    gate.open.set()
    tickets = [reader.open_image(f"photo {n}") for n in range(50)]
    after = reader.thumbnail("after", 8)
    reader_woken = reader.woken
    places = []
    while THUMBNAIL not in places:
        assert reader_woken.wait(PATIENCE)
        with reader.mailbox._lock:
            places = [posted.place for posted in reader.mailbox._box.values()]
    # Both threads may have been at one more when the third was ready.
    assert places.count(IMAGE) <= 4
    for ticket in [*tickets, after]:
        assert isinstance(reader.end_of(ticket), Done)
    assert reader.pool.shutdown(PATIENCE)


def test_cancelling_forgets_what_waits_and_the_answer_of_what_runs(gate: Gate) -> None:
    reader = Reader()
    running = reader.thumbnail("running", 8)
    assert gate.begun.acquire(timeout=PATIENCE)
    other = reader.thumbnail("other", 8)
    assert gate.begun.acquire(timeout=PATIENCE)
    waiting = reader.thumbnail("waiting", 8)
    reader.pool.cancel(waiting)
    reader.pool.cancel(running)
    reader.pool.cancel(12345)
    gate.open.set()
    assert isinstance(reader.end_of(waiting), Cancelled)
    assert isinstance(reader.end_of(running), Cancelled)
    assert isinstance(reader.end_of(other), Done)
    assert "waiting" not in gate.order
    assert reader.pool.shutdown(PATIENCE)


def test_at_the_end_what_is_to_be_saved_is_saved_and_the_rest_dropped(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []
    monkeypatch.setattr(results, "save_run", lambda *_, **__: saved.append(1))
    reader = Reader()
    busy(reader, gate)
    saving = ResultWork().save(None, "folder")  # type: ignore[arg-type]
    reader.pool.submit("save", saving)
    dropped = reader.thumbnail("small", 8)
    closing = threading.Thread(target=reader.pool.shutdown, args=(PATIENCE,))
    closing.start()
    assert isinstance(reader.end_of(dropped), Cancelled)
    gate.open.set()
    closing.join(PATIENCE)
    assert saved == [1]
    late = reader.thumbnail("late", 8)
    assert isinstance(reader.end_of(late), Cancelled)


def test_the_cache_keeps_the_last_used_and_never_more_than_its_limit(
    tmp_path: Path,
) -> None:
    opened = []

    def decode(path: Path) -> Image:
        opened.append(path.name)
        return image_from_array(np.zeros((10, 10), np.uint8))

    for name in "abcd":
        (tmp_path / name).write_text(name)
    cache = ImageCache(300, decode)
    for name in "abcadcaba":
        cache.open(tmp_path / name)
        assert cache.size <= 300
    # By hand: d drives out b, b drives out d.
    assert opened == ["a", "b", "c", "d", "b"]


def test_a_changed_file_is_decoded_anew(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    cache = ImageCache(1000, lambda file: image_from_array(
        np.full((1, len(file.read_text())), 0.5)))  # fmt: skip
    assert cache.open(path).size == (1, 3)
    path.write_text("three")
    assert cache.open(path).size == (1, 5)


def test_a_photograph_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    cache = ImageCache(10, lambda _: image_from_array(np.zeros((10, 10), np.uint8)))
    cache.open(tmp_path / "a")
    assert cache.size == 0
