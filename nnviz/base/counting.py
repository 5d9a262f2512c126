"""Tally of live frames in which an object held to the camera fools the network."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from nnviz.base.live import Shown
from nnviz.base.results import Boxes, Ranking

_NORMAL_95 = 1.959963984540054
"""Quantile of the normal distribution for a two-sided 95 % interval."""


class Outcome(StrEnum):
    """The outcome of one frame: fooled, right or other."""

    FOOLED = "fooled"
    RIGHT = "right"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of frames by outcome.

    Attributes:
        truth: the true class.
        wanted: the class that it should be mistaken for; empty for any other than the
            truth.
        fooled: frames in which the wanted class was seen, or any other than the truth.
        right: frames in which the truth was seen.
        other: frames in which neither was seen.
    """

    truth: str
    wanted: str = ""
    fooled: int = 0
    right: int = 0
    other: int = 0

    @property
    def frames(self) -> int:
        """The number of frames counted."""
        return self.fooled + self.right + self.other

    def outcome(self, names: Iterable[str]) -> Outcome:
        """Return the outcome of a frame, from the classes seen in it.

        Args:
            names: names of the classes seen in the frame; empty where nothing was seen.
        """
        seen = set(names)
        if self.wanted in seen:
            return Outcome.FOOLED
        if self.truth in seen:
            return Outcome.RIGHT
        return Outcome.OTHER if self.wanted else Outcome.FOOLED

    def with_frame(self, names: Iterable[str]) -> "Tally":
        """Return the tally with one more frame counted."""
        match self.outcome(names):
            case Outcome.FOOLED:
                return replace(self, fooled=self.fooled + 1)
            case Outcome.RIGHT:
                return replace(self, right=self.right + 1)
            case Outcome.OTHER:
                return replace(self, other=self.other + 1)


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share, in [0, 1].

    Wilson's score interval (1927, J. Am. Stat. Assoc. 22, 209-212); (0, 1) without
    trials.  It assumes independent trials, which consecutive frames of a camera are not
    quite: the true share may lie further off.

    Args:
        hits: number of successes.
        trials: number of trials, 0 or more.
    """
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, _NORMAL_95**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    spread = math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    reach = _NORMAL_95 * spread / (1 + square / trials)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def names_seen(shown: Shown) -> tuple[str, ...] | None:
    """Return the classes seen in a frame: the top class, or those of all objects.

    None where the method's result names no classes, or where no method ran.
    """
    main = shown.run.report.main if shown.run is not None else None
    match main:
        case Ranking() if main.labels:
            return main.labels[:1]
        case Boxes():
            return tuple(main.labels[index] for index in main.classes)
        case _:
            return None
