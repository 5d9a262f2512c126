"""Calls that may hang, made on a thread that can be abandoned."""

import threading
from collections.abc import Callable
from typing import Any


class Helper:
    """Runs one call at a time on its own daemon thread.

    The driver of a camera may take minutes to open it, or never come back.  Such a call
    cannot be interrupted: the caller stops waiting for it, and the thread ends when the
    call returns.

    Args:
        changed: notified when a call has returned; guards all state.
    """

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._call: Callable[[], Any] | None = None
        self._answer: Any = None
        self._error: BaseException | None = None
        self._done = False
        self._last: Callable[[], None] | None = None
        self._thread = threading.Thread(
            target=self._live, name="nnviz-source", daemon=True
        )
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether the call has returned."""
        return self._done

    def begin(self, call: Callable[[], Any]) -> None:
        """Start a call, once the previous one's result has been taken."""
        with self._changed:
            self._call = call
            self._done = False
            self._changed.notify_all()

    def take(self) -> Any:
        """Return the call's result once, or raise its exception."""
        answer, error = self._answer, self._error
        self._answer = self._error = None
        if error is not None:
            raise error
        return answer

    def end(self, last: Callable[[], None]) -> None:
        """End the thread after the running call and a last one."""
        with self._changed:
            self._last = last
            self._changed.notify_all()

    def join(self, timeout: float) -> bool:
        """Wait for the thread to end; return whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _live(self) -> None:
        while (call := self._next()) is not None:
            answer, error = _made(call)
            with self._changed:
                self._call = None
                self._answer, self._error = answer, error
                self._done = True
                self._changed.notify_all()
            # Do not keep them during the next wait: they may hold images.
            del call, answer, error
        if self._last is not None:
            self._last()

    def _next(self) -> Callable[[], Any] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._call or self._last)
            return None if self._last else self._call


def _made(call: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return call(), None
    except BaseException as error:  # noqa: BLE001 - raised anew on the other thread
        return None, error
