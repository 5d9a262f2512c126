"""The session's results, newest first, within a memory budget."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from nnviz.base.recipes import Recipe, Run

_MAX_ENTRIES = 60
_MAX_BYTES = 192 << 20


class History(QObject):
    """Results of the session, limited in number and size."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[Run] = []

    @property
    def runs(self) -> tuple[Run, ...]:
        """The results, newest first."""
        return tuple(self._runs)

    def add(self, run: Run) -> None:
        """Add a result, replacing an equal older one."""
        key = _key(run.recipe)
        self._runs = [run, *(old for old in self._runs if _key(old.recipe) != key)]
        del self._runs[_MAX_ENTRIES:]
        while len(self._runs) > 1 and _bytes(self._runs) > _MAX_BYTES:
            self._runs.pop()
        self.changed.emit()

    def remove(self, runs: Sequence[Run]) -> None:
        """Remove some results."""
        gone = {id(run) for run in runs}
        self._runs = [run for run in self._runs if id(run) not in gone]
        self.changed.emit()

    def clear(self) -> None:
        """Remove all results."""
        self._runs.clear()
        self.changed.emit()


def _key(recipe: Recipe) -> str:
    """Return a key that is equal for runs of the same request."""
    return repr(
        (
            recipe.method,
            sorted(recipe.values.items()),
            recipe.model_sha256,
            recipe.preprocess,
            recipe.labels,
            recipe.image_sha256,
            recipe.seed,
        )
    )


def _bytes(runs: list[Run]) -> int:
    """Return the size of all arrays, counting shared images once."""
    photos = {id(run.image): run.image.pixels.nbytes for run in runs if run.image}
    results = sum(
        array.nbytes for run in runs for array in run.report.arrays().values()
    )
    return results + sum(photos.values())
