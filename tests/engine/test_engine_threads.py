"""Threads of a recipe on a machine that has fewer."""

import os

from nnviz.engine.jobs.runner import usable_threads


def test_threads_are_clamped_to_what_can_be_started() -> None:
    """Thousands end in libgomp's "Thread creation failed"; a few more are kept."""
    cores = os.cpu_count() or 1
    assert [usable_threads(each) for each in (0, 1, cores, 64)] == [0, 1, cores, 64]
    assert usable_threads(4096) == max(64, 4 * cores)
