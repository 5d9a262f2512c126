"""The worker thread: tickets end, cancelling is quick, closing is safe at any time."""

import gc
import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from support.engines import PATIENCE, FakeSession

from nnviz.base.events import (
    Cancelled,
    Done,
    Failed,
    Final,
    Job,
    Policy,
    Priority,
)
from nnviz.base.requests import FetchModel, Request
from nnviz.runtime.mailbox import Envelope
from nnviz.runtime.worker import CATALOGUE_PLACE, Engine, Worker


class Reader:
    """Collects what a worker posts, as the bridge would, without Qt."""

    def __init__(self, session: FakeSession) -> None:
        self.posted: list[Envelope] = []
        self._woken = threading.Event()
        self.worker = Worker(self._woken.set, session.engine)

    def submit(
        self,
        name: str,
        place: str = "a",
        policy: Policy = Policy.QUEUE,
        priority: Priority = Priority.NORMAL,
    ) -> int:
        return self.worker.submit(place, FetchModel(name), policy, priority)

    def end_of(self, ticket: int) -> Final:
        """Read until a ticket has ended."""
        until = time.monotonic() + PATIENCE
        while ticket not in self.ends():
            assert self._woken.wait(until - time.monotonic()), "nothing comes any more"
            self._woken.clear()
            self.posted += self.worker.mailbox.drain(PATIENCE)
        return self.ends()[ticket]

    def ends(self) -> dict[int, Final]:
        return {p.ticket: p.event for p in self.posted if isinstance(p.event, Final)}


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def reader(session: FakeSession) -> Iterator[Reader]:
    reader = Reader(session)
    reader.worker.start()
    yield reader
    assert reader.worker.shutdown(PATIENCE)
    gc.unfreeze()


def test_a_request_is_answered_and_the_catalogue_comes_first(reader: Reader) -> None:
    done = reader.end_of(reader.submit("steps:3"))
    assert isinstance(done, Done)
    assert done.value == "steps:3"
    assert reader.posted[0].place == CATALOGUE_PLACE


def test_everything_of_the_engine_happens_in_one_thread(
    session: FakeSession, reader: Reader
) -> None:
    for number in range(5):
        reader.end_of(reader.submit("steps:2", place=str(number)))
    assert reader.worker.shutdown(PATIENCE)
    assert len(session.threads) == 1
    assert threading.get_ident() not in session.threads
    assert session.closed == 1


def test_requests_before_the_engine_is_there_are_answered(
    session: FakeSession,
) -> None:
    imported = threading.Event()

    def slow_engine() -> Engine:
        assert imported.wait(PATIENCE)
        return session.engine()

    reader = Reader(session)
    reader.worker = Worker(reader._woken.set, slow_engine)
    reader.worker.start()
    early = reader.submit("steps:1")
    dropped = reader.submit("steps:1", policy=Policy.LATEST)
    reader.worker.cancel(dropped)
    imported.set()
    assert isinstance(reader.end_of(early), Cancelled)  # LATEST replaced it
    assert isinstance(reader.end_of(dropped), Cancelled)
    assert isinstance(reader.end_of(reader.submit("steps:1")), Done)
    assert reader.worker.shutdown(PATIENCE)


def test_an_engine_that_cannot_be_opened_is_told_and_fails_every_request() -> None:
    def broken() -> Engine:
        raise ImportError("libtorch_cpu.so: cannot open shared object file")

    reader = Reader(FakeSession())
    reader.worker = Worker(reader._woken.set, broken)
    reader.worker.start()
    failed = reader.end_of(reader.submit("steps:1"))
    assert isinstance(failed, Failed)
    assert "libtorch_cpu.so" in failed.error.text
    told = reader.posted[0]
    assert told.place == CATALOGUE_PLACE
    assert isinstance(told.event, Failed)
    assert reader.worker.shutdown(PATIENCE)


def test_cancelling_takes_at_most_100_ms(session: FakeSession, reader: Reader) -> None:
    """The goal of the house's plan, for a job whose layers take a millisecond."""
    seconds = []
    for _ in range(5):
        ticket = reader.submit("wait")
        assert session.running.wait(PATIENCE)
        session.running.clear()
        began = time.perf_counter()
        reader.worker.cancel(ticket)
        assert isinstance(reader.end_of(ticket), Cancelled)
        seconds.append(time.perf_counter() - began)
    assert sorted(seconds)[2] <= 0.1


def test_a_paused_job_waits_and_others_are_answered(reader: Reader) -> None:
    paused = reader.submit("spin:1000000", place="dream")
    reader.worker.pause(paused)
    assert isinstance(reader.end_of(reader.submit("steps:3", place="b")), Done)
    assert paused not in reader.ends()
    reader.worker.cancel(paused)
    assert isinstance(reader.end_of(paused), Cancelled)


def test_the_worker_survives_errors(reader: Reader) -> None:
    assert isinstance(reader.end_of(reader.submit("fail")), Failed)
    assert isinstance(reader.end_of(reader.submit("steps:1")), Done)


def test_shutting_down_again_is_harmless_and_later_requests_are_refused(
    session: FakeSession, reader: Reader
) -> None:
    ticket = reader.submit("wait")
    assert session.running.wait(PATIENCE)
    assert reader.worker.shutdown(PATIENCE)
    assert reader.worker.shutdown(PATIENCE)
    assert reader.submit("steps:1") == ticket + 1
    assert len(reader.worker.mailbox) == 0
    assert session.closed == 1


def test_a_worker_that_was_never_started_can_be_shut_down() -> None:
    assert Reader(FakeSession()).worker.shutdown(PATIENCE)


def ask_at_random(reader: Reader, chance: random.Random) -> None:
    tickets = [0]
    for _ in range(chance.randrange(20)):
        action = chance.randrange(7)
        if action == 0:
            reader.worker.cancel(chance.choice(tickets))
        elif action == 1:
            reader.worker.steer(chance.choice(tickets), {"rate": chance.random()})
        elif action == 2:
            worker = reader.worker
            act = chance.choice([worker.pause, worker.step, worker.go_on])
            act(chance.choice(tickets))
        else:
            name = chance.choice(["steps:3", "wait", "fail", "spin:2", "steps:0"])
            place, policy = chance.choice("abc"), chance.choice(list(Policy))
            priority = chance.choice(list(Priority))
            tickets.append(reader.submit(name, place, policy, priority))


@pytest.mark.parametrize("seed", range(200))
def test_shutdown_in_the_middle_of_anything(seed: int) -> None:
    """Random requests from two threads, then an end at a random moment."""
    chance = random.Random(seed)  # noqa: S311
    session = FakeSession()
    reader = Reader(session)
    before = threading.active_count()
    if chance.random() < 0.9:
        reader.worker.start()
    own_chance = random.Random(-seed - 1)  # noqa: S311
    other = threading.Thread(target=ask_at_random, args=(reader, own_chance))
    other.start()
    ask_at_random(reader, chance)
    if chance.random() < 0.5:
        reader.posted += reader.worker.mailbox.drain(0.001)
    if chance.random() < 0.5:
        other.join(PATIENCE)
    assert reader.worker.shutdown(PATIENCE)
    other.join(PATIENCE)
    assert session.open_jobs == 0
    assert threading.active_count() == before
    assert len(reader.worker.mailbox) == 0
    ends = [p.ticket for p in reader.posted if isinstance(p.event, Final)]
    assert len(ends) == len(set(ends))
    gc.unfreeze()


def test_background_is_brief_beside_the_foreground_and_goes_on_by_itself_after_it(
    session: FakeSession, reader: Reader
) -> None:
    """Nothing wakes the thread but its own clock: half a second without answers."""
    told: list[bool] = []
    steps = session.job

    def job(request: Request[object], check: Callable[[], None]) -> Job:
        told.append(session.brief)
        return steps(request, check)

    session.job = job  # type: ignore[method-assign]
    reader.end_of(reader.submit("steps:1", "click", priority=Priority.INTERACTIVE))
    board = [reader.submit("spin:20", f"tile {each}") for each in range(3)]
    ends = [reader.end_of(ticket) for ticket in board]
    assert all(isinstance(end, Done) for end in ends)
    assert told[:2] == [False, True]
    time.sleep(0.6)
    reader.end_of(reader.submit("steps:1", "later"))
    assert told[-1] is False


def test_memory_is_given_back_once_when_no_work_is_left(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truth: counted calls; after each piece of work one, and none while it is done."""
    trimmed = threading.Semaphore(0)
    monkeypatch.setattr("nnviz.runtime.worker.trim_heap", trimmed.release)
    monkeypatch.setattr("nnviz.runtime.worker._REST_SECONDS", 0.02)
    reader = Reader(session)
    reader.worker.start()
    try:
        assert trimmed.acquire(timeout=PATIENCE)
        assert not trimmed.acquire(timeout=0.2)
        reader.end_of(reader.submit("steps:2"))
        assert trimmed.acquire(timeout=PATIENCE)
        assert not trimmed.acquire(timeout=0.2)
    finally:
        assert reader.worker.shutdown(PATIENCE)
        gc.unfreeze()
