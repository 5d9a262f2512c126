"""Base classes of requests: to the engine, about a network, and to the file threads."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, Protocol, TypeVar

from nnviz.base.events import Progress
from nnviz.base.preprocess import Preprocess

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Request(Generic[T_co]):
    """A request to the engine; ``T_co`` is what its job ends with."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """A network to open, and the settings that override its own.

    Attributes:
        reference: "bundled:objects", "zoo:resnet50", a file's path.
        preprocess: in place of the network's own; None for its own.
        labels: path of a label file; empty for the network's own labels.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        fields: of the preprocessing, in place of the network's own ones, by name.
        task: a ``Task``'s name in place of the network's own; "" leaves it.
        outputs: name of the tensor that is looked at, of several; "" to choose one.
        unit: of the numbers of a network that regresses.
        trust: whether a program may be run to open it; remembered by its file's hash.
    """

    reference: str
    preprocess: Preprocess | None = None
    labels: str = ""
    device: str = "auto"
    fields: tuple[tuple[str, object], ...] = ()
    task: str = ""
    outputs: str = ""
    unit: str = ""
    trust: bool = False


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
