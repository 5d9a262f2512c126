"""Everything that is chosen, open and running, and what to do with a file."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorKind, ErrorRecord, InputError
from nnviz.base.info import Finding, ModelInfo, Severity
from nnviz.base.recipes import Recipe
from nnviz.base.requests import ModelRequest
from nnviz.gui.images import Images
from nnviz.gui.messages import Messages, Notice, Remedy
from nnviz.gui.models import Models
from nnviz.gui.opening import FileKind, images_in, kind_of, read_recipe
from nnviz.gui.runs import Runs
from nnviz.gui.selection import Selection
from nnviz.gui.settings import Settings
from nnviz.gui.theme import Look

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.bridge import Bridge


class Workbench(QObject):
    """What the panels work with.  They know it, and not each other."""

    attached = Signal(object)
    """The Bridge is there."""

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.look = Look(settings.theme, settings.scale, self)
        self.messages = Messages(self)
        self.selection = Selection(self)
        self.models = Models(self.selection, settings.device, self)
        self.images = Images(self.selection, self)
        self.runs = Runs(self.selection, self.models, self)
        self.bridge: Bridge | None = None
        self._pending: Recipe | None = None
        self._connect()

    def attach(self, bridge: "Bridge") -> None:
        """Start to work: the worker is there."""
        self.bridge = bridge
        for part in (self.models, self.images, self.runs):
            part.attach(bridge)
        bridge.engine_failed.connect(lambda error: self.messages.fail("engine", error))
        bridge.exported.connect(self._saved)
        bridge.export_failed.connect(lambda error: self.messages.fail("save", error))
        self.attached.emit(bridge)

    def shutdown(self) -> None:
        """Stop the worker; may be called more than once."""
        if self.bridge is not None:
            self.bridge.shutdown()

    def open_files(self, files: Iterable[str]) -> None:
        """Open whatever these are; what cannot be opened says why."""
        sorted_files: dict[FileKind, list[str]] = {}
        for file in files:
            sorted_files.setdefault(kind_of(Path(file)), []).append(file)
        self._open_images(sorted_files)
        for file in sorted_files.get(FileKind.MODEL, ())[:1]:
            self.open_model(file)
        for file in sorted_files.get(FileKind.LABELS, ())[:1]:
            self.models.set_labels(file)
            self.messages.say(self.tr("class names from {0}").format(Path(file).name))
        for file in sorted_files.get(FileKind.RECIPE, ())[:1]:
            self._open_recipe(Path(file))
        for file in sorted_files.get(FileKind.UNKNOWN, ()):
            self._refuse(Path(file))

    def open_model(self, reference: str) -> None:
        """Open a network by reference or path."""
        self.models.open(reference)

    def stop(self) -> None:
        """Stop what runs."""
        self.runs.stop()
        if self.models.is_opening:
            self.models.stop()

    def _open_images(self, files: dict[FileKind, list[str]]) -> None:
        pictures = list(files.get(FileKind.IMAGE, ()))
        for folder in files.get(FileKind.FOLDER, ()):
            try:
                pictures += images_in(Path(folder))
            except InputError as error:
                self.messages.notice(Notice("open", Severity.PROBLEM, str(error)))
        if pictures:
            self.messages.settle("open")
            self.images.add(pictures)

    def _open_recipe(self, path: Path) -> None:
        """Bring back the method, values, network and photograph of a saved result."""
        try:
            recipe = read_recipe(path)
        except InputError as error:
            self.messages.notice(Notice("open", Severity.PROBLEM, str(error)))
            return
        self._pending = recipe
        self.models.open_request(
            ModelRequest(
                reference=recipe.model,
                preprocess=recipe.preprocess,
                device=self.settings.device,
            )
        )
        self._seek_image(recipe, path)
        self.messages.say(self.tr("recipe of {0} restored").format(path.name))

    def _seek_image(self, recipe: Recipe, saved: Path) -> None:
        """Open the recipe's photograph from beside the result or where it was last."""
        if not recipe.image:
            return
        places = [saved.parent / recipe.image, *map(Path, self.images.paths)]
        places += map(Path, self.settings.recent)
        for place in places:
            if place.name == recipe.image and place.is_file():
                self.images.add([str(place)])
                return
        self.messages.notice(
            Notice(
                "open",
                Severity.WARNING,
                self.tr("{0} is not beside {1}; drop it here to see the same").format(
                    recipe.image, saved.name
                ),
            )
        )

    def _restore(self) -> None:
        """The recipe's network is open: choose its method and values."""
        if self._pending is not None:
            recipe, self._pending = self._pending, None
            self.runs.choose(recipe.method, recipe.values)

    def _refuse(self, path: Path) -> None:
        reason = "no such file" if not path.exists() else "nnviz cannot open this kind"
        remedy = "pictures, weights (.safetensors, .pt, .pth), label lists and saved "
        error = InputError(path.name, reason, remedy + "results can be opened")
        self.messages.notice(Notice("open", Severity.PROBLEM, str(error)))

    def _connect(self) -> None:
        self.models.opened.connect(self._model_opened)
        self.models.failed.connect(self._model_failed)
        self.models.fetched.connect(self._fetched)
        self.models.fetch_failed.connect(self._fetch_failed)
        self.models.device_missing.connect(self._device_missing)
        self.images.failed.connect(self._image_failed)
        self.selection.image_changed.connect(self._image_opened)
        self.runs.failed.connect(lambda error: self.messages.fail("run", error))
        self.runs.predict_failed.connect(
            lambda error: self.messages.fail("predict", error)
        )
        self.runs.predicted.connect(lambda _: self.messages.settle("predict"))
        self.runs.finished.connect(lambda _: self.messages.settle("run"))

    def _model_opened(self, info: ModelInfo) -> None:
        for topic in ("model", "run", "predict"):
            self.messages.settle(topic)
        if not info.reference.startswith("bundled:"):
            self.settings.add_recent([info.reference])
        self.messages.say(self.tr("{0} opened").format(info.title))
        self._warn(info.findings)
        self._restore()

    def _warn(self, findings: Iterable[Finding]) -> None:
        problems = [f.text for f in findings if f.severity is Severity.PROBLEM]
        if problems:
            self.messages.notice(Notice("model", Severity.WARNING, problems[0]))

    def _model_failed(self, reference: str, error: ErrorRecord) -> None:
        remedies = []
        entry = self.models.entry(reference)
        fetchable = entry is not None and not self.models.is_present(entry.reference)
        if fetchable and error.kind is ErrorKind.USER:
            remedies.append(
                Remedy(self.tr("Download"), lambda: self.models.fetch(reference))
            )
        self._pending = None
        self.messages.fail("model", error, *remedies)

    def _device_missing(self, device: str) -> None:
        self.settings.device = "auto"
        self.messages.say(
            self.tr("this machine has no {0}: the fastest device is used").format(
                device
            )
        )

    def _fetched(self, reference: str) -> None:
        self.messages.settle("model")
        self.messages.say(self.tr("{0} downloaded").format(reference))
        self.models.open(reference)

    def _fetch_failed(self, reference: str, error: ErrorRecord | None) -> None:
        if error is None:
            self.messages.say(self.tr("download of {0} stopped").format(reference))
        else:
            again = Remedy(self.tr("Try again"), lambda: self.models.fetch(reference))
            self.messages.fail("model", error, again)

    def _saved(self, paths: tuple[Path, ...]) -> None:
        self.messages.settle("save")
        names = ", ".join(path.name for path in paths)
        self.messages.say(
            self.tr("saved in {0}: {1}").format(paths[0].parent.name, names)
        )

    def _image_failed(self, path: str, error: ErrorRecord) -> None:
        self.messages.fail("open", error)
        self.messages.say(self.tr("{0} could not be opened").format(Path(path).name))

    def _image_opened(self) -> None:
        image = self.selection.image
        if image is None:
            return
        self.messages.settle("open")
        if image.path:
            self.settings.add_recent([image.path])
        notes = f" ({'; '.join(image.notes)})" if image.notes else ""
        self.messages.say(self.tr("{0} opened").format(image.name) + notes)
