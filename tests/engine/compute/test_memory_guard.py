"""Ending a job before main memory is full.  Truth: worked out by hand."""

import pytest

from nnviz.base.errors import OutOfMemoryError
from nnviz.engine.compute import memory_guard

GB = 10**9
TOTAL = 20 * GB
"""Of which a twentieth, 1 GB, is left to the system."""


@pytest.fixture
def memory(monkeypatch):
    """Free and used memory, B; time passes with each look at the clock."""
    state = {"free": 10 * GB, "used": 2 * GB, "now": 0.0}

    def later():
        state["now"] += 1
        return state["now"]

    class Total:
        total = TOTAL

    monkeypatch.setattr(memory_guard.psutil, "virtual_memory", Total)
    monkeypatch.setattr(memory_guard, "free_bytes", lambda _device: state["free"])
    monkeypatch.setattr(memory_guard, "used_bytes", lambda _device: state["used"])
    monkeypatch.setattr(memory_guard.time, "monotonic", later)
    return state


def test_a_job_that_fills_the_memory_is_ended(memory):
    check = memory_guard.guarded(lambda: None)
    check()
    check()
    memory.update(free=GB // 2, used=11 * GB)
    with pytest.raises(OutOfMemoryError, match=r"taken 9.0 GB .* 500.0 MB are left"):
        check()


def test_a_job_is_not_ended_for_what_other_programs_take(memory):
    """It has taken half a gigabyte itself: less than what is to be left."""
    check = memory_guard.guarded(lambda: None)
    check()
    check()
    memory.update(free=GB // 2, used=int(2.5 * GB))
    check()


def test_memory_is_not_measured_at_every_check(memory, monkeypatch):
    monkeypatch.setattr(memory_guard.time, "monotonic", lambda: 7.0)
    check = memory_guard.guarded(lambda: None)
    check()
    check()
    memory.update(free=0, used=TOTAL)
    check()


def test_stopping_comes_first(memory):
    def stop():
        raise KeyError

    memory.update(free=0)
    with pytest.raises(KeyError):
        memory_guard.guarded(stop)()
