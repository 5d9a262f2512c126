"""A second network for comparison: its index of the open data set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord, InputError
from nnviz.gui.services.dataset.datasets import TOPIC, Datasets
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.settings import Settings
from nnviz.media.index import ImageIndex, is_index


@dataclass(frozen=True, slots=True)
class OtherIndex:
    """An index of another network.

    Attributes:
        folder: of the index.
        model: reference of the network.
        source: source of the indexed images.
    """

    folder: str
    model: str
    source: str


class SecondNetwork(QObject):
    """Indexes of the same set by other networks, of which one is chosen."""

    changed = Signal()
    """The list of other indexes, or the chosen one, has changed."""

    def __init__(
        self, jobs: Jobs, datasets: Datasets, settings: Settings, messages: Messages
    ) -> None:
        super().__init__(datasets)
        self._jobs, self._datasets, self._messages = jobs, datasets, messages
        self._settings = settings
        self._lane, self._open_lane = Lane("other indexes"), Lane("other index")
        self._known: Mapping[str, OtherIndex] = {}
        self.folder = ""
        """Folder of the chosen index; empty for none."""
        datasets.opened.connect(self._forget)

    @property
    def known(self) -> tuple[OtherIndex, ...]:
        """The indexes to choose from."""
        return tuple(self._known.values())

    @property
    def model(self) -> str:
        """Reference of the chosen network; empty for none."""
        chosen = self._known.get(self.folder)
        return chosen.model if chosen is not None else ""

    def look(self) -> None:
        """Find this program's other indexes of the open set."""
        dataset = self._datasets.dataset
        if dataset is None:
            return
        folder = self._settings.indexes
        job = self._jobs.compute(lambda: _others(folder, dataset), self._lane)
        job.done.connect(self._add)

    def choose(self, folder: str) -> None:
        """Choose a known index by its network; "" for none."""
        if folder != self.folder:
            self.folder = folder
            self.changed.emit()

    def open(self, folder: str) -> None:
        """Compare with an index in any folder."""
        job = self._jobs.compute(lambda: _facts_of(Path(folder)), self._open_lane)
        job.done.connect(self._take)
        job.failed.connect(self._fail)

    def _take(self, found: OtherIndex) -> None:
        self._known = {**self._known, found.folder: found}
        self.folder = found.folder
        self.changed.emit()

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(TOPIC, error)
        self.changed.emit()

    def _add(self, found: tuple[OtherIndex, ...]) -> None:
        self._known = {**{each.folder: each for each in found}, **self._known}
        self.changed.emit()

    def _forget(self, dataset: DataSet | None) -> None:
        del dataset
        self._known, self.folder = {}, ""
        self.changed.emit()


def _others(folder: str, dataset: DataSet) -> tuple[OtherIndex, ...]:
    """Return the other indexes of the same source in a folder."""
    mine = dataset.index
    found = []
    for place in sorted(Path(folder).glob("*/")):
        if not is_index(place) or place == mine.folder:
            continue
        try:
            other = _facts_of(place)
        except InputError:
            continue
        if other.source == mine.facts.source and other.model != mine.facts.model:
            found.append(other)
    return tuple(found)


def _facts_of(folder: Path) -> OtherIndex:
    """Read the network and source of an index; runs in a file thread.

    Raises:
        InputError: the folder is no index.
    """
    facts = ImageIndex(folder).facts
    return OtherIndex(str(folder), facts.model, facts.source)
