"""Trust checks of the shown map, measured automatically while idle."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy, Priority, Progress
from nnviz.base.explanations.trust import Trust, TrustCheck
from nnviz.base.frames import Frame
from nnviz.base.recipes import Run
from nnviz.base.requests import MeasureTrust, RunMethod
from nnviz.base.results import Heatmap, Report
from nnviz.gui.services.display import Display
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.gui.services.methods.captions import Captions
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.models import Models
from nnviz.gui.state.display import DisplayState, Phase
from nnviz.gui.state.settings import Settings

_UNASKED = Lane("trust", Policy.REPLACE, Priority.IDLE)
_ASKED = Lane("trust check", Policy.REPLACE, Priority.NORMAL)
_QUIET_MS = 600
"""Milliseconds without requests before a map is measured."""
_KEPT = 64


@dataclass(frozen=True, slots=True, eq=False)
class TrustState:
    """The trust scores known of the shown map.

    Attributes:
        run: the map; None where no measurable map is shown.
        found: figures so far; None while there are none.
        progress: of the running measurement; None while there is none.
        error: why it could not be measured.
    """

    run: Run | None = None
    found: Trust | None = None
    progress: Progress | None = None
    error: str = ""


class TrustChecks(QObject):
    """Measures the shown map's trust scores while nothing else is running.

    Any other request stops the measurement at once, even within a check; it resumes
    from the completed curves when the worker is idle.
    """

    changed = Signal(object)
    """TrustState."""

    def __init__(
        self,
        parent: QObject,
        *,
        jobs: Jobs,
        display: Display,
        choice: MethodChoice,
        models: Models,
        captions: Captions,
        settings: Settings,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._choice, self._models = jobs, choice, models
        self._captions, self._settings = captions, settings
        self.state = TrustState()
        self._known: OrderedDict[int, tuple[Report, Trust]] = OrderedDict()
        """Scores by the report's ``id``; the report is kept alive, so that the id stays
        unique.
        """
        self._job: JobHandle[Trust] | None = None
        self._wait = QTimer(self, singleShot=True, interval=_QUIET_MS)
        self._wait.timeout.connect(self._start)
        jobs.submitted.connect(self._give_way)
        display.changed.connect(self._follow)

    @property
    def automatic(self) -> bool:
        """Whether maps are measured automatically."""
        return self._settings.measures_trust

    def set_automatic(self, on: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Set whether maps are measured automatically."""
        self._settings.measures_trust = on
        if on:
            self._wait.start()
        else:
            self._end()
            self._tell()

    def measure(self, check: TrustCheck, mask: NDArray[np.uint8] | None = None) -> None:
        """Run one more check of the shown map, on request.

        Args:
            check: the check.
            mask: (h, w) over the image, of the object, for the check of the object.
        """
        run = self.state.run
        if run is None:
            return
        self._end()
        title = self._captions.title(run)
        words = self.tr("Check of {0}").format(title)
        self._submit(run, check, _ASKED, words, mask)

    def _follow(self, state: DisplayState) -> None:
        run = _measurable(state)
        method = self._choice.info(run.recipe.method) if run is not None else None
        if method is None or not method.capabilities.comparable or state.live:
            run = None
        shown = self.state.run
        if run is not None and shown is not None and run.report is shown.report:
            return
        if run is None and shown is None:
            return
        self._end()
        self.state = TrustState(run, self._found(run))
        self.changed.emit(self.state)
        self._wait.start()

    def _found(self, run: Run | None) -> Trust | None:
        known = self._known.get(id(run.report)) if run is not None else None
        return known[1] if known is not None else None

    def _start(self) -> None:
        """Start measuring the shown map, unless it is measured."""
        run = self.state.run
        busy = self._job is not None and self._job.open
        if run is not None and self.automatic and not busy and self.state.found is None:
            self._submit(run, TrustCheck.CURVES, _UNASKED, "")

    def _submit(
        self,
        run: Run,
        check: TrustCheck,
        lane: Lane,
        title: str,
        mask: NDArray[np.uint8] | None = None,
    ) -> None:
        main = run.report.main
        if not isinstance(main, Heatmap):
            return
        request = MeasureTrust(
            run=_request_of(run, self._models),
            heatmap=main,
            completeness=run.report.completeness,
            checks=(check,),
            mask=mask,
        )
        self._job = job = self._jobs.submit(request, lane, title)
        self._tell(Progress(0, 0, ""))
        job.progressed.connect(self._tell)
        job.done.connect(lambda found: self._keep(run, found))
        job.failed.connect(self._fail)
        job.cancelled.connect(lambda _: self._tell())

    def _give_way(self, lane: Lane) -> None:
        """Yield to jobs that the user waits for."""
        if lane not in (_UNASKED, _ASKED):
            if self._job is not None and self._job.lane is _UNASKED:
                self._end()
                self._tell()
            self._wait.start()

    def _end(self) -> None:
        job, self._job = self._job, None
        if job is not None and job.open:
            job.cancel()
            job.forget()

    def _keep(self, run: Run, found: Trust) -> None:
        known = self._found(run)
        whole = found if known is None else known.merged(found)
        self._known[id(run.report)] = run.report, whole
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        if self.state.run is not None and self.state.run.report is run.report:
            self.state = TrustState(self.state.run, whole)
            self.changed.emit(self.state)
            self._wait.start()

    def _fail(self, error: ErrorRecord) -> None:
        self._tell(error=error.text)

    def _tell(self, progress: Progress | None = None, *, error: str = "") -> None:
        run = self.state.run
        self.state = TrustState(run, self._found(run), progress, error)
        self.changed.emit(self.state)


def _measurable(state: DisplayState) -> Run | None:
    """Return the shown run if its map is complete and lies over the image."""
    content = state.content
    if content is None or content.run is None or content.phase is not Phase.DONE:
        return None
    main = content.report.main
    over = isinstance(main, Heatmap) and main.frame is Frame.INPUT
    return content.run if over and content.image is not None else None


def _request_of(run: Run, models: Models) -> RunMethod:
    """Return a run's request, with the open network."""
    recipe = run.recipe
    return RunMethod(
        method=recipe.method,
        model=models.request,
        image=run.image,
        values=recipe.values,
        seed=recipe.seed,
    )
