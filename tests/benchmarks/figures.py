"""How a figure is declared, measured and printed: ``name  value  goal``."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside its goal, the most that it should be.

    One without a goal is information.  ``stretch`` figures are printed beside their
    goal and never fail.
    """

    name: str
    value: float
    goal: float | None = None
    unit: str = ""
    stretch: bool = False

    @property
    def missed(self) -> bool:
        return self.goal is not None and self.value > self.goal and not self.stretch

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        measured = f"{self.name:<58} {self.value:9.3f}{unit}"
        if self.goal is None:
            return f"{measured}  (information)"
        mark = "  MISSED" if self.missed else ""
        stretch = "  (stretch)" if self.stretch else ""
        return f"{measured}  goal <= {self.goal:g}{unit}{stretch}{mark}"


Benchmark = Callable[[], Iterator[Figure]]
BENCHMARKS: dict[str, Benchmark] = {}
SOAKS: dict[str, Benchmark] = {}


def benchmark(function: Benchmark) -> Benchmark:
    """Register a generator of figures under its name, for ``make bench``."""
    BENCHMARKS[function.__name__] = function
    return function


def soak(function: Benchmark) -> Benchmark:
    """Register one that takes long, for ``make soak``."""
    SOAKS[function.__name__] = function
    return function


def seconds(work: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(
    ours: Callable[[], object], bare: Callable[[], object], rounds: int = ROUNDS
) -> float:
    """Return the median of ours / bare over interleaved rounds in this one run.

    Ratios of neighbors in time: a shared machine slows both alike.
    """
    ours()
    bare()
    return statistics.median(
        seconds(ours) / seconds(bare) for _ in range(max(rounds, ROUNDS))
    )


def median_seconds(work: Callable[[], float]) -> float:
    """Return the median of five runs of something that times itself."""
    return statistics.median(work() for _ in range(ROUNDS))
