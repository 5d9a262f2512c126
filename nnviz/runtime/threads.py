"""Threads started by nnviz, and the process exit beside them and torch."""

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


def exit_unfinalized(status: int) -> None:
    """Exit the process immediately if torch or a thread of nnviz is there, else return.

    A pass of torch cannot be interrupted.  A thread that returns from one to a
    finalized interpreter, or to a library whose destructors have run, crashes the
    process with SIGABRT or SIGSEGV; so nothing is finalized then.  With torch loaded,
    finalization would free its objects one by one, for seconds after the window closed.

    Args:
        status: the exit status of the process.
    """
    if running_threads() or "torch" in sys.modules:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # as in a windowed bundle
                stream.flush()
        os._exit(status)
