"""Running methods: which one, with what values, and what came of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.catalogue import Catalogue
from nnviz.base.events import Partial, Policy, Priority, Progress
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo, ModelInfo
from nnviz.base.parameters import Kind, Value, with_current_names
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import Moment, RunMethod
from nnviz.base.results import Report
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.services.models import Models
from nnviz.gui.state.history import History
from nnviz.gui.state.layer_facts import shown_layer
from nnviz.gui.state.parameter_store import HeldValues
from nnviz.gui.state.runtime_estimate import Quickness
from nnviz.gui.state.selection import NO_UNIT, Selection
from nnviz.gui.state.selection_sync import Link, named
from nnviz.gui.state.workspace import Workspace

RESULT = "result"
_QUICK = Lane(RESULT)
_LONG = Lane(RESULT, Policy.REPLACE, Priority.NORMAL)
"""What takes minutes lets a camera, and what is clicked, go first."""
PREDICTIONS = "predictions"
_PREDICTIONS = Lane(PREDICTIONS)
_TOP = 5


class Runs(QObject):
    """Runs the chosen method on the selection and keeps the predictions fresh.

    In a live workspace nothing is run here: what is to be asked of each frame is told
    as ``template_changed``, and photographs wait until the workspace is left.
    """

    method_changed = Signal(object)
    """MethodInfo."""
    offered_changed = Signal()
    """There are other methods to choose from."""
    elsewhere = Signal(object)
    """The MethodInfo that is to be shown does not belong to this workspace."""
    template_changed = Signal(object)
    """RunMethod without an image: what to ask of live frames; None for nothing."""
    values_changed = Signal(object)
    """The method's parameters, by name, changed by something else than the form."""
    started = Signal()
    submitted = Signal(object)
    """JobHandle of the run that was just started."""
    outdated = Signal()
    """What is shown is not what the form says: the method is to be run by hand."""
    pace_changed = Signal()
    """It is known anew whether the method runs by itself."""
    progressed = Signal(object, float)
    """Progress and the seconds left, negative where not known."""
    reported = Signal(object)
    """A better Report of the running method."""
    finished = Signal(object)
    """Run."""
    restored = Signal(object)
    """An earlier Run is to be shown again."""
    stopped = Signal(int)
    """Stopped by the user at so many percent, -1 where not known."""
    failed = Signal(object)
    """ErrorRecord."""
    predicted = Signal(object)
    """Report of the predictions; None while there is none."""
    predict_failed = Signal(object)
    """ErrorRecord."""

    def __init__(
        self, jobs: Jobs, selection: Selection, models: Models, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._selection = selection
        self._models = models
        self.job: JobHandle[Run] | None = None
        """The run of the chosen method that was started last."""
        self._method: MethodInfo | None = None
        self._workspace: Workspace | None = None
        self._preferred: tuple[str, Mapping[str, Value] | None] | None = None
        self._chosen: dict[str, str] = {}
        """Name of the method that each workspace had last."""
        self._values = HeldValues()
        self._link = Link(selection)
        self._seed = 0
        self.recording = ""
        """Folder that keeps the steps of the run that was started last."""
        self.new_recording: Callable[[MethodInfo], str] = lambda _: ""
        self._began = 0.0
        self._percent = -1
        self.history = History(self)
        self._quickness = Quickness()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._run_all)
        self._predict_due = False
        self._connect(models, selection)

    def _connect(self, models: Models, selection: Selection) -> None:
        models.opened.connect(self._refit)
        for gone in (models.failed, models.stopped):
            gone.connect(self._forget_preferred)
        models.listed.connect(self._relist)
        selection.image_changed.connect(self._renew)
        selection.layer_changed.connect(self._follow_layer)
        selection.unit_changed.connect(self._follow_unit)
        selection.target_changed.connect(self._follow_target)
        selection.position_changed.connect(self._follow_position)

    @property
    def method(self) -> MethodInfo | None:
        """The chosen method."""
        return self._method

    @property
    def image(self) -> Image | None:
        """The photograph that the chosen method looks at."""
        needed = self._method is not None and self._method.needs_image
        return self._selection.image if needed else None

    @property
    def values(self) -> dict[str, Value]:
        """The chosen method's parameters."""
        return dict(self._held(self._method)) if self._method else {}

    @property
    def live(self) -> bool:
        """Whether frames of a camera are looked at, and no photograph."""
        return self._workspace is not None and self._workspace.live

    @property
    def running(self) -> bool:
        """Whether the chosen method is at work."""
        return self.job is not None and self.job.open

    @property
    def predicting(self) -> bool:
        """Whether predictions are still to come."""
        return self._jobs.running(_PREDICTIONS)

    @property
    def seconds(self) -> float:
        """Time since the chosen method was started, s."""
        return time.monotonic() - self._began

    @property
    def automatic(self) -> bool:
        """Whether the method runs by itself at every change."""
        return self._method is not None and (
            self.live
            or self._quickness.runs_by_itself(self._method, self._selection.model)
        )

    @property
    def usual_seconds(self) -> float | None:
        """How long the method takes on the network, s; None where not known."""
        if self._method is None:
            return None
        return self._quickness.seconds(self._method, self._selection.model)

    def title(self, name: str) -> str:
        """Return a method's name for people."""
        for info in self._models.catalogue.methods:
            if info.name == name:
                return info.title
        return name

    def belongs(self, name: str) -> bool:
        """Tell whether a method is one of the workspace's; unknown ones are of all."""
        info = self._known(name)
        return info is None or self._workspace is None or self._workspace.offers(info)

    def offered(self) -> tuple[MethodInfo, ...]:
        """Return the methods of the workspace that suit the network."""
        model, workspace = self._selection.model, self._workspace
        return tuple(
            info
            for info in self._models.catalogue.methods
            if (workspace is None or workspace.offers(info))
            and (model is None or info.suits(model.task))
        )

    def enter(self, workspace: Workspace) -> None:
        """Go to a workspace and to the method that was chosen there last."""
        if self._workspace is not None and self._workspace.live != workspace.live:
            self.stop()
        self._workspace = workspace
        self.offered_changed.emit()
        self._choose_usual()
        self._soon.start()

    def leave_live(self) -> None:
        """Ask for a workspace where photographs are looked at."""
        if self.live:
            self.elsewhere.emit(None)

    def choose(
        self, name: str, values: Mapping[str, Value] | None = None, seed: int = 0
    ) -> None:
        """Choose a method, and with it values for some of its parameters."""
        info = self._known(name)
        if info is None:
            return
        if self._workspace is not None and not self._workspace.offers(info):
            self.elsewhere.emit(info)
        changed = info is not self._method
        self._method, self._seed = info, seed
        if self._workspace is not None:
            self._chosen[self._workspace.name] = name
        kept = self._held(info)
        kept.update(with_current_names(info.parameters, values or {}))
        # First the form: the selection, which follows next, tells values to it.
        if changed:
            self.method_changed.emit(info)
        self._link.adopt_layer(info, kept, explicit=bool(values))
        self._link.adopt_target(info, kept, values or {})
        self.values_changed.emit(self.values)
        self._restart()

    def prefer(self, name: str, values: Mapping[str, Value] | None = None) -> None:
        """Choose a method as soon as the network that is being opened is there."""
        self._preferred = name, values

    def settings_of(self, info: MethodInfo, workspace: str) -> dict[str, Value]:
        """Return what a method's parameters were set to; see ``HeldValues``."""
        return self._values.settings_of(info, workspace)

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Take what the form says; runs at once where that is cheap."""
        if self._method is None or dict(values) == self.values:
            return
        before = self.values
        self._held(self._method).update(values)
        if self._steered(before):
            return
        self._tell_selection()
        self._restart()

    def adjust(self, values: Mapping[str, Value]) -> None:
        """Change some values elsewhere than in the form, which follows."""
        if self.values | dict(values) != self.values:
            self.set_values(self.values | dict(values))
            self.values_changed.emit(self.values)

    def reset(self) -> None:
        """Go back to the method's own values."""
        if self._method is not None:
            self._values.forget(self._method, self._workspace)
            self._selection.set_target("")
            self._link.adopt_layer(self._method, self._held(self._method))
            self.values_changed.emit(self.values)
            self._restart()

    def run(self) -> None:
        """Run the chosen method now."""
        # What was to happen soon would stop this run, where it is not automatic.
        self._soon.stop()
        self._predict_anew()
        if self.live:
            self.template_changed.emit(self.asked())
            return
        request = self._request()
        if request is not None and self._method is not None:
            recording = self.new_recording(self._method)
            self._submit(replace(request, recording=recording))

    def asked(self) -> RunMethod | None:
        """Return what is asked, the photograph left out; None where nothing can be."""
        model = self._selection.model
        if self._method is None or model is None or not self._method.suits(model.task):
            return None
        return RunMethod(
            method=self._method.name,
            model=self._models.request,
            values=self.values,
            seed=self._seed,
        )

    def take_up(
        self, moment: Moment, recording: str, recorded: Mapping[str, Value]
    ) -> bool:
        """Go on with a recording; tell whether network and photograph are there.

        Args:
            moment: where.
            recording: folder that keeps the steps from there on.
            recorded: the values that it began with; only those that are steerable may
                have other ones now.
        """
        request, info = self._request(), self._method
        if request is None or info is None:
            return False
        steerable = {p.name for p in info.parameters if p.steerable}
        held = self._held(info)
        recorded = with_current_names(info.parameters, recorded)
        held.update({n: v for n, v in recorded.items() if n not in steerable})
        self.values_changed.emit(self.values)
        values = {name: held[name] for name in steerable}
        self._submit(replace(request, begin=moment, recording=recording, values=values))
        return True

    def _submit(self, request: RunMethod) -> None:
        if self._method is None:
            return
        self._began, self._percent = time.monotonic(), -1
        self.recording = request.recording
        if self.job is not None:
            self.job.cancel()
            self.job.forget()
        lane = _LONG if self._method.recorded else _QUICK
        self.job = job = self._jobs.submit(request, lane)
        self.started.emit()
        job.progressed.connect(self._tell_progress)
        job.partial.connect(self._report)
        job.done.connect(lambda run: self._finish(run, job.seconds))
        job.failed.connect(self.failed.emit)
        job.cancelled.connect(lambda _: self.stopped.emit(self._percent))
        self.submitted.emit(job)

    def stop(self) -> None:
        """Stop the chosen method."""
        if self.job is not None:
            self.job.cancel()

    def bring_back(self, run: Run) -> None:
        """Show an earlier result, with the method and values that made it."""
        self.leave_live()
        self.choose_quietly(run.recipe)
        self.restored.emit(run)

    def choose_quietly(self, recipe: Recipe) -> None:
        """Choose a recipe's method, values and seed without running it."""
        self._soon.stop()
        self.choose(recipe.method, recipe.values, recipe.seed)
        self._tell_selection()
        self._soon.stop()

    def _request(self) -> RunMethod | None:
        template, image = self.asked(), self._selection.image
        if template is None or self._method is None or not self._method.needs_image:
            return template
        return replace(template, image=image) if image is not None else None

    def _known(self, name: str) -> MethodInfo | None:
        methods = self._models.catalogue.methods
        return next((info for info in methods if info.name == name), None)

    def _held(self, info: MethodInfo) -> dict[str, Value]:
        """Return a method's parameters in this workspace, to read and to change."""
        return self._values.of(info, self._workspace)

    def _choose_usual(self) -> None:
        """Choose what was chosen here last, else the first that suits the network."""
        offered = {info.name: info for info in self.offered()}
        workspace = self._workspace
        if workspace is None or not offered:
            return
        last = self._chosen.get(workspace.name, "")
        usual = [
            name for name in (last, *workspace.methods, *offered) if name in offered
        ]
        self.choose(usual[0])

    def _refit(self) -> None:
        """Another network: let the method be one that suits it."""
        self.offered_changed.emit()
        model: ModelInfo | None = self._selection.model
        preferred, self._preferred = self._preferred, None
        if preferred is not None:
            self.choose(*preferred)
        elif model and self._method and not self._method.suits(model.task):
            self._choose_usual()
        self._renew()

    def _forget_preferred(self) -> None:
        self._preferred = None

    def _restart(self) -> None:
        if self.automatic:
            self._soon.start()
        else:
            self._tell_outdated()

    def _tell_outdated(self) -> None:
        """Stop what is no longer wanted and say that there is something to run."""
        self.stop()
        self.outdated.emit()

    def _renew(self) -> None:
        """Model or image is another one: predict again and run again."""
        self._predict_due = True
        if self._method is not None:
            self._link.adopt_layer(self._method, self._held(self._method))
            self.values_changed.emit(self.values)
        self._soon.start()

    def _run_all(self) -> None:
        self._predict_anew()
        if self.automatic:
            self.run()
        elif self._method is not None:
            self._tell_outdated()

    def _predict_anew(self) -> None:
        if self._predict_due and not self.live:
            self._predict_due = False
            self._predict()

    def _predict(self) -> None:
        chosen, method = self._selection, self._known(PREDICTIONS)
        unsuited = method and chosen.model and not method.suits(chosen.model.task)
        if not chosen.model or not chosen.image or unsuited:
            self.predicted.emit(None)
            return
        request = RunMethod(
            method=PREDICTIONS,
            model=self._models.request,
            image=chosen.image,
            values={"top_k": _TOP},
        )
        job = self._jobs.submit(request, _PREDICTIONS)
        job.partial.connect(lambda partial: self.predicted.emit(partial.report))
        job.done.connect(lambda run: self.predicted.emit(run.report))
        job.failed.connect(self.predict_failed.emit)

    def _steered(self, before: Mapping[str, Value]) -> bool:
        """Hand changed values to the running job if all of them are steerable."""
        if self.job is None or not self.job.open or self._method is None:
            return False
        changes = {
            name: new for name, new in self.values.items() if before.get(name) != new
        }
        steerable = {p.name for p in self._method.parameters if p.steerable}
        if not changes or not changes.keys() <= steerable:
            return False
        self.job.steer(changes)
        return True

    def _follow_layer(self, _layer: str) -> None:
        self._change(
            lambda info, values: self._link.adopt_layer(info, values, follow=True)
        )

    def _follow_target(self, _target: str) -> None:
        """Ask the method about what was chosen elsewhere."""
        self._change(self._link.adopt_target)

    def _follow_position(self, position: tuple[float, float] | None) -> None:
        """Ask the method about the place that was clicked, (y, x) px."""
        if position is not None:
            self._change(
                lambda info, values: self._link.adopt_place(info, values, position)
            )

    def _follow_unit(self, unit: int) -> None:
        """Show the chosen channel where one channel is shown large."""
        name = named(self._method, Kind.CHANNEL)
        if name is None or unit == NO_UNIT:
            return
        if self.values[name] not in (NO_UNIT, unit):
            self.show_channel(unit)

    def _change(self, change: Callable[[MethodInfo, dict[str, Value]], None]) -> None:
        """Let the selection change the method's values, and run it again if it did."""
        if self._method is None:
            return
        before = self.values
        change(self._method, self._held(self._method))
        if self.values != before:
            self.values_changed.emit(self.values)
            self._restart()

    def show_channel(self, unit: int) -> None:
        """Show one channel large; -1 for all of them."""
        name = named(self._method, Kind.CHANNEL)
        if name is None or self._method is None:
            return
        self._held(self._method)[name] = unit
        self.values_changed.emit(self.values)
        self._restart()

    def _tell_selection(self) -> None:
        """Let the selection follow what the form chose."""
        if self._method is not None:
            self._link.follow(self._method, self.values)

    def _relist(self, catalogue: Catalogue) -> None:
        """Take the newer description of the chosen method."""
        if self._method is None:
            return
        for info in catalogue.methods:
            if info.name == self._method.name and info != self._method:
                names = {parameter.name for parameter in info.parameters}
                kept = {n: value for n, value in self.values.items() if n in names}
                self._values.forget(info, self._workspace)
                self._held(info).update(kept)
                self._method = info
                self.method_changed.emit(info)
                self.values_changed.emit(self.values)

    def _report(self, partial: Partial) -> None:
        self.reported.emit(partial.report)

    def _finish(self, run: Run, seconds: float) -> None:
        self._quickness.learn(run.recipe.method, run.recipe.model, seconds)
        self.history.add(run)
        self.learn_layer(run.report)
        self.finished.emit(run)
        self.pace_changed.emit()

    def learn_layer(self, report: Report) -> None:
        """Choose the layer that the method chose, where none was chosen."""
        name = named(self._method, Kind.LAYER)
        shown = shown_layer(report)
        if name is None or self._method is None or self.values[name] or not shown:
            return
        self._held(self._method)[name] = shown
        self._selection.set_layer(shown)
        self.values_changed.emit(self.values)

    def _tell_progress(self, progress: Progress) -> None:
        left = -1.0
        if progress.total > 0 and progress.done > 0:
            share = progress.done / progress.total
            self._percent = round(100 * share)
            left = (time.monotonic() - self._began) * (1 - share) / share
        self.progressed.emit(progress, left)
