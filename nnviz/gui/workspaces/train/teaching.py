"""Controller of training a head: classes, their images, the trained network."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.base.images import Image
from nnviz.base.info import Severity, Task
from nnviz.base.measures.training import (
    ExampleClass,
    ExampleTable,
    FoundExamples,
    TaughtHead,
)
from nnviz.base.requests import ModelRequest, PrepareFeatures, RunMethod, TeachHead
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import JobHandle, Lane
from nnviz.gui.state.messages import Notice, Remedy

TOPIC = "teach"
_LANE = Lane("teach", Policy.REPLACE, Priority.INTERACTIVE)
_AHEAD = Lane("prepare features", Policy.REPLACE, Priority.IDLE)
_LEAST = 2
"""Minimum number of images of a class for training."""
_FEWEST_NUMBERS = 4
"""Minimum number of images of a table for training."""


@dataclass(slots=True)
class TeachOptions:
    """Options of training a head: regression and fine-tuning.

    Attributes:
        regression: whether class names are numbers, to train a regression.
        unit: of these numbers.
        fine_tune: epochs of fine-tuning all layers; 0 freezes the backbone.
    """

    regression: bool = False
    unit: str = ""
    fine_tune: int = 0


@dataclass(slots=True, eq=False)
class TaughtClass:
    """A class and its images.

    Attributes:
        name: given by the user.
        files: paths of its images, in the order of addition.
    """

    name: str
    files: list[str] = field(default_factory=list)


class Teaching(QObject):
    """The classes and images of a head, and the progress of its training.

    Attributes:
        classes: classes in the order of the cards.
        table: of images with a number each, learned in place of the classes.
        name: of the network, and of its files.
        options: options of the training.
        progress: of the job; None without training.
        taught: last trained head.
        error: error of the last attempt.
    """

    changed = Signal()
    """A class, its images or the training's progress has changed."""
    layout_changed = Signal()
    """The number of classes has changed."""

    def __init__(self, app: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._app = app
        self.name = "my-classes"
        self.options = TeachOptions()
        self.progress: Progress | None = None
        self.taught: TaughtHead | None = None
        self._job: JobHandle[TaughtHead] | None = None
        self._ahead: JobHandle[int] | None = None
        self._backbone: ModelRequest | None = None
        self._numbered = 0
        self.table: ExampleTable | None = None
        self.classes: list[TaughtClass] = []
        for _ in range(2):
            self.add_class()

    @property
    def running(self) -> bool:
        """Whether a head is being trained."""
        return self._job is not None and self._job.open

    @property
    def ready(self) -> bool:
        """Whether there are two classes with enough images, or a table of numbers."""
        if self.table is not None:
            return len(self.table.files) >= _FEWEST_NUMBERS and not self.running
        full = [each for each in self.classes if len(each.files) >= _LEAST]
        return len(full) >= 2 and not self.running  # noqa: PLR2004  a choice needs two

    @property
    def regression(self) -> bool:
        """Whether numbers are learned: a table's, or names of classes."""
        return self.table is not None or self.options.regression

    @property
    def backbone(self) -> ModelRequest:
        """The backbone: the open network, unless it was trained here."""
        request = self._app.models.request
        model = self._app.selection.model
        taught = self.taught is not None and request.reference == self.taught.path
        classifies = model is None or model.task == Task.CLASSIFY
        if not taught and classifies:
            self._backbone = request
        return self._backbone or ModelRequest(reference="bundled:imagenet")

    def add_class(self, name: str = "", files: tuple[str, ...] = ()) -> TaughtClass:
        """Add a class, by default named "Class 3"."""
        self._numbered += 1
        made = TaughtClass(name or self.tr("Class {0}").format(self._numbered))
        made.files += files
        self.classes.append(made)
        self.layout_changed.emit()
        self.changed.emit()
        return made

    def remove_class(self, taken: TaughtClass) -> None:
        """Remove a class, undoable; its files stay."""
        index = self.classes.index(taken)
        self.classes.remove(taken)
        self.layout_changed.emit()
        self.changed.emit()
        if taken.files:
            words = self.tr("{0} removed").format(taken.name)
            self._offer_undo(words, lambda: self._bring_back(index, taken))

    def _bring_back(self, index: int, taken: TaughtClass) -> None:
        self.classes.insert(index, taken)
        self.layout_changed.emit()
        self.changed.emit()

    def _offer_undo(self, words: str, undo: Callable[[], None]) -> None:
        """Tell of a removal, with a button that undoes it."""

        def act() -> None:
            self._app.messages.settle(TOPIC)
            undo()

        remedy = Remedy(self.tr("Undo"), act)
        self._app.messages.notice(
            Notice(TOPIC, Severity.NOTE, words, remedies=(remedy,))
        )

    def add_files(self, to: TaughtClass, files: list[str]) -> None:
        """Add new images to a class."""
        to.files += [file for file in files if file not in to.files]
        self._prepare()
        self.changed.emit()

    def _prepare(self) -> None:
        """Compute the features of the images in advance, while idle."""
        files = tuple(file for each in self.classes for file in each.files)
        if self.table is not None:
            files = self.table.files
        if files and not self.running:
            request = PrepareFeatures(model=self.backbone, files=files)
            self._ahead = self._app.jobs.submit(request, _AHEAD)

    def drop(self, to: TaughtClass | None, paths: list[str]) -> None:
        """Add dropped files, and the images of dropped folders, to a class.

        A folder of folders becomes one class for each sub-folder, on empty cards first;
        images for which no class is given become one, and a table takes the place of
        all classes.
        """
        bridge = self._app.bridge
        if bridge is None:
            return
        work = bridge.files.images.list_examples(tuple(paths))
        lane = Lane("examples", Policy.QUEUE)
        handle = self._app.jobs.do(work, lane)
        handle.done.connect(lambda found: self._list(to, found))
        handle.failed.connect(lambda error: self._app.messages.fail(TOPIC, error))

    def remove_table(self) -> None:
        """Return to the classes, undoable."""
        removed = self.table
        if removed is None:
            return
        self.set_table(None)
        words = self.tr("{0} removed").format(Path(removed.path).name)
        self._offer_undo(words, lambda: self.set_table(removed))

    def set_table(self, table: ExampleTable | None) -> None:
        """Learn the numbers of a table; None for the classes again."""
        self.table = table
        self._prepare()
        self.layout_changed.emit()
        self.changed.emit()

    def _list(self, to: TaughtClass | None, found: FoundExamples) -> None:
        self._app.messages.settle(TOPIC)
        own = [file for each in found.classes if not each.name for file in each.files]
        if own:
            self.add_files(to or self._empty() or self.add_class(), own)
        for each in found.classes:
            if each.name:
                place = next((c for c in self.classes if c.name == each.name), None)
                place = place or self._empty() or self.add_class()
                place.name = each.name
                self.add_files(place, list(each.files))
        replaced = self.table is not None and bool(found.classes)
        if found.table is not None or replaced:
            self.set_table(found.table)
        self.layout_changed.emit()

    def _empty(self) -> TaughtClass | None:
        return next((each for each in self.classes if not each.files), None)

    def rename(self, taken: TaughtClass, name: str) -> None:
        """Rename a class."""
        taken.name = name.strip() or taken.name

    def capture(self, to: TaughtClass, image: Image) -> None:
        """Save a camera frame as an image of a class."""
        bridge = self._app.bridge
        if bridge is None:
            return
        folder = Path(self._app.settings.networks) / "examples" / self.name
        work = bridge.files.images.write_example(image.pixels, str(folder))
        handle = self._app.jobs.do(work, Lane("frames", Policy.QUEUE))
        handle.done.connect(lambda path: self.add_files(to, [path]))
        handle.failed.connect(lambda error: self._app.messages.fail(TOPIC, error))

    def teach(self) -> None:
        """Train a head on the images."""
        if not self.ready:
            return
        self._app.messages.settle(TOPIC)
        if self._ahead is not None:
            self._ahead.cancel()
        request = TeachHead(
            model=self.backbone,
            out=self._app.settings.networks,
            name=self.name,
            data=self.table.path if self.table is not None else "",
            classes=self._full_classes() if self.table is None else (),
            regression=self.regression,
            unit=self.options.unit if self.regression else "",
            fine_tune=self.options.fine_tune,
        )
        title = self.tr("Teaching {0}").format(self.name)
        self._job = job = self._app.jobs.submit(request, _LANE, title)
        self.progress = None
        job.progressed.connect(self._note)
        job.done.connect(self._end)
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self.changed.emit())
        self.changed.emit()

    def _full_classes(self) -> tuple[ExampleClass, ...]:
        """Return the classes with enough images."""
        return tuple(
            ExampleClass(each.name, tuple(each.files))
            for each in self.classes
            if len(each.files) >= _LEAST
        )

    def stop(self) -> None:
        """Cancel the training, which takes seconds and is not resumed."""
        if self._job is not None:
            self._job.cancel()

    def template(self) -> RunMethod | None:
        """Return the request for live frames: the trained network's predictions."""
        if self.taught is None:
            return None
        model = ModelRequest(reference=self.taught.path)
        return RunMethod(method="predictions", model=model)

    def _note(self, progress: Progress) -> None:
        self.progress = progress
        self.changed.emit()

    def _end(self, taught: TaughtHead) -> None:
        self._backbone = replace(self.backbone)
        self.taught, self.progress = taught, None
        self._app.open_model(taught.path)
        self.changed.emit()

    def _fail(self, error: ErrorRecord) -> None:
        self._app.messages.fail(TOPIC, error)
        self.changed.emit()
