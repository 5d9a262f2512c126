"""Two jobs that want one network at once.  Truth: worked by hand."""

import itertools

import pytest
import torch
from support.pristine import snapshot
from torch import nn

from nnviz.base.errors import CancelledError, UsageError
from nnviz.base.requests import ModelRequest
from nnviz.engine.models import zoo
from nnviz.engine.models.references import ZooReference
from nnviz.engine.models.shared import SharedSteps
from nnviz.engine.models.store import ModelStore

SMALL = ModelRequest(reference="zoo:shufflenet_v2_x0_5@random", device="cpu")


class Stop:
    """A check that can be told to raise."""

    def __init__(self):
        self.told = False

    def __call__(self):
        if self.told:
            raise CancelledError


def never():
    pass


def numbers(log, check, last=4):
    """Work of four steps; keeps what was done and by whom."""
    try:
        for step in range(last):
            check()
            log.append(step)
            yield step
    finally:
        log.append("end")


@pytest.fixture
def log():
    return []


@pytest.fixture
def shared(log):
    return SharedSteps(lambda check: numbers(log, check))


def test_the_work_is_done_once_by_whoever_has_the_turn(shared, log):
    first, second = shared.join(never), shared.join(never)
    assert [next(first), next(second), next(second), next(first)] == [0, 1, 2, 3]
    assert list(second) == []
    assert list(first) == []
    assert log == [0, 1, 2, 3, "end"]
    assert shared.ended


def test_one_that_never_gets_a_turn_holds_nobody_up(shared, log):
    first, second = shared.join(never), shared.join(never)
    assert next(first) == 0
    assert list(second) == [1, 2, 3]
    assert list(first) == []
    assert log == [0, 1, 2, 3, "end"]


@pytest.mark.parametrize("stopped", [0, 1])
def test_one_is_stopped_between_steps_the_other_goes_on(shared, log, stopped):
    stops = [Stop(), Stop()]
    jobs = [shared.join(stop) for stop in stops]
    assert [next(job) for job in jobs] == [0, 1]
    stops[stopped].told = True
    with pytest.raises(CancelledError):
        next(jobs[stopped])
    assert list(jobs[1 - stopped]) == [2, 3]
    assert log == [0, 1, 2, 3, "end"]


def test_the_last_to_leave_gives_the_work_up(shared, log):
    first, second = shared.join(never), shared.join(never)
    assert [next(first), next(second)] == [0, 1]
    first.close()
    assert not shared.ended
    second.close()
    assert shared.ended
    assert log == [0, 1, "end"]


@pytest.fixture
def store(monkeypatch):
    """A store that counts how often it builds a network."""
    opened = ModelStore()
    built = []
    real = zoo.open_random

    def open_random(reference, check):
        built.append(str(reference))
        return real(reference, check)

    monkeypatch.setattr(zoo, "open_random", open_random)
    opened.built = built
    yield opened
    opened.close()


def in_turn(jobs):
    """Give each job one step after the other; return what they return."""
    values = [None] * len(jobs)
    left = dict(enumerate(jobs))
    for place in itertools.cycle(range(len(jobs))):
        if place in left:
            try:
                next(left[place])
            except StopIteration as end:
                values[place] = end.value
                del left[place]
        if not left:
            return values
    return values


def rest(job):
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_jobs_load_a_network_once(store, order):
    jobs = [store.open(SMALL, never) for _ in range(2)]
    one, two = in_turn([jobs[place] for place in order])
    assert one is two
    assert len(store.built) == 1


@pytest.mark.parametrize("ahead", [1, 2])
def test_the_second_overtakes_the_first(store, ahead):
    first, second = store.open(SMALL, never), store.open(SMALL, never)
    for _ in range(ahead):
        next(first)
    model = rest(second)
    assert rest(first) is model
    assert len(store.built) == 1


@pytest.mark.parametrize("stopped", [0, 1])
def test_one_of_two_jobs_is_stopped(store, stopped):
    stops = [Stop(), Stop()]
    jobs = [store.open(SMALL, stop) for stop in stops]
    for job in jobs:
        next(job)
    stops[stopped].told = True
    with pytest.raises(CancelledError):
        next(jobs[stopped])
    assert rest(jobs[1 - stopped]).info.reference == f"{SMALL.reference}:0"
    assert not store._openings


def test_stopped_in_the_middle_of_the_work_the_other_begins_anew(store):
    """The first is stopped while torch draws weights: that work cannot be kept."""
    calls = itertools.count()

    def soon():
        if next(calls) == 20:
            raise CancelledError

    first, second = store.open(SMALL, soon), store.open(SMALL, never)
    next(first)
    with pytest.raises(CancelledError):
        rest(first)
    assert next(calls) == 21
    assert torch.is_grad_enabled(), "stopped while torch left its no_grad"
    assert rest(second).info.parameters
    assert len(store.built) == 2
    assert not store._openings


def test_both_hear_why_it_cannot_be_opened(store):
    wrong = ModelRequest(reference="zoo:resnet81@random")
    jobs = [store.open(wrong, never) for _ in range(2)]
    for job in jobs:
        next(job)
        with pytest.raises(UsageError, match="zoo:resnet18"):
            rest(job)


def test_drawing_weights_can_be_stopped_at_each_of_them():
    """vgg11: 11 layers with a weight and a bias; nothing is left behind."""
    calls = itertools.count()

    def at_ten():
        if next(calls) == 10:
            raise CancelledError

    before = snapshot(nn.Module())
    with pytest.raises(CancelledError):
        zoo.open_random(ZooReference("vgg11", seed=0), at_ten)
    assert snapshot(nn.Module()) == before


def test_work_that_is_stopped_inside_has_ended_for_all(shared, log):
    calls = itertools.count()

    def inside():
        if next(calls) == 3:  # the second turn: once outside, once inside the work
            raise CancelledError

    first, second = shared.join(inside), shared.join(never)
    assert [next(first), next(second)] == [0, 1]
    with pytest.raises(CancelledError):
        next(first)
    assert list(second) == []
    assert shared.ended
    assert log == [0, 1, "end"]
