"""Garbage collection of cycles, restricted to the GUI thread.

Python collects cycles on whatever thread happens to allocate.  A cycle that holds a
widget must not be destroyed outside the GUI thread (the process dies of SIGSEGV), so
automatic collection is off while the window exists, and afterwards as long as another
thread may still allocate; a timer calls ``tick`` on the GUI thread.
"""

import gc
import sys
import time

from nnviz.runtime.threads import running_threads

_FULL_SECONDS = 60.0
"""Seconds between full collections, which are cheap, since imported objects are frozen.
"""
_MANY_MODULES = 50


class _Frozen:
    """Number of imported modules when objects were last frozen."""

    modules = 0


def freeze_imports() -> None:
    """Exclude the objects made by large imports from garbage collection for good.

    A full collection with torch and torchvision visits 400 000 objects, which takes a
    few hundred milliseconds.  Cheap where nothing was imported since the last call.
    """
    if len(sys.modules) - _Frozen.modules >= _MANY_MODULES:
        _Frozen.modules = len(sys.modules)
        gc.freeze()


class _Manual:
    """Number of running timers, during which automatic collection is off."""

    timers = 0


def hold_collection() -> None:
    """Turn automatic collection off until a ``GarbageTimer`` takes over.

    The imports of the window make objects by the hundred thousand, and none of them is
    garbage: to look for it again and again is a tenth of the start.
    """
    gc.disable()


class GarbageTimer:
    """Runs the cyclic garbage collector by a timer, with Python's thresholds."""

    def __init__(self) -> None:
        self._running = False
        self._full_at = 0.0

    def start(self) -> None:
        """Disable automatic collection."""
        self._running = True
        _Manual.timers += 1
        self._full_at = time.monotonic() + _FULL_SECONDS
        gc.disable()

    def tick(self) -> None:
        """Collect the generations that are due; call several times a second."""
        if not self._running:
            return
        young, middle, _ = gc.get_count()
        young_limit, middle_limit, _ = gc.get_threshold()
        if time.monotonic() >= self._full_at:
            gc.collect()
            self._full_at = time.monotonic() + _FULL_SECONDS
        elif middle > middle_limit:
            gc.collect(1)
        elif young > young_limit:
            gc.collect(0)

    def stop(self) -> None:
        """Enable automatic collection again and unfreeze; idempotent.

        It stays off while another timer runs, or while a thread of nnviz is alive that
        would collect widgets: call again when it has ended.
        """
        if self._running:
            self._running = False
            _Manual.timers -= 1
        if not (_Manual.timers or gc.isenabled() or running_threads()):
            gc.unfreeze()
            _Frozen.modules = 0
            gc.enable()
