"""Opening, downloading and adjusting networks."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Progress
from nnviz.base.info import ModelEntry, ModelInfo, ModelSource
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import FetchModel, LoadModel, ModelRequest
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.services.saving import Saving
from nnviz.gui.state.catalogue_language import translated_catalogue
from nnviz.gui.state.selection import Selection

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

_LANE = Lane("model")
_AUTOMATIC = "auto"


class Models(QObject):
    """The open network, and requests to open others."""

    opening = Signal(str)
    """Reference of the network that is being opened."""
    progressed = Signal(object)
    """Progress of opening."""
    opened = Signal(object)
    """ModelInfo; the selection already has it."""
    failed = Signal(str, object)
    """Reference and ErrorRecord."""
    stopped = Signal(str)
    """Reference whose opening was cancelled."""
    fetching = Signal(str, object)
    """Reference and the Progress of its download."""
    fetched = Signal(str)
    """Reference whose weights were downloaded."""
    fetch_failed = Signal(str, object)
    """Reference and ErrorRecord; None where it was cancelled."""
    listed = Signal(object)
    """The Catalogue grew, or weights arrived."""
    device_missing = Signal(str)
    """Name of a device that this machine lacks; the fastest is used in its place."""

    def __init__(
        self,
        jobs: Jobs,
        saving: Saving,
        selection: Selection,
        device: str,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._saving, self._selection = jobs, saving, selection
        self._opening: JobHandle[ModelInfo] | None = None
        self._fetching: dict[str, JobHandle[str]] = {}
        self._asked = ModelRequest(reference="", device=device)
        self._used = self._refused = self._asked
        self._own: dict[str, Preprocess] = {}
        self.catalogue = Catalogue((), ())
        self.can_stop = True
        """Whether the opening of a network may be stopped; not in a kiosk."""
        self._bridge: Bridge | None = None

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge
        bridge.catalogue_changed.connect(self._take)
        self._take(bridge.catalogue)

    @property
    def request(self) -> ModelRequest:
        """The request for the selected network, for ``RunMethod``."""
        return self._used

    @property
    def is_opening(self) -> bool:
        """Whether a network is being opened."""
        return self._opening is not None and self._opening.open

    @property
    def own_preprocess(self) -> Preprocess | None:
        """The selected network's own preprocessing, before any change."""
        return self._own.get(self._used.reference)

    @property
    def weights(self) -> str:
        """Path of the selected network's weights; "" where there are none."""
        info = self._selection.model
        code = info is not None and info.reference.startswith("python:")
        own = info is not None and info.source is ModelSource.YOURS and not code
        return info.reference if info is not None and own else ""

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices to choose from; only "auto" until they are known."""
        return (_AUTOMATIC, *self.catalogue.devices)

    @property
    def device(self) -> str:
        """The selected device."""
        return self._asked.device

    def is_present(self, reference: str) -> bool:
        """Return whether a listed network opens without a download."""
        return reference in self.catalogue.present or "@random" in reference

    def is_fetchable(self, entry: ModelEntry) -> bool:
        """Return whether a network's weights are absent but can be downloaded."""
        published = entry.source is ModelSource.TORCHVISION
        return published and not self.is_present(entry.reference)

    def entry(self, reference: str) -> ModelEntry | None:
        """Return the catalogue's entry for a reference."""
        plain = reference.partition("@")[0]
        for entry in self.catalogue.models:
            if entry.reference in (reference, plain):
                return entry
        return None

    def open(self, reference: str, preprocess: Preprocess | None = None) -> None:
        """Open a network with its own, or with the given preprocessing and labels."""
        self._ask(
            ModelRequest(
                reference=reference,
                preprocess=preprocess,
                device=self._asked.device,
            )
        )

    def open_request(self, request: ModelRequest) -> None:
        """Open a network exactly as a recipe says."""
        self._ask(request)

    def set_preprocess(self, preprocess: Preprocess | None) -> None:
        """Change the network's preprocessing; None restores its own."""
        self._adjust(preprocess=preprocess)

    def set_labels(self, path: str) -> None:
        """Read the network's class names from a file; "" restores its own."""
        self._adjust(labels=path)

    def set_output(self, task: str, outputs: str, unit: str) -> None:
        """Change the network's task and output; "" restores those found."""
        self._adjust(task=task, outputs=outputs, unit=unit)

    def write_side_car(self) -> None:
        """Save the network's setup as a sidecar."""
        info = self._selection.model
        if info is not None and self.weights and self._bridge is not None:
            self._saving.save(self._bridge.files.results.side_car(info, self._used))

    def set_device(self, device: str) -> None:
        """Move the network to another device."""
        self._asked = replace(self._asked, device=device)
        if self._asked.reference:
            self._ask(self._asked)

    def trust(self) -> None:
        """Open the network refused last, now that the user trusts its code."""
        self._ask(replace(self._refused, trust=True))

    def stop(self) -> None:
        """Cancel opening, where that is allowed."""
        if self._opening is not None and self.can_stop:
            self._opening.cancel()

    def fetch(self, reference: str) -> None:
        """Download a network's weights."""
        self.stop_fetch(reference)
        lane = Lane(f"fetch:{reference}", Policy.REPLACE)
        job = self._fetching[reference] = self._jobs.submit(
            FetchModel(reference), lane, self.tr("Downloading {0}").format(reference)
        )
        self.fetching.emit(reference, Progress(0, 0, self.tr("waiting")))
        job.progressed.connect(lambda progress: self.fetching.emit(reference, progress))
        job.done.connect(lambda _: self._fetched(reference))
        job.failed.connect(lambda error: self.fetch_failed.emit(reference, error))
        job.cancelled.connect(lambda _: self.fetch_failed.emit(reference, None))

    def is_fetching(self, reference: str) -> bool:
        """Return whether a network's weights are being downloaded."""
        job = self._fetching.get(reference)
        return job is not None and job.open

    def stop_fetch(self, reference: str) -> None:
        """Stop a download, which a later one resumes."""
        if reference in self._fetching:
            self._fetching[reference].cancel()

    def _adjust(self, **changes: Any) -> None:
        if self._asked.reference:
            self._ask(replace(self._asked, **changes))

    def _ask(self, request: ModelRequest) -> None:
        self._asked = request
        self._opening = job = self._jobs.submit(LoadModel(request), _LANE)
        self.opening.emit(request.reference)
        job.progressed.connect(self.progressed.emit)
        job.done.connect(self._open)
        job.failed.connect(self._refuse)
        job.cancelled.connect(lambda _: self._give_up())

    def _open(self, info: ModelInfo) -> None:
        self._used = self._asked
        if self._used.preprocess is None:
            self._own[self._used.reference] = info.preprocess
        self._selection.set_model(info)
        self.opened.emit(info)

    def _refuse(self, error: ErrorRecord) -> None:
        self._refused, self._asked = self._asked, self._used
        self.failed.emit(self._refused.reference, error)

    def _give_up(self) -> None:
        reference = self._asked.reference
        self._asked = self._used
        self.stopped.emit(reference)

    def _fetched(self, reference: str) -> None:
        self._note_present(reference)
        self.fetched.emit(reference)

    def _note_present(self, reference: str) -> None:
        plain = reference.partition("@")[0]
        self._list(
            replace(self.catalogue, present=self.catalogue.present | {plain, reference})
        )

    def _take(self, catalogue: Catalogue) -> None:
        self._list(translated_catalogue(catalogue))

    def _list(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.listed.emit(catalogue)
        wanted = self._asked.device
        if catalogue.devices and not _is_known(wanted, catalogue.devices):
            self.device_missing.emit(wanted)
            self.set_device(_AUTOMATIC)


def _is_known(device: str, known: tuple[str, ...]) -> bool:
    """Return whether a device is known; "cuda" is the first of its cards."""
    return device == _AUTOMATIC or device in known or f"{device}:0" in known
