"""Heap of the process: returns memory that passes have freed to the system."""

import ctypes
import sys
from collections.abc import Callable
from functools import cache


def trim_heap() -> None:
    """Return free heap pages to the system, with glibc; a no-op without it.

    glibc keeps freed pages for later allocations: some 150 MB after an attack.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
