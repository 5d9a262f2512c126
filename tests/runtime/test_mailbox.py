"""The mailbox: bounded, ordered, exactly one wake-up a filling."""

import threading

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Cancelled, Done, Event, Failed, Partial, Progress
from nnviz.base.results import Heatmap, Report
from nnviz.runtime.mailbox import Envelope, Mailbox


class Counted:
    """A mailbox that counts its wake-ups and can be read without a clock."""

    def __init__(self) -> None:
        self.wakes = 0
        self.box = Mailbox(self._wake)

    def put(
        self, event: Event, place: str = "a", ticket: int = 1, *, keep: bool = False
    ) -> None:
        self.box.put(Envelope(place, ticket, event), keep=keep)

    def drained(self) -> list[tuple[str, int, Event]]:
        return [(p.place, p.ticket, p.event) for p in self.box.drain(60)]

    def _wake(self) -> None:
        self.wakes += 1


def partial(size: int = 1) -> Partial:
    heat = Heatmap(values=np.zeros((size, size)), signed=False, unit="")
    return Partial(Report({"map": heat}))


def test_only_the_newest_step_of_a_place_is_kept() -> None:
    counted = Counted()
    steps = [Progress(number, 10, "") for number in range(10)]
    for step in steps:
        counted.put(step)
        counted.put(step, place="b", ticket=2)
    assert counted.drained() == [("a", 1, steps[-1]), ("b", 2, steps[-1])]


def test_a_result_makes_the_steps_before_it_needless() -> None:
    counted = Counted()
    done = Done(1)
    counted.put(partial())
    counted.put(Progress(1, 2, ""))
    counted.put(done)
    assert counted.drained() == [("a", 1, done)]


def test_a_stopped_job_still_shows_how_far_it_was() -> None:
    """What was there stays, grayed, "stopped at 37 %": so it must arrive first."""
    counted = Counted()
    last, how_far = partial(), Progress(37, 100, "")
    counted.put(last)
    counted.put(how_far)
    counted.put(Cancelled())
    assert counted.drained() == [
        ("a", 1, last), ("a", 1, how_far), ("a", 1, Cancelled()),
    ]  # fmt: skip


def test_an_undelivered_result_gives_way_to_a_newer_one_but_is_told() -> None:
    """A camera while the window is busy: one result in memory, every ticket ended."""
    counted = Counted()
    results = [Done(bytes(100)) for _ in range(50)]
    for ticket, result in enumerate(results):
        counted.put(result, ticket=ticket)
    told = counted.drained()
    assert [ticket for _, ticket, _ in told] == list(range(50))
    assert told[-1] == ("a", 49, results[-1])
    assert all(event == Cancelled() for _, _, event in told[:-1])


def test_a_kept_result_never_gives_way() -> None:
    counted = Counted()
    results = [Done(number) for number in range(5)]
    for ticket, result in enumerate(results):
        counted.put(result, ticket=ticket, keep=True)
    assert [event for _, _, event in counted.drained()] == results


def test_a_delivered_result_is_not_replaced() -> None:
    counted = Counted()
    first, second = Done(1), Done(2)
    counted.put(first, ticket=1)
    assert counted.drained() == [("a", 1, first)]
    counted.put(second, ticket=2)
    assert counted.drained() == [("a", 2, second)]


EVENTS = st.sampled_from(
    [
        Progress(1, 2, ""),
        partial(),
        Done(3),
        Failed(ErrorRecord(ErrorKind.OURS, "", "")),
        Cancelled(),
    ]
)


@given(st.lists(st.one_of(st.just(None), EVENTS)))
def test_it_wakes_exactly_when_something_is_put_into_the_empty_box(
    actions: list[Event | None],
) -> None:
    """None means: take one."""
    counted = Counted()
    for ticket, action in enumerate(actions):
        before, was_empty = counted.wakes, len(counted.box) == 0
        if action is None:
            counted.box.take()
            assert counted.wakes == before
        else:
            counted.put(action, ticket=ticket)
            assert counted.wakes - before == was_empty


@given(st.lists(st.tuples(st.sampled_from("abc"), EVENTS), max_size=80))
def test_all_ends_arrive_in_order_and_steps_are_bounded(
    puts: list[tuple[str, Event]],
) -> None:
    counted = Counted()
    for ticket, (place, event) in enumerate(puts):
        counted.put(event, place, ticket)
    told = counted.drained()
    ends = [
        ticket
        for ticket, (_, event) in enumerate(puts)
        if not isinstance(event, Progress | Partial)
    ]
    found = [t for _, t, event in told if not isinstance(event, Progress | Partial)]
    assert sorted(found) == ends
    assert len(told) - len(found) <= 3 * 2


def test_draining_stops_when_the_time_is_up_and_goes_on_later() -> None:
    counted = Counted()
    for ticket in range(5):
        counted.put(Done(ticket), ticket=ticket, keep=True)
    assert len(list(counted.box.drain(0))) == 1
    assert len(counted.box) == 4
    assert len(counted.drained()) == 4


def test_after_close_it_neither_keeps_nor_wakes() -> None:
    counted = Counted()
    counted.put(Done(1))
    counted.box.close()
    counted.put(Done(2), ticket=2)
    assert counted.drained() == []
    assert counted.wakes == 1


def test_close_waits_for_a_wake_that_is_going_on() -> None:
    """Else the bridge's socket could be closed in the middle of the wake-up."""
    inside, go_on = threading.Event(), threading.Event()

    def wake() -> None:
        inside.set()
        assert go_on.wait(60)

    box = Mailbox(wake)
    putting = threading.Thread(target=box.put, args=(Envelope("a", 1, Done(1)),),
                               kwargs={"keep": True})  # fmt: skip
    closing = threading.Thread(target=box.close)
    putting.start()
    assert inside.wait(60)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    go_on.set()
    for thread in (putting, closing):
        thread.join(60)
        assert not thread.is_alive()
