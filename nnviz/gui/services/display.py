"""The display: resolves what each workspace shows, and announces changes."""

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QObject, Signal

from nnviz.base.recipes import Run
from nnviz.base.results import Report
from nnviz.gui.services.methods.captions import Captions
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.methods.report_pace import ReportPace
from nnviz.gui.services.methods.runner import MethodRun, MethodRunner
from nnviz.gui.state.display import (
    Content,
    ContentKind,
    DisplayInputs,
    DisplayState,
    Phase,
    resolve,
)
from nnviz.gui.state.modes import BOTH, COMPARE, PICTURED, RESULT, WHOLE
from nnviz.gui.state.selection import Selection


class Display(QObject):
    """Contents of the canvas in each workspace.

    Everything to show is passed to this class; the central view paints only the state
    that ``changed`` emits.
    """

    changed = Signal(object)
    """DisplayState."""

    def __init__(
        self,
        selection: Selection,
        choice: MethodChoice,
        runs: MethodRunner,
        captions: Captions,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._selection, self._choice, self._runs = selection, choice, runs
        self._captions = captions
        self._contents: dict[str, Content] = {}
        self._mode = RESULT
        self._holds = False
        """Whether a step of a recording is shown while its run continues."""
        self._pace = ReportPace()
        self._portraits = "", ""
        """Workspace in which a layer's unit images were requested, and their title."""
        self.state = DisplayState()
        self._connect()

    @property
    def run(self) -> Run | None:
        """The shown result with its recipe; None for anything else."""
        content = self.state.content
        return content.run if content is not None else None

    # --- contents

    def set_mode(self, mode: str) -> None:
        """Set the mode: image, result, both, comparison, or another page."""
        self._mode = mode
        self.refresh()

    def show_run(self, run: Run) -> None:
        """Show a result that was restored or made elsewhere."""
        if self._mode in WHOLE:
            self._mode = RESULT
        self._portraits = "", ""
        self._show(_content(run, self._choice.key()))

    def show_scaled(self, report: Report) -> None:
        """Show the attack with another share of its noise."""
        content = self._contents.get(self._choice.workspace_name)
        if content is not None and content.run is not None:
            run = Run(report, content.run.recipe, content.image)
            self._show(replace(content, report=report, run=run))

    def show_step(self, run: Run) -> None:
        """Show a step of a recording."""
        self._show(_content(run, self._choice.key()))

    def show_report(
        self, report: Report, kind: ContentKind, title: str, workspace: str
    ) -> None:
        """Show a report that is not a method's result, in the workspace it is of."""
        self._put(workspace, Content(report, kind=kind, title=title))

    def begin_portraits(self, title: str) -> None:
        """Start showing synthetic images as ``update_report`` delivers them."""
        if self._mode != BOTH:
            self._mode = RESULT
        self._portraits = self._choice.workspace_name, title

    def update_report(self, report: Report, kind: ContentKind) -> None:
        """Update the report of synthetic images, if it is shown."""
        place, title = self._portraits
        if kind is ContentKind.PORTRAITS and place == self._choice.workspace_name:
            self._show(Content(report, self._selection.image, kind=kind, title=title))

    def hold(self, *, held: bool) -> None:
        """Set whether the run's reports are held back while earlier steps are shown."""
        self._holds = held

    def refresh(self) -> None:
        """Resolve the state; emit ``changed`` if it is new."""
        state = resolve(self._inputs())
        if state != self.state:
            self.state = state
            self.changed.emit(state)

    # --- event handlers

    def _connect(self) -> None:
        runs, choice = self._runs, self._choice
        runs.reported.connect(lambda _: self._follow(Phase.RUNNING))
        runs.finished.connect(self._finish)
        runs.finished_behind.connect(self._finish_behind)
        runs.restored.connect(self.show_run)
        runs.stopped.connect(lambda _: self._follow(Phase.STOPPED))
        runs.failed.connect(lambda _: self._follow(Phase.FAILED))
        runs.started.connect(self._started)
        for told in (runs.outdated, runs.pace_changed, runs.front_changed):
            told.connect(self.refresh)
        for chosen in (choice.entered, choice.edited):
            chosen.connect(self.refresh)
        for other in (choice.method_changed, choice.values_changed):
            other.connect(lambda _: self.refresh())
        self._selection.changed.connect(self._select)

    def _started(self) -> None:
        """Replace synthetic images or curves by the run that has started."""
        content = self._contents.get(self._choice.workspace_name)
        if content is not None and content.kind is not ContentKind.RESULT:
            self._contents.pop(self._choice.workspace_name)
        self._portraits = "", ""
        self._holds = False
        self._pace.restart()
        self.refresh()

    def _follow(self, phase: Phase) -> None:
        """Show the current report of the workspace's newest run."""
        run = self._runs.current
        if run is None or (self._holds and phase is Phase.RUNNING):
            return
        content = self._contents.get(run.workspace)
        if content is not None and content.kind is ContentKind.PORTRAITS:
            return
        if phase is Phase.RUNNING and run.report is not None:
            if not self._pace.is_due(run.report):
                return
            self._pace.note_shown(run.report)
        self._put(run.workspace, _part(run, phase))

    def _put(self, workspace: str, content: Content | None) -> None:
        if content is not None:
            self._contents[workspace] = content
        self.refresh()

    def _finish(self, result: Run) -> None:
        run = self._runs.current
        content = self._contents.get(self._choice.workspace_name)
        if content is None or content.kind is not ContentKind.PORTRAITS:
            self._show(_content(result, run.key if run else ()))

    def _finish_behind(self, result: Run) -> None:
        """Keep another workspace's newest result, to be shown on entering."""
        for place, run in self._runs.newest().items():
            here = run.report is result.report
            if here and result.image in (None, self._selection.image):
                self._contents[place] = _content(result, run.key)

    def _select(self, names: frozenset[str]) -> None:
        if "image" in names:
            self._leave_image()
        self.refresh()

    def _leave_image(self) -> None:
        """Drop results of another image, which the tray keeps."""
        here, gone = self._choice.workspace_name, self._selection.image is None
        for place in list(self._contents):
            if gone or place != here or not self._runs.automatic:
                self._contents.pop(place)

    # --- internals

    def _show(self, content: Content) -> None:
        self._contents[self._choice.workspace_name] = content
        self.refresh()

    def _inputs(self) -> DisplayInputs:
        choice, runs = self._choice, self._runs
        content = self._contents.get(choice.workspace_name)
        title = ""
        if content is not None:
            run = content.run
            title = self._captions.title(run) if run is not None else content.title
        workspace = choice.workspace
        return DisplayInputs(
            mode=self._mode,
            modes=workspace.pages if workspace else (*PICTURED, COMPARE),
            live=choice.live,
            content=content,
            title=title,
            method=choice.method,
            key=choice.key(),
            begun=self._running_title(),
            automatic=runs.automatic,
            running=runs.running,
            unit=self._selection.unit,
        )

    def _running_title(self) -> str:
        """Return the title of the current run, unless it is a quick automatic one."""
        run = self._runs.current
        begun = run is not None and run.job.open and not run.automatic
        return run.job.title if run is not None and begun else ""


def _content(run: Run, key: tuple[object, ...]) -> Content:
    return Content(run.report, run.image, run, key)


def _part(run: MethodRun, phase: Phase) -> Content | None:
    """Return the partial report of a run as content, with its progress."""
    stopped = QCoreApplication.translate("Display", "stopped at {0} %")
    note = stopped.format(run.percent) if phase is Phase.STOPPED else ""
    so_far = run.so_far(note)
    if so_far is None:
        return None
    content = _content(so_far, run.key)
    return replace(content, phase=phase, percent=run.percent)
