"""Areas of deletion and insertion curves over several fills.

One image gives one area.  Removing pixels with several fills gives several, and their
spread shows how much the figure depends on the fill.
"""

import hashlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.evaluation.trust.deletion_insertion import area, replacement
from nnviz.engine.evaluation.trust.fills import fills
from nnviz.engine.evaluation.trust.trial import Scores, Trial, Turns

Map = NDArray[np.floating]
MapsOf = Callable[[int], Mapping[str, Map]]
"""Maps by name, all (H, W), of a replicate: random ones are redrawn."""
DELETION, INSERTION = "deletion", "insertion"


@dataclass(slots=True)
class Samples:
    """Figures of several maps over replicates, and their mean curves.

    Attributes:
        values: figure -> map -> one number per replicate.
        curves: figure -> map -> the mean curve over replicates, (P,).
        fractions: (P,), the horizontal axis of the curves.
    """

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    curves: dict[str, dict[str, Scores]] = field(default_factory=dict)
    fractions: Scores = field(default_factory=lambda: np.zeros(0))

    def add(self, figure: str, name: str, value: float) -> None:
        """Append a value of a figure for a map."""
        self.values.setdefault(figure, {}).setdefault(name, []).append(value)


def measure_areas(
    trial: Trial, maps_of: MapsOf, steps: int
) -> Generator[float, None, Samples]:
    """Measure deletion and insertion areas over several fills; yield the fraction done.

    Args:
        trial: the image.
        maps_of: the maps to be measured; the same names for each replicate.
        steps: of the curves.
    """
    samples = Samples()
    sums: dict[str, dict[str, Scores]] = {DELETION: {}, INSERTION: {}}
    empty = fills(trial.pixels, trial.mean)
    count = len(empty) * len(maps_of(0))
    done = 0
    for number, (fill, nothing) in enumerate(empty.items()):
        for name, values in maps_of(number).items():
            digest = hashlib.sha256(values.tobytes()).hexdigest()
            for figure, ends in (
                (DELETION, (trial.pixels, nothing)),
                (INSERTION, (nothing, trial.pixels)),
            ):
                replaced = replacement(values, *ends, steps)
                turns = trial.scores(len(replaced), replaced.images)
                key = figure, fill, steps, digest
                scores = yield from _shared(trial.known_or(key, turns), done / count)
                samples.fractions = replaced.fractions
                samples.add(figure, name, area(replaced.fractions, scores))
                sums[figure][name] = sums[figure].get(name, 0) + scores
            done += 1
    samples.curves = {
        figure: {name: total / len(empty) for name, total in each.items()}
        for figure, each in sums.items()
    }
    return samples


def _shared(turns: Turns, share: float) -> Generator[float, None, Scores]:
    """Run turns to their end, yielding the given fraction at each."""
    try:
        while True:
            next(turns)
            yield share
    except StopIteration as stop:
        found: Scores = stop.value
        return found
