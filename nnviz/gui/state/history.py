"""The results of this session, newest first, within a budget of memory."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from nnviz.base.recipes import Recipe, Run

_MAX_ENTRIES = 60
_MAX_BYTES = 192 << 20


class History(QObject):
    """Keeps runs until they are too many or too large."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[Run] = []

    @property
    def runs(self) -> tuple[Run, ...]:
        """The kept runs, newest first."""
        return tuple(self._runs)

    def add(self, run: Run) -> None:
        """Keep a run; the same made again takes the place of the older one."""
        key = _key(run.recipe)
        self._runs = [run, *(old for old in self._runs if _key(old.recipe) != key)]
        del self._runs[_MAX_ENTRIES:]
        while len(self._runs) > 1 and _bytes(self._runs) > _MAX_BYTES:
            self._runs.pop()
        self.changed.emit()

    def remove(self, runs: Sequence[Run]) -> None:
        """Forget some."""
        gone = {id(run) for run in runs}
        self._runs = [run for run in self._runs if id(run) not in gone]
        self.changed.emit()

    def clear(self) -> None:
        """Forget all results."""
        self._runs.clear()
        self.changed.emit()


def _key(recipe: Recipe) -> str:
    """Equal for runs that were asked for in the same way."""
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
    """Size of all arrays; an image that several runs share counts once."""
    photos = {id(run.image): run.image.pixels.nbytes for run in runs if run.image}
    results = sum(
        array.nbytes for run in runs for array in run.report.arrays().values()
    )
    return results + sum(photos.values())
