"""Exemplars of units: the images of the open data set that activate a channel most."""

from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.dataset.requests import FindExemplars
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Priority
from nnviz.gui.services.dataset.datasets import TOPIC, Datasets
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.state.dataset import DataSet
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.selection import NO_UNIT, Selection

COUNT = 9
"""Number of images of a unit."""
_PAUSE_MS = 200
"""Channels that are passed faster than this are not requested."""


class UnitExemplars(QObject):
    """Finds the exemplars of the selected unit, or of a whole layer."""

    unit_found = Signal(object)
    """Exemplars of the selected unit with patches and maps; None for none."""
    layer_found = Signal(object)
    """Exemplars of all channels of a layer, without patches."""

    def __init__(
        self,
        jobs: Jobs,
        selection: Selection,
        datasets: Datasets,
        messages: Messages,
    ) -> None:
        super().__init__(datasets)
        self._jobs, self._selection = jobs, selection
        self._datasets, self._messages = datasets, messages
        self._unit_lane = Lane("unit exemplars", priority=Priority.NORMAL)
        self._layer_lane = Lane("layer exemplars")
        self.unit: Exemplars | None = None
        self.layer: Exemplars | None = None
        self.working = False
        """Whether patches of the selected unit are being cropped."""
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._ask_unit)
        selection.layer_changed.connect(lambda _: self._wait())
        selection.unit_changed.connect(lambda _: self._wait())
        datasets.opened.connect(self._forget)

    @property
    def suits(self) -> bool:
        """Whether the open data set covers the selected layer."""
        dataset, model = self._datasets.dataset, self._selection.model
        if dataset is None or model is None:
            return False
        facts = dataset.index.facts
        same = facts.model_sha256 == model.sha256 or facts.model == model.reference
        return same and self._selection.layer in {each.name for each in facts.layers}

    def find_layer(self, layer: str) -> None:
        """Find the exemplars of every channel; emits ``layer_found``."""
        dataset = self._datasets.dataset
        if dataset is None or not layer:
            return
        request = FindExemplars(
            index=str(dataset.index.folder), layer=layer, count=COUNT, patches=False
        )
        job = self._jobs.submit(request, self._layer_lane)
        job.done.connect(self._take_layer)
        job.failed.connect(self._fail)

    def find_unit(self, layer: str, channel: int) -> None:
        """Find the exemplars of one channel, with their patches."""
        dataset = self._datasets.dataset
        if dataset is None:
            return
        request = FindExemplars(
            index=str(dataset.index.folder),
            layer=layer,
            channels=(channel,),
            count=COUNT,
        )
        self.working = True
        job = self._jobs.submit(request, self._unit_lane)
        job.done.connect(self._take_unit)
        job.failed.connect(self._fail)

    def _wait(self) -> None:
        found, chosen = self.unit, self._selection
        if found is not None and (found.layer, int(found.channels[0])) == (
            chosen.layer,
            chosen.unit,
        ):
            return
        self.unit = None
        self.unit_found.emit(None)
        if self.suits and chosen.unit != NO_UNIT:
            self._pause.start()

    def _ask_unit(self) -> None:
        if self.suits and self._selection.unit != NO_UNIT:
            self.find_unit(self._selection.layer, self._selection.unit)

    def _take_unit(self, found: Exemplars) -> None:
        self.working = False
        self.unit = found
        self.unit_found.emit(found)

    def _take_layer(self, found: Exemplars) -> None:
        self.layer = found
        self.layer_found.emit(found)

    def _fail(self, error: ErrorRecord) -> None:
        self.working = False
        self._messages.fail(TOPIC, error)
        self.unit_found.emit(None)

    def _forget(self, dataset: DataSet | None) -> None:
        del dataset
        self._pause.stop()
        self.unit = self.layer = None
        self.unit_found.emit(None)
        self._wait()
