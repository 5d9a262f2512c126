"""The time left of a job: by cost, and not while it is paused.

Truth: the rule of three over a clock that the test moves by hand.
"""

import pytest

from nnviz.base.events import Progress
from nnviz.gui.services import jobs
from nnviz.gui.services.jobs import JobHandle, Lane


class Controls:
    """Takes everything."""

    def __getattr__(self, name):
        return lambda *_: None


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(jobs, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def job(clock):  # noqa: ARG001 - its clock is moved by hand
    made = JobHandle(Lane("test"), "a dream")
    made.start(Controls(), 1)
    return made


def test_steps_that_cost_more_later_are_told_by_their_cost(job, clock):
    clock[0] += 10
    job.hear(Progress(30, 60, "octave 4 of 6", cost=0.1))
    assert job.left == pytest.approx(90)  # half of the steps, a tenth of the time
    job.hear(Progress(30, 60, "window 30 of 60"))
    assert job.left == pytest.approx(10)


def test_no_time_is_left_while_paused_and_a_pause_counts_for_nothing(job, clock):
    told = []
    job.progressed.connect(lambda _: told.append(job.left))
    clock[0] += 10
    job.hear(Progress(1, 2, "step 1 of 2"))
    job.pause()
    clock[0] += 500
    assert job.paused
    assert job.left < 0
    job.go_on()
    assert not job.paused
    assert job.left == pytest.approx(10)
    assert told == [pytest.approx(10), -1, pytest.approx(10)]  # shown anew each time


def test_going_on_without_a_pause_changes_nothing(job, clock):
    clock[0] += 4
    job.hear(Progress(1, 2, "step 1 of 2"))
    job.go_on()
    assert job.left == pytest.approx(4)


def test_a_new_stage_has_a_pace_of_its_own(job, clock):
    """By hand: 20 examples took 26 s; 2 of 150 regions after 1 s leave 74 s."""
    clock[0] += 26
    job.hear(Progress(20, 20, "example 20 of 20"))
    job.hear(Progress(1, 150, "region 1 of 150"))
    clock[0] += 1
    job.hear(Progress(2, 150, "region 2 of 150"))
    assert job.left == pytest.approx(74)
