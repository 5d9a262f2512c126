"""The word "stop", said on one thread and heard on another."""

from nnviz.base.errors import CancelledError


class CancelToken:
    """Tells a running job that it is no longer wanted.

    ``cancel`` may be called from any thread, any number of times; it cannot be undone.
    Setting and reading one attribute needs no lock, so ``check`` costs less than a
    microsecond and may stand in every layer.
    """

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the job to stop."""
        self._cancelled = True

    def check(self) -> None:
        """Return at once, or end the job.

        Raises:
            CancelledError: ``cancel`` was called.
        """
        if self._cancelled:
            raise CancelledError
