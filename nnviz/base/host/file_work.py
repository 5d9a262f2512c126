"""Work for the file threads: what to do, how urgent it is, how it reports."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, Protocol, TypeVar

from nnviz.base.events import Progress

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Urgency(IntEnum):
    """The urgency of work with files; smaller goes first."""

    OPEN = 0
    """An image to look at: the one asked for last goes first, few are opened ahead."""
    SOON = 1
    """The user waits for it."""
    SAVE = 2
    """Something to be written: done even if the program is closed meanwhile."""
    LATER = 3
    """Thumbnails, lists."""


class Reporter(Protocol):
    """Progress reports and cancellation, as work with files sees them."""

    def tell(self, progress: Progress) -> None:
        """Report progress."""
        ...

    def check(self) -> None:
        """Raise CancelledError if the work has been cancelled."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FileWork(Generic[T_co]):
    """Work for a file thread; ``T_co`` is what its job ends with.

    Attributes:
        act: does it, without Qt.
        urgency: when.
    """

    act: Callable[[Reporter], T_co]
    urgency: Urgency


def file_work(
    function: Callable[[], T], urgency: Urgency = Urgency.SOON
) -> FileWork[T]:
    """Wrap a function without arguments or progress as work with files."""
    return FileWork(lambda _: function(), urgency)
