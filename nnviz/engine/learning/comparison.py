"""Comparison of training runs that start from the same weights and data order."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.results import Curves, Report, Result, Table
from nnviz.engine.learning.examples import Examples
from nnviz.engine.learning.observation import first_weights
from nnviz.engine.learning.run import Switches, TrainingRun
from nnviz.engine.learning.run_state import Arrays, State, below

_GENERATOR = "generator"
_LOSSES = ("held-out loss", "training loss")
_FIGURES = ("held-out loss", "training loss", "held-out accuracy")


class TrainingComparison:
    """Training runs that differ in some hyperparameters and share a seed.

    So two runs of one architecture start with the same weights and see the images in
    the same order: all differences come from the hyperparameter.

    Attributes:
        runs: by name.

    Args:
        switches: of each run, by name.
        examples: images, the same for all.
        seed: of weights, order, dropout and augmentation.
        check: raises to stop, between the steps of a run.
    """

    def __init__(
        self,
        switches: Mapping[str, Switches],
        examples: Examples,
        seed: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for _ in switches]
        self.runs = {
            name: TrainingRun(each, examples, generator, check)
            for (name, each), generator in zip(
                switches.items(), self._generators, strict=True
            )
        }

    @property
    def ended(self) -> bool:
        """Whether all runs have ended."""
        return all(run.ended for run in self.runs.values())

    @property
    def parts(self) -> tuple[int, int]:
        """Numbers of quarters of epochs of all runs: done, and altogether."""
        runs = self.runs.values()
        return sum(run.parts_done for run in runs), sum(run.parts for run in runs)

    def steer(self, switches: Mapping[str, Switches]) -> None:
        """Change the steerable hyperparameters of each run, by the run's name."""
        for name, run in self.runs.items():
            run.switches = run.switches.steered(switches[name])

    def advance(self) -> str:
        """Train the run that is furthest behind for a quarter of an epoch.

        Returns:
            Its name.
        """
        open_runs = {name: run for name, run in self.runs.items() if not run.ended}
        name = min(open_runs, key=lambda each: open_runs[each].progress)
        open_runs[name].advance()
        return name

    def numbers(self) -> dict[str, float]:
        """Return the latest held-out loss of each run by its name.

        Before the end of its first epoch, its latest training loss; runs that have not
        made a step yet have none.
        """
        return {
            name: (run.history["held-out loss"] or [run.recent_loss])[-1]
            for name, run in self.runs.items()
            if run.parts_done
        }

    def state(self) -> Arrays:
        """Return the complete state, from which the runs resume bit for bit."""
        found: Arrays = {}
        for index, (run, generator) in enumerate(
            zip(self.runs.values(), self._generators, strict=True)
        ):
            found |= {f"{index}/{key}": value for key, value in run.state().items()}
            found[f"{index}/{_GENERATOR}"] = generator.get_state().numpy().copy()
        return found

    def restore(self, state: State) -> None:
        """Restore the state that ``state`` returned."""
        for index, (run, generator) in enumerate(
            zip(self.runs.values(), self._generators, strict=True)
        ):
            own = dict(below(f"{index}/", state))
            drawn = np.array(own.pop(_GENERATOR), np.uint8)
            run.restore(own)
            generator.set_state(torch.from_numpy(drawn))


def comparison_report(comparison: TrainingComparison) -> Report:
    """Return the curves of all runs in one plot, their filters, and a table."""
    runs = comparison.runs
    results: dict[str, Result] = {name: _curves(runs, name) for name in _LOSSES}
    results["held-out accuracy"] = _curves(runs, "held-out accuracy", (0.0, 1.0))
    results["outcome"] = _outcome(runs)
    for name, run in runs.items():
        results[f"filters: {name}"] = first_weights(run.net)
    return Report(results, _notes(runs))


def _curves(
    runs: Mapping[str, TrainingRun],
    figure: str,
    limits: tuple[float, float] | None = None,
) -> Curves:
    """Return the curves of a figure over the epochs; runs without one are left out."""
    known = {name: run.history[figure] for name, run in runs.items()}
    longest = max(len(values) for values in known.values())
    return Curves(
        x=np.arange(1, longest + 1, dtype=np.float64),
        series={
            name: _lengthened(values, longest)
            for name, values in known.items()
            if values or not longest
        },
        x_label="epoch",
        y_label=figure,
        limits=limits,
    )


def _lengthened(values: Sequence[float], length: int) -> NDArray[np.float64]:
    """Return a figure padded to a number of epochs with its last value."""
    known = list(values)
    return np.array(known + known[-1:] * (length - len(known)), np.float64)


def _outcome(runs: Mapping[str, TrainingRun]) -> Table:
    rows = []
    for name, run in runs.items():
        weights = sum(weight.numel() for weight in run.net.parameters())
        last = (round(run.history[each][-1], 4) if run.history[each] else "" for each in
                _FIGURES)  # fmt: skip
        rows.append((name, run.history.epochs, *last, weights))
    return Table(columns=("run", "epochs", *_FIGURES, "weights"), rows=tuple(rows))


def _notes(runs: Mapping[str, TrainingRun]) -> tuple[str, ...]:
    """Return notes on the run with the lowest value of each loss."""
    told = {name: run for name, run in runs.items() if run.history.epochs}
    if len(told) < len(runs):
        return ("the first epoch is under way",)
    said = []
    for figure in _LOSSES:
        best = min(told, key=lambda name: told[name].history[figure][-1])
        said.append(f"lowest {figure}: {best}, {told[best].history[figure][-1]:.4g}")
    epochs = min(run.history.epochs for run in told.values())
    return (f"epoch {epochs}", *said)
