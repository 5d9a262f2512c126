"""Diagram comparison by global sequence alignment (Needleman & Wunsch 1970).

Both diagrams list their nodes in computing order.  Gaps cost nothing, so the alignment
has the most layers in common, with identical ones worth more than changed ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from nnviz.base.results import Diagram, DiagramNode, Table

_SAME, _CHANGED, _NAMED = 4, 1, 1
"""Scores of a pair with equal title and detail, with equal title, with equal name and
kind.
"""


class Verdict(StrEnum):
    """The change of a layer between two networks."""

    SAME = "same"
    CHANGED = "changed"
    FIRST = "only in the first"
    SECOND = "only in the second"


@dataclass(frozen=True, slots=True)
class NodePair:
    """A pair of corresponding nodes, one of each diagram.

    Attributes:
        first: index in the first diagram; None where that has none.
        second: likewise.
        verdict: whether they differ.
    """

    first: int | None
    second: int | None
    verdict: Verdict


def align(first: Diagram, second: Diagram) -> tuple[NodePair, ...]:
    """Align the nodes of two diagrams, in computing order (Needleman & Wunsch 1970).

    Two nodes are the same if title and detail are equal: "Conv2d" and "3 × 3, 64 → 128,
    stride 2".  They are changed if only the title is equal, or name and kind are.
    """
    worth = _worth(first.nodes, second.nodes)
    best = np.zeros((len(first.nodes) + 1, len(second.nodes) + 1), np.int32)
    for row in range(len(first.nodes)):
        with_pair = best[row].copy()
        with_pair[1:] = np.maximum(with_pair[1:], best[row, :-1] + worth[row])
        np.maximum.accumulate(with_pair, out=best[row + 1])
    return tuple(_walk_back(best, worth))[::-1]


@dataclass(frozen=True, slots=True)
class DiagramComparison:
    """Two diagrams and the pairs of their nodes.

    Attributes:
        sides: the first and the second.
        pairs: in computing order.
    """

    sides: tuple[Diagram, Diagram]
    pairs: tuple[NodePair, ...]

    @classmethod
    def of(cls, first: Diagram, second: Diagram) -> "DiagramComparison":
        """Compare two diagrams."""
        return cls((first, second), align(first, second))

    @property
    def differences(self) -> tuple[NodePair, ...]:
        """The pairs whose verdict is not "same"."""
        return tuple(p for p in self.pairs if p.verdict is not Verdict.SAME)

    def counts(self) -> dict[Verdict, int]:
        """Return the number of pairs of each verdict."""
        found = dict.fromkeys(Verdict, 0)
        for pair in self.pairs:
            found[pair.verdict] += 1
        return found

    def table(self) -> Table:
        """Return a row for each difference: verdict, both nodes, output shapes."""
        first, second = self.sides
        rows = [
            (p.verdict.value, *_cells(first, p.first), *_cells(second, p.second))
            for p in self.differences
        ]
        columns = ("difference", "first", "does", "output", "second", "does", "output")
        return Table(columns=columns, rows=tuple(rows))

    def marks(self, place: int) -> dict[str, Verdict]:
        """Return the verdicts other than "same" on one side's nodes and groups.

        A group has the verdict of its members where these agree, else "changed".

        Args:
            place: 0 for the first side, 1 for the second.
        """
        nodes = self.sides[place].nodes
        indices = [(p.first, p.second)[place] for p in self.pairs]
        verdicts = {
            nodes[index].name: pair.verdict
            for index, pair in zip(indices, self.pairs, strict=True)
            if index is not None
        }
        inside: dict[str, set[Verdict]] = {
            name: set() for name in self.sides[place].groups
        }
        for name, verdict in verdicts.items():
            parts = name.split(".")
            for count in range(1, len(parts)):
                inside.get(".".join(parts[:count]), set()).add(verdict)
        verdicts |= {
            name: next(iter(found)) if len(found) == 1 else Verdict.CHANGED
            for name, found in inside.items()
            if found
        }
        return {name: v for name, v in verdicts.items() if v is not Verdict.SAME}

    def counterpart(self, place: int, name: str) -> str:
        """Return the corresponding node's or group's name on the other side; else "".

        Args:
            place: side of the name: 0 for the first, 1 for the second.
            name: name of a node, or of a group, which corresponds to the group of the
                same name.
        """
        other = self.sides[1 - place]
        for pair in self.pairs:
            ends = pair.first, pair.second
            here, there = ends[place], ends[1 - place]
            if here is not None and self.sides[place].nodes[here].name == name:
                return "" if there is None else other.nodes[there].name
        return name if name in other.groups else ""


def _worth(
    first: Sequence[DiagramNode], second: Sequence[DiagramNode]
) -> NDArray[np.int32]:
    """Return the score of pairing each node with each, int32 (N, M); 0 for no match."""
    titles, details, names, kinds = (
        _equal([getattr(n, key) for n in first], [getattr(n, key) for n in second])
        for key in ("title", "detail", "name", "kind")
    )
    worth = np.where(titles & details, _SAME, 0)
    worth += np.where(titles & ~details | names & kinds & ~titles, _CHANGED, 0)
    found: NDArray[np.int32] = (worth + np.where(worth > 0, names * _NAMED, 0)).astype(
        np.int32
    )
    return found


def _equal(first: Sequence[str], second: Sequence[str]) -> NDArray[np.bool_]:
    codes: Mapping[str, int] = {
        word: code for code, word in enumerate(dict.fromkeys([*first, *second]))
    }
    rows = np.array([codes[word] for word in first], np.int32)
    columns = np.array([codes[word] for word in second], np.int32)
    same: NDArray[np.bool_] = rows[:, None] == columns[None]
    return same


def _walk_back(best: NDArray[np.int32], worth: NDArray[np.int32]) -> Iterator[NodePair]:
    """Trace the best alignment back, yielding its pairs from the last to the first."""
    row, column = worth.shape
    while row or column:
        here = best[row, column]
        if row and column and worth[row - 1, column - 1] > 0:
            value = worth[row - 1, column - 1]
            if here == best[row - 1, column - 1] + value:
                row, column = row - 1, column - 1
                same = value >= _SAME
                yield NodePair(row, column, Verdict.SAME if same else Verdict.CHANGED)
                continue
        if column and here == best[row, column - 1]:
            column -= 1
            yield NodePair(None, column, Verdict.SECOND)
        else:
            row -= 1
            yield NodePair(row, None, Verdict.FIRST)


def _cells(diagram: Diagram, index: int | None) -> tuple[str, str, str]:
    """Return a node's name, operation and output shape; empty texts for no node."""
    if index is None:
        return "", "", ""
    node = diagram.nodes[index]
    shape = next((e.label for e in diagram.edges if e.source == index), "")
    return node.name, " ".join(filter(None, (node.title, node.detail))), shape
