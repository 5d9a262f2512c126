"""Deferral of Ctrl+C (SIGINT) in code that it would crash."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_back() -> Iterator[None]:
    """Defer Ctrl+C (SIGINT) to the end of the block.

    For imports of libraries whose C++ code runs Python: a KeyboardInterrupt there
    aborts the process, or lets it die from the signal after it was handled. Does
    nothing off the main thread, where no KeyboardInterrupt is raised, nor where the
    signal handler is not Python's.

    Raises:
        KeyboardInterrupt: at the end, if Ctrl+C was pressed inside.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    pressed: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        pressed.append(number)

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
