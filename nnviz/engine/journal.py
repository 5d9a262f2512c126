"""The journal of a running method: progress and recorded steps, read by its job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from nnviz.base.events import Progress

State = Mapping[str, NDArray[Any]]
"""Named arrays from which an optimization goes on as if it had never stopped."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A step of an optimization, for its recording.

    Attributes:
        numbers: what was measured.
        state: makes the arrays from which to go on.
        frame: whether the image is one of a video's, which are all kept, or one on
            the way there, of which none is; None where the steps themselves are the
            video, which is kept as time allows.
    """

    numbers: Mapping[str, float]
    state: Callable[[], State]
    frame: bool | None = None


@dataclass(slots=True)
class Journal:
    """Progress and the step recorded since the method's last yield.

    Attributes:
        progress: as said with ``Context.step``.
        kept: as said with ``Context.keep``.
    """

    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    kept: Kept | None = None
