"""The journal of a running method: progress and recorded steps, read by its job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from nnviz.base.events import Progress

State = Mapping[str, NDArray[Any]]
"""Named arrays from which an optimization resumes as if it had never stopped."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A step of an optimization, for its recording.

    Attributes:
        numbers: measured values by name.
        state: returns the arrays to resume from.
        frame: True for a frame of a video, all of which are kept; False for an image on
            the way to one, none of which is kept; None where the steps themselves are
            the video, kept as time allows.
    """

    numbers: Mapping[str, float]
    state: Callable[[], State]
    frame: bool | None = None


@dataclass(slots=True)
class Journal:
    """Progress and the step recorded since the method's last yield.

    Attributes:
        progress: as passed to ``Context.step``.
        kept: as passed to ``Context.keep``.
    """

    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    kept: Kept | None = None
