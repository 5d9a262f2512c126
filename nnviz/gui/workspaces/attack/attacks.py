"""Controller of the current attack: rescaling, saving, explaining."""

from PySide6.QtCore import QObject, Signal

from nnviz.base.attacks import (
    AFTER,
    Rescaled,
    SavedAttack,
    attacked_photo,
    is_attack,
    with_whole_tabs,
)
from nnviz.base.documents.boards import attacked_name
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority
from nnviz.base.images import image_from_array, rgb8
from nnviz.base.info import MethodInfo
from nnviz.base.recipes import Run
from nnviz.base.requests import RescaleNoise, RunMethod, SaveAttacked
from nnviz.base.results import Ranking, Report
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import Lane
from nnviz.gui.services.presence import connect_while_in

SCALE = Lane("attack:scale", Policy.LATEST)
SEARCH = Lane("attack:search", Policy.REPLACE, Priority.NORMAL)
_SAVE = Lane("attack:save", Policy.QUEUE)
_BEFORE = Lane("attack:before", Policy.REPLACE, Priority.NORMAL)
_AFTER = Lane("attack:after", Policy.REPLACE, Priority.NORMAL)


_PLACE = "attack"


class Attacks(QObject):
    """The newest attack while its image is open, and its follow-up jobs."""

    changed = Signal()
    """The attack, or its state, has changed."""
    stepped = Signal(object)
    """Intermediate Report of a running attack."""
    scaled = Signal(object)
    """Report of the attack with a fraction of its noise; the attack's own for all of
    it.
    """
    compared = Signal(object, object)
    """Two Runs: the image and the attacked one, explained."""

    def __init__(self, app: AppContext, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._models = app.jobs, app.models
        self._selection = selection = app.selection
        self._runs, self._messages = app.runs, app.messages
        self._predictions = app.predictions
        runs = self._runs
        self.run: Run | None = None
        self.whole: Rescaled | None = None
        """The full noise, with the size at which the answer flips once that is known.
        """
        self.shown: Rescaled | None = None
        """The shown fraction of the noise; None for the attack itself."""
        self.explaining = ""
        """Name of the method that explains before and after."""
        self._maps: dict[Lane, Run] = {}
        for signal, slot in (
            (runs.finished, self._take),
            (runs.restored, self._take),
            (runs.started, self._forget),
            (runs.reported, self._hear_step),
        ):
            connect_while_in(app.choice, _PLACE, signal, slot, late=False)
        for chosen in (selection.image_changed, selection.model_changed):
            connect_while_in(app.choice, _PLACE, chosen, lambda _: self._forget())

    @property
    def searching(self) -> bool:
        """Whether the search for the weakest noise that flips is running."""
        return self._jobs.running(SEARCH)

    # --- requests

    def scale(self, share: float) -> None:
        """Show the attack with a share of its noise."""
        if self.run is None:
            return
        if share >= 1:
            self._jobs.cancel(SCALE)
            self.shown = self.whole
            self.scaled.emit(self.run.report)
            self.changed.emit()
            return
        request = self._noise(self.run, share)
        job = self._jobs.submit(request, SCALE)
        job.done.connect(self._show_scaled)
        job.failed.connect(self._fail)

    def save(self, path: str) -> None:
        """Save the shown image, and classify the file."""
        if self.run is None:
            return
        share = self.shown.share if self.shown is not None else 1.0
        request = SaveAttacked(
            noise=self._noise(self.run, share),
            path=path,
            recipe=self.run.recipe.to_json(),
        )
        job = self._jobs.submit(request, _SAVE)
        job.done.connect(self._saved)
        job.failed.connect(lambda error: self._fail(error, "save"))

    def methods(self) -> tuple[MethodInfo, ...]:
        """Return the methods that can explain the image before and after."""
        model = self._selection.model
        return tuple(
            info
            for info in self._models.catalogue.methods
            if info.capabilities.comparable
            and model is not None
            and info.suits(model.task)
        )

    def explain(self, method: str) -> None:
        """Explain the image before and after; emits ``compared``."""
        run = self.run
        photo = attacked_photo(run.report) if run is not None else None
        if run is None or run.image is None or photo is None:
            return
        attacked = image_from_array(rgb8(photo.pixels), attacked_name(run.image))
        after = run.report.results.get(AFTER)
        if isinstance(after, Ranking) and after.labels:
            top = after.labels[int(after.values.argmax())]
            self._predictions.learn(run.recipe.model_sha256, attacked.sha256, top)
        self.explaining, self._maps = method, {}
        for lane, image in ((_BEFORE, run.image), (_AFTER, attacked)):
            self._explain(
                lane,
                RunMethod(method=method, model=self._models.request, image=image),
            )
        self.changed.emit()

    def _explain(self, lane: Lane, request: RunMethod) -> None:
        job = self._jobs.submit(request, lane)
        job.done.connect(lambda run: self._hear_map(lane, run))
        job.failed.connect(self._fail)

    # --- answers

    def _noise(self, run: Run, share: float, *, search: bool = False) -> RescaleNoise:
        photo = attacked_photo(run.report)
        if photo is None or run.image is None:
            raise ValueError("only attacks are taken up")
        return RescaleNoise(
            model=self._models.request,
            image=run.image,
            attacked=photo.pixels,
            values=run.recipe.values,
            share=share,
            search=search,
        )

    def _take(self, run: Run) -> None:
        """Make a run the current attack, if it is one."""
        model = self._selection.model
        same = model is not None and model.sha256 == run.recipe.model_sha256
        self._forget()
        if is_attack(run) and run.recipe.adversarial and same:
            self.run = run
            job = self._jobs.submit(self._noise(run, 1.0, search=True), SEARCH)
            job.done.connect(self._note_whole)
            job.failed.connect(self._fail)
            self.changed.emit()

    def _forget(self) -> None:
        if self.run is None:
            return
        self.run = self.whole = self.shown = None
        self.explaining = ""
        for lane in (SCALE, SEARCH, _BEFORE, _AFTER):
            self._jobs.cancel(lane)
        self.changed.emit()

    def _hear_step(self, report: Report) -> None:
        if attacked_photo(report) is not None:
            self.stepped.emit(report)

    def _show_scaled(self, found: Rescaled) -> None:
        if self.run is not None:
            self.shown = found
            self.scaled.emit(with_whole_tabs(found.report, self.run.report))
            self.changed.emit()

    def _note_whole(self, found: Rescaled) -> None:
        if self.run is not None:
            self.whole = found
            self.shown = self.shown or found
            self.changed.emit()

    def _saved(self, saved: SavedAttack) -> None:
        self._messages.settle("save")
        self._messages.say(f"{saved.path}: {saved.words}")

    def _fail(self, error: ErrorRecord, topic: str = "run") -> None:
        self.explaining = ""
        self._messages.fail(topic, error)
        self.changed.emit()

    def _hear_map(self, lane: Lane, run: Run) -> None:
        if self.run is None:
            return
        self._maps[lane] = run
        if len(self._maps) < 2:  # noqa: PLR2004 - before and after
            return
        before, after = self._maps[_BEFORE], self._maps[_AFTER]
        self.explaining = ""
        for each in (after, before):
            self._runs.history.add(each)
        self.compared.emit(before, after)
        self.changed.emit()
