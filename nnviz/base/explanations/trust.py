"""Trust in one map: its scores against those of baseline maps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from nnviz.base.explanations.scores import (
    FIGURES,
    Estimate,
    MethodScores,
    Score,
    Verdict,
    figure_called,
)
from nnviz.base.results import Curves, Report, Table


class TrustCheck(StrEnum):
    """A test of an attribution map."""

    CURVES = "curves"
    """Deletion and insertion, and completeness where it is defined."""
    ROAD = "road"
    """ROAD: remove and debias."""
    INFIDELITY = "infidelity"
    """Whether the map predicts the effect of removing squares."""
    SENSITIVITY = "sensitivity"
    """Whether the map stays the same under noise too small to see."""
    RANDOMIZATION = "randomization"
    """Whether the map changes when the network's weights are randomized."""
    OBJECT = "object"
    """Whether the map lies on an object whose mask is given."""


_VERDICTS = (
    "Pass: better than a random map and than an edge map of this image (relative "
    "paired difference, 95 %). Caution: better than one of them. Fail: better than "
    "neither."
)
_RANK = {Verdict.PASS: 0, Verdict.CAUTION: 1, Verdict.FAIL: 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trust:
    """The scores of one map and of the baseline maps.

    Attributes:
        method: the method that made the map.
        rows: the map's figures, then those of ``scores.REFERENCES``.
        curves: by figure, each with the mean curves of all maps.
        notes: what was measured, in words.
    """

    method: str
    rows: tuple[MethodScores, ...]
    curves: Mapping[str, Curves] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def scores(self) -> tuple[Score, ...]:
        """The map's own scores."""
        return self.rows[0].scores

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict; None where nothing was judged."""
        found = [each.verdict for each in self.scores if each.verdict is not None]
        return max(found, key=_RANK.__getitem__, default=None)

    def report(self) -> Report:
        """Return curves and scores as a report, for files and views."""
        columns = ("figure", *(row.method for row in self.rows), "verdict")
        rows = tuple(
            (
                each.figure,
                *(words_of(row.score(each.figure)) for row in self.rows),
                str(each.verdict or ""),
            )
            for each in self.scores
        )
        table = Table(columns=columns, rows=rows)
        return Report({"figures": table, **self.curves}, (*self.notes, _VERDICTS))

    def merged(self, other: "Trust") -> "Trust":
        """Return the scores of both; where both have one, the other's."""
        theirs = {row.method: row for row in other.rows}
        rows = tuple(_joined(row, theirs.get(row.method)) for row in self.rows)
        notes = tuple(dict.fromkeys((*self.notes, *other.notes)))
        return Trust(
            method=self.method,
            rows=rows,
            curves={**self.curves, **other.curves},
            notes=notes,
        )


def _joined(mine: MethodScores, theirs: MethodScores | None) -> MethodScores:
    if theirs is None:
        return mine
    found = {each.figure: each for each in (*mine.scores, *theirs.scores)}
    order = [each.name for each in FIGURES if each.name in found]
    return MethodScores(method=mine.method, scores=tuple(found[name] for name in order))


def words_of(score: Score | None) -> str:
    """Return a score with its interval, to two digits; a dash where there is none."""
    return "-" if score is None else estimate_words(score.estimate, score.figure)


def estimate_words(found: Estimate, figure: str) -> str:
    """Return a mean and its interval, in the unit of the metric."""
    percent = figure_called(figure).percent
    mean, low, high = (
        f"{100 * each:.0f}" if percent else f"{each:.2f}"
        for each in (found.mean, found.low, found.high)
    )
    unit = " %" if percent else ""
    if found.low != found.low:
        return f"{mean}{unit}"
    return f"{mean}{unit} ({low}–{high})"
