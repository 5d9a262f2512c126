"""The notice of a run that will take long, told as soon as its pace is known."""

from PySide6.QtCore import QCoreApplication

from nnviz.base.durations import long_duration
from nnviz.base.events import Progress
from nnviz.base.info import Severity
from nnviz.gui.services.method_runner import MethodRunner
from nnviz.gui.state.messages import Messages, Notice, Remedy

_TOPIC = "long run"
_LONG = 60.0
"""s to go from which a run is told to take long."""
_PACE_SECONDS = 2.0
"""After so long the pace is known."""


def tell_long_runs(runs: MethodRunner, messages: Messages) -> None:
    """Say once of each run how long it will take, where that is a minute or more.

    An occlusion of every pixel takes hours; an optimization has its timeline, and is
    looked at while it goes on.
    """
    told = [0.0]  # when the run began of which it was told: no run is kept alive

    def follow(_: Progress, left: float) -> None:
        run = runs.current
        if run is None or run.began == told[0] or run.info.recorded:
            return
        if left < _LONG or run.seconds < _PACE_SECONDS:
            return
        told[0] = run.began
        words = _tr("{0} takes about {1} more.").format(
            run.info.title, long_duration(left)
        )
        remedies = (Remedy(_tr("Stop"), runs.stop),)
        messages.notice(Notice(_TOPIC, Severity.NOTE, words, remedies=remedies))

    def settle(*_: object) -> None:
        messages.settle(_TOPIC)

    runs.progressed.connect(follow)
    for ended in (runs.finished, runs.stopped, runs.failed, runs.finished_behind):
        ended.connect(settle)


def _tr(text: str) -> str:
    return QCoreApplication.translate("LongRuns", text)
