"""Threads that nnviz started, and the end of a process in which one still runs."""

import os
import sys
import threading

_PREFIX = "nnviz"
"""Prefix of the names of all of them."""


def running_threads() -> list[threading.Thread]:
    """Return nnviz's own threads that are alive, but for the one that asks."""
    asking = threading.current_thread()
    return [
        thread
        for thread in threading.enumerate()
        if thread is not asking and thread.name.startswith(_PREFIX)
    ]


def exit_if_threads_run(status: int) -> None:
    """End the process at once where one of nnviz's threads is alive, else return.

    A pass of torch cannot be stopped.  A thread that comes back from one to an
    interpreter that was finalized meanwhile, or to a library whose destructors ran,
    takes the process down with SIGABRT or SIGSEGV; so nothing is finalized then.

    Args:
        status: the exit status of the process.
    """
    if running_threads():
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
