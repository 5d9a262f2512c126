"""The window's services, connected with each other, and the opening of files."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.documents.dropped import Dropped
from nnviz.base.documents.guides import Guide, check_guide
from nnviz.base.documents.unit_images import METHOD, UnitKey
from nnviz.base.errors import (
    ErrorKind,
    ErrorRecord,
    NnvizError,
    error_record,
)
from nnviz.base.events import Policy
from nnviz.base.info import (
    Finding,
    MethodInfo,
    ModelEntry,
    ModelInfo,
    ModelSource,
    Severity,
)
from nnviz.base.live import Content, LiveOrder
from nnviz.base.parameters import Value
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest
from nnviz.base.results import Report
from nnviz.base.shipped.defaults import DEFAULT_MODEL, STAND_IN_MODEL
from nnviz.base.stickers.placed import placed_of
from nnviz.base.stickers.placement import Placement
from nnviz.base.video import SourceKind, SourceRequest
from nnviz.gui.services.boards import Boards
from nnviz.gui.services.dataset.datasets import Datasets
from nnviz.gui.services.dataset.exemplars import UnitExemplars
from nnviz.gui.services.dataset.indexing import Indexing
from nnviz.gui.services.dataset.neighborhood import Neighborhood
from nnviz.gui.services.dataset.projections import Projections
from nnviz.gui.services.dataset.query_image import QueryImage
from nnviz.gui.services.dataset.second_network import SecondNetwork
from nnviz.gui.services.display import Display
from nnviz.gui.services.example_boxes import ExampleBoxes
from nnviz.gui.services.guide import GuideRunner
from nnviz.gui.services.images import Images
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.services.methods.captions import Captions
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.methods.notices import ask_about_size, tell_long_runs
from nnviz.gui.services.methods.predictions import Predictions
from nnviz.gui.services.methods.runner import MethodRun, MethodRunner
from nnviz.gui.services.models import Models
from nnviz.gui.services.recipe_restore import RecipeRestore
from nnviz.gui.services.recording.recordings import Recordings
from nnviz.gui.services.recording.timeline import Timeline
from nnviz.gui.services.saving import Saving
from nnviz.gui.services.session.autosave import Autosave, SessionStore
from nnviz.gui.services.session.reopening import Reopening
from nnviz.gui.services.stickers import LiveStickers, StickerLibrary, Stickers
from nnviz.gui.services.style_training import StyleTraining
from nnviz.gui.services.trust import TrustChecks
from nnviz.gui.services.unit_images import UnitImages
from nnviz.gui.services.video.exports import VideoExports
from nnviz.gui.services.video.live import Live
from nnviz.gui.state.display import ContentKind
from nnviz.gui.state.messages import Messages, Notice, Remedy
from nnviz.gui.state.selection import Selection
from nnviz.gui.state.settings import Settings
from nnviz.gui.theme.manager import ThemeManager

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge


_CONTENT_TOPIC = "content"
_LOOKING = Lane("files", Policy.QUEUE)
_DATA = "data"
"""Name of the workspace of data sets."""
_LEARNED_WIDTH = 0.4
"""Initial width of a learned sticker, about the one for which it was learned."""


class AppContext(QObject):
    """The services that panels use.  Panels know them, but not each other."""

    attached = Signal(object)
    """The Bridge, once it exists."""
    compare_wanted = Signal(object, object)
    """Two Runs to show side by side."""
    explain_wanted = Signal()
    """A request to show the Explain workspace."""
    stickers_wanted = Signal()
    """A request to show the sticker studio."""
    imagine_wanted = Signal()
    """A request to show the Imagine workspace."""
    job_wanted = Signal(object)
    """A JobHandle whose run should be shown, in the workspace that started it."""
    board_wanted = Signal(list)
    """Paths of the images that the board should compare."""
    workspace_wanted = Signal(str)
    """Name of the workspace to enter."""
    trust_wanted = Signal()
    """A request to show the figures behind the map's verdict."""
    live_wanted = Signal()
    """A request to show the live view: a video was opened."""

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.look = ThemeManager(settings.theme, settings.scale, self)
        self.messages = Messages(self)
        self.selection = Selection(self)
        self.jobs = Jobs(self)
        self.saving = Saving(self.jobs, self.messages, self)
        self.models = Models(
            self.jobs, self.saving, self.selection, settings.device, self
        )
        self.images = Images(self.jobs, self.selection, self)
        self._make_runs()
        self.videos = VideoExports(self.jobs, self.messages, self)
        self.live = Live(
            self.jobs, self.choice, self.runs, self.videos, self.messages, self
        )
        self.boards = Boards(self.jobs, self)
        self._make_dataset()
        self._make_recordings()
        self.unit_images = UnitImages(
            self.jobs, self.saving, self.selection, self.models, self
        )
        self.style_training = StyleTraining(
            self.jobs, self.images, settings, self.messages, self
        )
        self._make_stickers()
        self._standing_in = False
        """Whether the bundled network replaces one that could not be opened."""
        self.bridge: Bridge | None = None
        self._sample = ""
        self._connect()
        # Created after the network's own banners, so that its findings are shown last.
        self.restoring = RecipeRestore(
            self.models, self.images, self.choice, self.messages
        )
        self.restoring.setParent(self)
        self._make_session()
        self.timeline.opened.connect(self.restoring.restore)

    def _make_recordings(self) -> None:
        """Create the services of recordings: recordings, timeline, guide."""
        self.recordings = Recordings(self.jobs, self.settings, self.messages, self)
        self.timeline = Timeline(
            self.jobs, self.choice, self.runs, self.recordings, self.messages, self
        )
        self.guide = GuideRunner(
            self.choice, self.models, self.timeline, self.workspace_wanted.emit, self
        )

    def _make_dataset(self) -> None:
        """Create the services of data sets."""
        jobs, messages = self.jobs, self.messages
        self.datasets = datasets = Datasets(jobs, messages, self)
        self.projections = Projections(jobs, datasets, messages)
        self.neighborhood = Neighborhood(jobs, datasets, messages)
        self.query_image = QueryImage(
            jobs, datasets, self.projections, self.images, messages
        )
        self.second_network = SecondNetwork(jobs, datasets, self.settings, messages)
        self.exemplars = UnitExemplars(jobs, self.selection, datasets, messages)
        self.indexing = Indexing(jobs, self.models, datasets, self.settings, messages)

    def _make_runs(self) -> None:
        """Create the services that run methods and show their results."""
        self.choice = MethodChoice(self.selection, self.models, self)
        self.predictions = Predictions(
            self.jobs, self.selection, self.models, self.choice, self
        )
        self.captions = Captions(
            self.models, self.selection, self.choice, self.predictions
        )
        self.runs = MethodRunner(
            self.jobs, self.selection, self.choice, self.captions, self
        )
        self.display = Display(
            self.selection, self.choice, self.runs, self.captions, self
        )
        self.trust = TrustChecks(
            self,
            jobs=self.jobs,
            display=self.display,
            choice=self.choice,
            models=self.models,
            captions=self.captions,
            settings=self.settings,
        )

    def _make_stickers(self) -> None:
        """Create the services of stickers and boxes on images and live frames."""
        self.shelf = StickerLibrary(self.jobs, self.settings, self.messages, self)
        self.stickers = Stickers(
            self.shelf,
            self.jobs,
            self.settings,
            self.selection,
            self.models,
            self.messages,
        )
        self.live_stickers = LiveStickers(self.shelf, self.settings)
        self.boxes = ExampleBoxes(self.images, self.selection, self.choice, self)

    def _make_session(self) -> None:
        """Create the services that save and restore the session."""
        parts = (
            self.jobs,
            self.images,
            self.models,
            self.choice,
            self.runs.history,
            self.messages,
        )
        self.autosave = Autosave(*parts, boxes=self.boxes)
        self.reopening = Reopening(*parts, boxes=self.boxes)
        for part in (self.autosave, self.reopening):
            part.setParent(self)
        self.reopening.workspace_wanted.connect(self.workspace_wanted)

    def keep_session(self, store: SessionStore) -> None:
        """Start autosaving the session; offer what a crash left behind."""
        self.autosave.begin(store)
        self.reopening.begin(store, self.autosave.folder)

    def attach(self, bridge: "Bridge") -> None:
        """Connect all services to the worker, which is ready."""
        self.bridge = bridge
        self.jobs.attach(bridge)
        self.models.attach(bridge)
        for part in (self.images, self.live):
            part.attach(bridge)
        self.recordings.attach(bridge)
        self.timeline.attach(bridge)
        self.unit_images.attach(bridge)
        self.style_training.attach(bridge)
        for laid in (self.shelf, self.stickers, self.live_stickers):
            laid.attach(bridge)
        bridge.engine_failed.connect(lambda error: self.messages.fail("engine", error))
        self.attached.emit(bridge)

    def close(self) -> None:
        """Stop everything in progress; idempotent."""
        self.autosave.end()
        if self.bridge is not None:
            self.bridge.close()

    def shutdown(self) -> None:
        """Stop the worker and wait for its end; idempotent."""
        if self.bridge is not None:
            self.bridge.shutdown()

    def open_files(self, files: Iterable[str]) -> None:
        """Open files of any kind, reporting those that cannot be opened."""
        named = tuple(file for file in files if file.strip())
        if self.bridge is not None and named:
            self.messages.settle("open")
            job = self.jobs.do(self.bridge.files.images.look_at(named), _LOOKING)
            job.done.connect(self._open_seen)
            job.failed.connect(lambda error: self._open_seen(Dropped(errors=(error,))))

    def start_with(self, files: Sequence[str], model: str, sample: str) -> None:
        """Open the files that the program was started with, or the sample.

        Args:
            files: files of any kind.
            model: reference of the network; the bundled one opens where it fails.
            sample: image to open if none of the files is one.
        """
        self._sample = sample
        self.open_model(model)
        self.open_files(files or ([sample] if sample else []))

    def open_dataset(self, folder: str) -> None:
        """Show the data sets; open an index, or offer to build one."""
        self.workspace_wanted.emit(_DATA)
        self.open_files([folder])

    def open_model(self, reference: str) -> None:
        """Open a network by reference or path."""
        self.models.open(reference)

    def look_live(self, content: Content) -> bool:
        """Analyze something else in Live, with the open network if it suits.

        Returns:
            Whether that begins; not where the user is asked about the network first.
        """
        model, catalogue = self.selection.model, self.models.catalogue
        self.messages.settle(_CONTENT_TOPIC)
        if model is not None and content.suits(model):
            self.choice.choose(content.method)
            return True
        network = content.network(catalogue.models, catalogue.present)
        entry = self.models.entry(network) if network else None
        if entry is not None and entry.trained_on:
            self._warn_of_training(content, entry)
            return False
        if network:
            self._open_for(content, network)
        return bool(network)

    def _open_for(self, content: Content, network: str) -> None:
        self.messages.settle(_CONTENT_TOPIC)
        self.choice.prefer(content.method)
        self.open_model(network)

    def _warn_of_training(self, content: Content, entry: ModelEntry) -> None:
        """Warn that a network knows no real images; let the user open it or not."""
        words = self.tr(
            "No network here does this on real images. {0} was trained on {1}: expect "
            "wrong predictions."
        )
        remedy = Remedy(
            self.tr("Open anyway"), lambda: self._open_for(content, entry.reference)
        )
        text = words.format(entry.title, entry.trained_on)
        self.messages.notice(
            Notice(_CONTENT_TOPIC, Severity.WARNING, text, remedies=(remedy,))
        )

    def imagine(self, unit_key: UnitKey) -> None:
        """Optimize a unit's synthetic image in full size, as a recording."""
        self.imagine_wanted.emit()
        values: dict[str, Value] = {"layer": unit_key.layer, "channel": unit_key.unit}
        values["target"] = ""
        self.choice.choose(METHOD, values)
        self.runs.run()

    def play(self, request: SourceRequest) -> None:
        """Open a source of frames in Live."""
        if self.live.entered:
            self.live.open(request)
        else:
            self.live.request = request
            self.live_wanted.emit()

    def start_live(self, order: LiveOrder) -> None:
        """Start in Live, as the command line ordered."""
        if order.source is not None:
            self.live.request = order.source
        self.live_stickers.begin_with(order.stickers)
        self.live_wanted.emit()
        self.choice.prefer(order.content.method, order.values)
        self.models.open_request(order.model)
        if order.record is not None:
            self.live.record(str(order.record))

    def stop(self) -> None:
        """Stop the current run."""
        self.runs.stop()
        self.boards.stop()
        self.videos.stop()
        self.indexing.stop()
        self.projections.stop()
        if self.unit_images.making_layer:
            self.unit_images.stop()
        if self.models.is_opening:
            self.models.stop()

    def _open_seen(self, dropped: Dropped) -> None:
        """Open files whose kinds are known."""
        if not self._open_dataset(dropped):
            self._open_images(dropped)
        for file in self._one_of(dropped.models):
            self.open_model(file)
        for file in self._one_of(dropped.labels):
            self.models.set_labels(file)
            self.messages.say(self.tr("class names from {0}").format(Path(file).name))
        for file in self._one_of(dropped.films):
            self.play(SourceRequest(kind=SourceKind.FILE, address=file))
        for saved in dropped.saved[:1]:
            self.restoring.restore(saved)
        for error in dropped.errors[:1]:
            self.messages.fail("open", error)
        for error in dropped.errors[1:]:
            self.messages.say(error.text)

    def _open_dataset(self, dropped: Dropped) -> bool:
        """Open an index or a guide, or offer to build an index.

        Returns:
            Whether the images serve no other purpose.
        """
        for guide in dropped.guides[:1]:
            self.open_guide(guide)
        for folder in self._one_of(dropped.indexes):
            self.workspace_wanted.emit(_DATA)
            self.datasets.open(folder)
        if dropped.lists:
            self.workspace_wanted.emit(_DATA)
        folders = dropped.folders if self.choice.workspace_name == _DATA else ()
        for source in self._one_of(dropped.lists + folders):
            self.datasets.offer(source)
        return bool(folders)

    def open_guide(self, guide: Guide) -> None:
        """Open a guided lesson, after checking the names that it uses."""
        try:
            check_guide(guide, self.models.catalogue.methods)
        except NnvizError as error:
            self.messages.fail("open", error_record(error))
            return
        self.workspace_wanted.emit("learn")
        self.guide.open(guide)

    def _open_images(self, dropped: Dropped) -> None:
        """Add images to the tray; if nothing else is opened, the sample."""
        pictures = dropped.pictures
        if pictures or dropped.saved:
            self.choice.leave_live()
        if not pictures and not dropped.saved and self._sample:
            pictures = () if self.images.current else (self._sample,)
        self._sample = ""
        if pictures:
            self.images.add(pictures)
        for error in dropped.cut[:1]:
            self.messages.fail("open", error)

    def _one_of(self, files: tuple[str, ...]) -> tuple[str, ...]:
        """Return the first file, reporting that the others are not opened."""
        for file in files[1:]:
            self.messages.say(
                self.tr("{0} was not opened: only one at a time").format(
                    Path(file).name
                )
            )
        return files[:1]

    def _connect(self) -> None:
        self.models.opened.connect(self._model_opened)
        self.models.failed.connect(self._model_failed)
        self.models.fetched.connect(self._fetched)
        self.models.fetch_failed.connect(self._fetch_failed)
        self.models.device_missing.connect(self._device_missing)
        self.images.opening.connect(lambda _: self.messages.settle("open"))
        self.images.failed.connect(self._image_failed)
        self.selection.image_changed.connect(self._image_opened)
        self._connect_runs()

    def _connect_runs(self) -> None:
        ask_about_size(self.runs, self.choice, self.messages)
        tell_long_runs(self.runs, self.messages)
        self.runs.lacking.connect(self.messages.say)
        self.choice.unsuited.connect(self._offer_network)
        self.choice.values_refused.connect(self._tell_refused)
        self.runs.failed.connect(lambda error: self.messages.fail("run", error))
        self.predictions.failed.connect(
            lambda error: self.messages.fail("predict", error)
        )
        self.predictions.predicted.connect(lambda _: self.messages.settle("predict"))
        self.predictions.predicted.connect(lambda _: self.display.refresh())
        self.runs.finished_behind.connect(self._finished_behind)
        self.runs.failed_behind.connect(self._failed_behind)
        self.runs.finished.connect(self._finished)
        self.runs.restored.connect(self.stickers.bring_back)
        self.runs.finished.connect(self.shelf.learn)
        self.runs.finished_behind.connect(self.shelf.learn)
        self.runs.restored.connect(self.shelf.learn)
        self.runs.cut_short.connect(self._learn_stopped)
        self.timeline.shown.connect(self.display.show_step)
        self.timeline.taken_back.connect(self._drop_hidden_recording)
        self.timeline.changed.connect(
            lambda: self.display.hold(held=self.timeline.holds)
        )
        self.unit_images.layer_begun.connect(self._begin_portraits)
        self.unit_images.mosaic_changed.connect(self._show_portraits)
        self.stickers.kept.connect(self.display.show_run)
        self.shelf.learned.connect(self._offer_sticker)
        for there in (self.runs.finished, self.runs.restored):
            there.connect(self._offer_placed)
        self.stickers.kept.connect(self.runs.history.add)
        self.stickers.taken.connect(self.images.add_array)

    def _tell_refused(self, words: str) -> None:
        """Report values of an edited recipe, which are left as they were."""
        self.messages.notice(Notice("run", Severity.WARNING, words))

    def _drop_hidden_recording(self) -> None:
        """Close a recording of which nothing is shown, as after another network."""
        if self.display.run is None and not self.timeline.running:
            self.timeline.close()

    def _offer_network(self, info: MethodInfo, values: Mapping[str, Value]) -> None:
        """Report that a method does not suit the network, and offer one that does."""
        model = self.selection.model
        if model is None:
            return
        suitable = _suitable_network(info, self.models.catalogue.models)

        def open_other() -> None:
            self.messages.settle("run")
            self.choice.prefer(info.name, values)
            self.open_model(suitable)

        words = self.tr("{0} does not work on {1}: a network of another kind is needed")
        title = self.captions.model(suitable)
        remedy = Remedy(self.tr("Open {0}").format(title), open_other)
        text = words.format(info.title, model.title)
        self.messages.notice(Notice("run", Severity.WARNING, text, remedies=(remedy,)))

    def _learn_stopped(self, run: MethodRun) -> None:
        """Save the sticker that a stopped run had learned so far."""
        self.shelf.learn_stopped(run.report, run.request.recording)

    def _begin_portraits(self) -> None:
        """Show the synthetic images of a layer until another result is shown."""
        self.display.begin_portraits(self.tr("Synthetic images"))

    def _show_portraits(self, report: Report) -> None:
        self.display.update_report(report, ContentKind.PORTRAITS)

    def _offer_sticker(self, text: str) -> None:
        """Offer to place a learned sticker."""
        name = Path(text).name
        self._offer_studio(
            self.tr("A sticker was trained: {0} is on the shelf").format(name),
            lambda: self.stickers.add(text, Placement(width=_LEARNED_WIDTH)),
        )

    def _offer_placed(self, run: Run) -> None:
        """Offer to move the stickers that a method has placed."""
        text = placed_of(run.report)
        if text:
            self._offer_studio(
                self.tr("The stickers found can be moved by hand"),
                lambda: self.stickers.set_text(text),
            )

    def _offer_studio(self, words: str, act: Callable[[], None]) -> None:
        def go() -> None:
            self.messages.settle("sticker")
            self.stickers_wanted.emit()
            act()

        remedy = Remedy(self.tr("Use in the studio"), go)
        self.messages.notice(
            Notice("sticker", Severity.NOTE, words, remedies=(remedy,))
        )

    def _finished(self, run: Run) -> None:
        self.messages.settle("run")
        named, current = self.captions.title(run), self.runs.current
        ms = round(1000 * current.seconds) if current is not None else 0
        self.messages.log(self.tr("{0}: {1} ms").format(named, ms))

    def _finished_behind(self, run: Run) -> None:
        """Report the end of a run in another workspace."""
        title = self.captions.title(run)
        self.messages.say(self.tr("{0} is saved to the results").format(title))

    def _failed_behind(self, title: str, error: ErrorRecord) -> None:
        self.messages.fail(f"run {title}", error)

    def _model_opened(self, info: ModelInfo) -> None:
        topics = ["run", "predict"]
        if not self._standing_in:  # else its banner explains the stand-in
            topics.append("model")
        self._standing_in = False
        for topic in topics:
            self.messages.settle(topic)
        if not info.reference.startswith("bundled:"):
            self.settings.add_recent([info.reference])
        self.messages.say(self.tr("{0} opened").format(info.title))
        self._warn(info.findings)

    def _warn(self, findings: Iterable[Finding]) -> None:
        problems = [f.text for f in findings if f.severity is Severity.PROBLEM]
        if problems:
            self.messages.notice(Notice("model", Severity.WARNING, problems[0]))

    def _model_failed(self, reference: str, error: ErrorRecord) -> None:
        remedies = []
        entry = self.models.entry(reference)
        fetchable = entry is not None and self.models.is_fetchable(entry)
        if fetchable and error.kind is ErrorKind.USER:
            remedies.append(
                Remedy(self.tr("Download"), lambda: self.models.fetch(reference))
            )
        if error.kind is ErrorKind.TRUST:
            remedies.append(Remedy(self.tr("Run it"), self.models.trust))
        self.messages.fail("model", error, *remedies)
        if self.selection.model is None and reference != STAND_IN_MODEL:
            self._standing_in = True
            usual = reference == DEFAULT_MODEL
            self.open_model(STAND_IN_MODEL if usual else DEFAULT_MODEL)

    def _device_missing(self, device: str) -> None:
        self.settings.device = "auto"
        self.messages.say(
            self.tr("this machine has no {0}: using the fastest device").format(device)
        )

    def _fetched(self, reference: str) -> None:
        self.messages.settle("model")
        self.messages.say(self.tr("{0} downloaded").format(reference))
        self.models.open_request(
            self.restoring.request_for(reference) or ModelRequest(reference=reference)
        )

    def _fetch_failed(self, reference: str, error: ErrorRecord | None) -> None:
        if error is None:
            self.messages.say(self.tr("download of {0} stopped").format(reference))
        else:
            again = Remedy(self.tr("Try again"), lambda: self.models.fetch(reference))
            self.messages.fail("model", error, again)

    def _image_failed(self, path: str, error: ErrorRecord) -> None:
        self.messages.fail("open", error)
        self.messages.say(self.tr("{0} could not be opened").format(Path(path).name))

    def _image_opened(self) -> None:
        image = self.selection.image
        if image is None:
            return
        if image.path:
            self.settings.add_recent([image.path])
        notes = f" ({'; '.join(image.notes)})" if image.notes else ""
        words, count = self.tr("{0} opened"), self.images.newest_count
        self.images.newest_count = 0
        if count > 1:
            words = self.tr("{0} opened, the first of {1} images")
        self.messages.say(words.format(image.name, count) + notes)


def _suitable_network(info: MethodInfo, known: Iterable[ModelEntry]) -> str:
    """Return a bundled network that suits a method, the usual one if it does."""
    bundled = [each for each in known if each.source is ModelSource.BUNDLED]
    bundled.sort(key=lambda each: each.reference != DEFAULT_MODEL)
    fits = (each.reference for each in bundled if info.suits(each.task))
    return next(fits, DEFAULT_MODEL)
