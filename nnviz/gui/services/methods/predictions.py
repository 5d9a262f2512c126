"""Predictions of the open network for the open image, kept up to date."""

from PySide6.QtCore import QObject, Signal

from nnviz.base.recipes import Run
from nnviz.base.requests import RunMethod
from nnviz.base.results import Ranking, Report
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.models import Models
from nnviz.gui.state.selection import Selection

METHOD = "predictions"
_LANE = Lane(METHOD)
_TOP = 5


class Predictions(QObject):
    """Requests a prediction whenever the image or the network changes.

    While a camera is shown nothing is requested; the prediction follows afterwards.
    """

    predicted = Signal(object)
    """Report of the predictions; None while there is none."""
    failed = Signal(object)
    """ErrorRecord."""

    def __init__(
        self,
        jobs: Jobs,
        selection: Selection,
        models: Models,
        choice: MethodChoice,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._selection, self._models = jobs, selection, models
        self._choice = choice
        self._due = False
        self.report: Report | None = None
        """The newest predictions."""
        self._top: dict[tuple[str, str], str] = {}
        """Most likely class by the hashes of network and image."""
        selection.changed.connect(self._renew)
        choice.entered.connect(self._ask)

    @property
    def running(self) -> bool:
        """Whether a prediction is being computed."""
        return self._jobs.running(_LANE)

    def top(self, model_sha256: str, image_sha256: str) -> str:
        """Return a network's top class for an image; "" if unknown."""
        return self._top.get((model_sha256, image_sha256), "")

    def learn(self, model_sha256: str, image_sha256: str, label: str) -> None:
        """Note a network's top class for an image that was predicted elsewhere."""
        self._top[model_sha256, image_sha256] = label

    def _renew(self, names: frozenset[str]) -> None:
        if names & {"model", "image"}:
            self._due = True
            self._ask()

    def _ask(self) -> None:
        if not self._due or self._choice.live:
            return
        self._due = False
        chosen, method = self._selection, self._choice.info(METHOD)
        unsuited = method and chosen.model and not method.suits(chosen.model.task)
        if not chosen.model or not chosen.image or unsuited:
            self._tell(None)
            return
        request = RunMethod(
            method=METHOD,
            model=self._models.request,
            image=chosen.image,
            values={"top_k": _TOP},
        )
        job = self._jobs.submit(request, _LANE)
        job.partial.connect(lambda partial: self._tell(partial.report))
        job.done.connect(self._end)
        job.failed.connect(self.failed.emit)

    def _end(self, run: Run) -> None:
        main = run.report.main
        if isinstance(main, Ranking) and main.labels:
            key = run.recipe.model_sha256, run.recipe.image_sha256
            self._top[key] = main.labels[int(main.values.argmax())]
        self._tell(run.report)

    def _tell(self, report: Report | None) -> None:
        self.report = report
        self.predicted.emit(report)
