"""Cancellation of jobs across threads."""

from nnviz.base.errors import CancelledError


class CancelToken:
    """Signals a running job to stop.

    ``cancel`` may be called from any thread, any number of times; it cannot be undone.
    Setting and reading one attribute needs no lock, so ``check`` takes less than a
    microsecond and may be called in every layer.
    """

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` has been called."""
        return self._cancelled

    def cancel(self) -> None:
        """Request the job to stop."""
        self._cancelled = True

    def check(self) -> None:
        """Raise if the job is cancelled, else return.

        Raises:
            CancelledError: ``cancel`` was called.
        """
        if self._cancelled:
            raise CancelledError
