"""Threads started by nnviz, and process exit while one of them runs."""

import os
import sys
import threading

_PREFIX = "nnviz"
"""Prefix of the names of all threads of nnviz."""


def running_threads() -> list[threading.Thread]:
    """Return the running threads of nnviz, except the calling one."""
    asking = threading.current_thread()
    return [
        thread
        for thread in threading.enumerate()
        if thread is not asking and thread.name.startswith(_PREFIX)
    ]


def exit_if_threads_run(status: int) -> None:
    """Exit the process immediately if threads of nnviz are running, else return.

    A pass of torch cannot be interrupted.  A thread that returns from one to a
    finalized interpreter, or to a library whose destructors have run, crashes the
    process with SIGABRT or SIGSEGV; so nothing is finalized then.

    Args:
        status: the exit status of the process.
    """
    if running_threads():
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
