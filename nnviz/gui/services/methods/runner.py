"""Runner of methods: runs are started, followed and stopped across workspaces."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Partial, Policy, Priority, Progress
from nnviz.base.info import MethodInfo, ModelInfo
from nnviz.base.parameters import Value
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import RecordingStep, RunMethod
from nnviz.base.results import Report
from nnviz.gui.services.jobs import AnyJob, JobHandle, Jobs, Lane
from nnviz.gui.services.methods.captions import Captions
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.methods.option_titles import name_fields
from nnviz.gui.state.history import History
from nnviz.gui.state.run_cost import RuntimeEstimate, large_output
from nnviz.gui.state.selection import Selection

RESULT = "result"


@dataclass(slots=True, eq=False)
class MethodRun:
    """A run of a method from start to end.

    Attributes:
        request: the request; of a resumed run, its values are the steerable ones alone.
        values: all parameters that it computes with.
        info: of the method.
        model: the network; None for a method without a network.
        workspace: name of the workspace that started it.
        automatic: whether it was started automatically by a change.
        key: key of the request, as ``MethodChoice.key``.
        job: its handle.
        began: start time, s.
        percent: progress in percent, -1 where unknown.
        report: report so far.
    """

    request: RunMethod
    values: Mapping[str, Value]
    info: MethodInfo
    model: ModelInfo | None
    workspace: str
    automatic: bool
    key: tuple[object, ...]
    job: JobHandle[Run]
    began: float = field(default_factory=time.monotonic)
    percent: int = -1
    report: Report | None = None

    @property
    def seconds(self) -> float:
        """Time since the start, s."""
        return time.monotonic() - self.began

    def so_far(self, note: str = "") -> Run | None:
        """Return the partial result, with a note; None without a report."""
        if self.report is None:
            return None
        report = self.report
        if note:
            report = replace(report, notes=(*report.notes, note))
        return Run(report, _recipe_of(self), self.request.image)


class MethodRunner(QObject):
    """Runs the chosen method.

    Signals concern the newest run of the current workspace; other runs continue, appear
    in the list of jobs, and leave their results. In a live workspace nothing runs; the
    request for each frame is emitted instead.
    """

    template_changed = Signal(object)
    """RunMethod without an image, the template for live frames; None for none."""
    started = Signal()
    outdated = Signal()
    """The shown result no longer matches the form: the user must start the run."""
    large = Signal(object)
    """LargeOutput: the user must first confirm a run of that size."""
    lacking = Signal(str)
    """Why the method cannot be run."""
    pace_changed = Signal()
    """Whether the method runs automatically was re-evaluated."""
    progressed = Signal(object, float)
    """Progress and remaining seconds, negative where unknown."""
    reported = Signal(object)
    """An improved Report of the running method."""
    finished = Signal(object)
    """Run."""
    stopped = Signal(int)
    """Progress in percent at which the user stopped the run, -1 where unknown."""
    failed = Signal(object)
    """ErrorRecord."""
    cut_short = Signal(object)
    """MethodRun that was stopped, visible or not."""
    restored = Signal(object)
    """An earlier Run to show again."""
    finished_behind = Signal(object)
    """Run of another workspace, or an earlier one of this."""
    failed_behind = Signal(str, object)
    """Title of such a run, and ErrorRecord."""
    front_changed = Signal()
    """The newest run of the current workspace has changed."""

    def __init__(
        self,
        jobs: Jobs,
        selection: Selection,
        choice: MethodChoice,
        captions: Captions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._selection, self._choice = jobs, selection, choice
        self._captions = captions
        self._front: dict[str, MethodRun] = {}
        """The newest run of each workspace."""
        self.new_recording: Callable[[MethodInfo], str] = lambda _: ""
        self.history = History(self)
        self._quickness = RuntimeEstimate()
        self._full_size = ""
        """Hash of the image for which the user confirmed full size."""
        choice.steered = self._steer
        choice.edited.connect(self._renew)
        choice.entered.connect(self.front_changed.emit)

    # --- state

    @property
    def current(self) -> MethodRun | None:
        """The newest run of the current workspace, ended or not.

        None while another image or network is open than the run's.
        """
        run = self._front.get(self._choice.workspace_name)
        return run if run is not None and self._fits(run) else None

    @property
    def running(self) -> bool:
        """Whether the selected method is running."""
        run, method = self.current, self._choice.method
        if run is None or method is None or not run.job.open:
            return False
        return run.info.name == method.name

    @property
    def automatic(self) -> bool:
        """Whether the method runs automatically at every change."""
        method = self._choice.method
        return method is not None and (
            self._choice.live
            or self._quickness.runs_by_itself(method, self._choice.model)
        )

    @property
    def usual_seconds(self) -> float | None:
        """The method's usual time on the network, s; None if unknown."""
        method = self._choice.method
        if method is None:
            return None
        return self._quickness.seconds(method, self._choice.model)

    # --- actions

    def run(self) -> None:
        """Run the selected method."""
        if self._choice.live:
            self.template_changed.emit(self._choice.asked())
            return
        request, method = self._request(), self._choice.method
        if request is not None and method is not None:
            large = large_output(method, request)
            if large is not None and large.image.sha256 != self._full_size:
                self.large.emit(large)
                return
            self._start(replace(request, recording=self.new_recording(method)))
        elif self._choice.asked() is None:
            self.lacking.emit(self.tr("open a network first"))
        elif self._selection.image is None:
            self.lacking.emit(self.tr("open an image first"))

    def run_at_full_size(self) -> None:
        """Run the method at full image size, without asking again for this image."""
        if self._selection.image is not None:
            self._full_size = self._selection.image.sha256
        self.run()

    def take_up(
        self, resume_point: RecordingStep, recording: str, recorded: Mapping[str, Value]
    ) -> bool:
        """Resume a recording; return False without a network or image.

        Args:
            resume_point: step to resume from.
            recording: folder that keeps the steps from there on.
            recorded: the recording's values; only steerable ones may differ now.
        """
        if self._request() is None:
            return False
        values = self._choice.restore_fixed(recorded)
        request = self._request()
        if request is not None:
            begun = replace(
                request, begin=resume_point, recording=recording, values=values
            )
            self._start(begun)
        return True

    def stop(self) -> None:
        """Stop the newest run of the workspace."""
        if self.current is not None:
            self.current.job.cancel()

    def bring_back(self, run: Run) -> None:
        """Show an earlier result, selecting its method and parameters."""
        self._choice.leave_live()
        self._choice.choose_recipe(run.recipe)
        self.restored.emit(run)

    def run_of(self, job: AnyJob) -> MethodRun | None:
        """Return the run of a job, if it is the newest of a workspace."""
        return next((run for run in self._front.values() if run.job is job), None)

    def newest(self) -> Mapping[str, MethodRun]:
        """Return the newest run of each workspace."""
        return dict(self._front)

    # --- internals

    def _fits(self, run: MethodRun) -> bool:
        image, model = self._selection.image, self._selection.model
        if run.request.image not in (None, image):
            return False
        if run.model is None:
            return True
        return model is not None and run.model.sha256 == model.sha256

    def _request(self) -> RunMethod | None:
        template, method = self._choice.asked(), self._choice.method
        if template is None or method is None or not method.needs_image:
            return template
        image = self._selection.image
        return replace(template, image=image) if image is not None else None

    def _renew(self) -> None:
        """Run an automatic method again, unless its result is already there."""
        current = self.current
        if self._choice.live:
            self.run()
        elif current is not None and current.key == self._choice.key():
            self.outdated.emit()  # its result exists, or is being computed
        elif self.automatic and self._request() is not None:
            self.run()
        else:
            self._end_changed(current)
            self.outdated.emit()

    def _end_changed(self, run: MethodRun | None) -> None:
        """Cancel a run whose parameters have just changed."""
        method = self._choice.method
        same = run is not None and method is not None and run.info.name == method.name
        if run is not None and same and self._asks_the_same_image(run):
            run.job.cancel()

    def _asks_the_same_image(self, run: MethodRun) -> bool:
        asked = self._request()
        return (
            asked is not None
            and run.request.image is asked.image
            and run.request.model == asked.model
        )

    def _start(self, request: RunMethod) -> None:
        method, model = self._choice.method, self._choice.model
        if method is None:
            return
        self._end_replaced(self.current)
        automatic, key = self.automatic, self._choice.key()
        # Long runs yield to a camera, to interactive requests and to each other.
        priority = Priority.INTERACTIVE if automatic else Priority.NORMAL
        values = self._choice.values | dict(request.values)
        whole = replace(request, values=values)
        title = "" if automatic else self._captions.of_request(whole)
        job = self._jobs.submit(request, Lane(RESULT, Policy.REPLACE, priority), title)
        place = self._choice.workspace_name
        run = MethodRun(request, values, method, model, place, automatic, key, job)
        self._front[place] = run
        self.started.emit()
        job.progressed.connect(lambda progress: self._tell_progress(run, progress))
        job.partial.connect(lambda partial: self._report(run, partial))
        job.done.connect(lambda result: self._finish(run, result))
        job.failed.connect(lambda error: self._fail(run, error))
        job.cancelled.connect(lambda _: self._stop(run))
        self.front_changed.emit()

    def _end_replaced(self, run: MethodRun | None) -> None:
        """Cancel the run that a new one replaces; slow runs of other methods continue.

        Runs that are neither automatic nor of the same method and image continue.
        """
        if run is None or not run.job.open:
            return
        method = self._choice.method
        same = method is not None and run.info.name == method.name
        if run.automatic or (same and self._asks_the_same_image(run)):
            job = run.job
            job.cancel()
            job.forget()

    def _steer(self, changes: Mapping[str, Value]) -> bool:
        """Steer the running job if all changed parameters are steerable."""
        run = self.current
        if run is None or not self.running:
            return False
        steerable = {p.name for p in run.info.parameters if p.steerable}
        if not changes or not changes.keys() <= steerable:
            return False
        run.job.steer(changes)
        run.key = self._choice.key()
        return True

    def _tell_progress(self, run: MethodRun, progress: Progress) -> None:
        if progress.fraction is not None:
            run.percent = round(100 * progress.fraction)
        if run is self.current:
            self.progressed.emit(progress, run.job.left)

    def _report(self, run: MethodRun, partial: Partial) -> None:
        run.report = partial.report
        if run is self.current:
            self.reported.emit(partial.report)

    def _finish(self, run: MethodRun, result: Run) -> None:
        run.report, recipe = result.report, result.recipe
        self._quickness.learn(recipe.method, recipe.model, run.job.seconds)
        self.history.add(result)
        if run is not self.current:
            self.finished_behind.emit(result)
            return
        if run.key == self._choice.key():
            self._choice.learn_layer(result.report)
            run.key = self._choice.key()
        self.finished.emit(result)
        self.pace_changed.emit()

    def _fail(self, run: MethodRun, error: ErrorRecord) -> None:
        error = name_fields(error, run.info)
        if run is self.current:
            self.failed.emit(error)
        else:
            whole = replace(run.request, values=run.values)
            self.failed_behind.emit(self._captions.of_request(whole), error)

    def _stop(self, run: MethodRun) -> None:
        self.cut_short.emit(run)
        if run is self.current:
            self.stopped.emit(run.percent)


def _recipe_of(run: MethodRun) -> Recipe:
    """Return the recipe of a run that is not complete."""
    request, model = run.request, run.model
    defaults = {each.name: each.default for each in run.info.parameters}
    return Recipe(
        method=request.method,
        values=defaults | dict(run.values),
        model=request.model.reference,
        model_sha256=model.sha256 if model else "",
        preprocess=model.preprocess if model else Preprocess(),
        image=request.image.name if request.image else "",
        image_sha256=request.image.sha256 if request.image else "",
        seed=request.seed,
        device=model.device if model else "cpu",
        adversarial=run.info.capabilities.adversarial,
    )
