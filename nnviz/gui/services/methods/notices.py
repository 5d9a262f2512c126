"""Notices about runs: confirmation of large ones, duration of long ones."""

from PySide6.QtCore import QCoreApplication

from nnviz.base.events import Progress
from nnviz.base.info import Severity
from nnviz.base.notation.durations import long_duration
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.methods.runner import MethodRunner
from nnviz.gui.state.messages import Messages, Notice, Remedy
from nnviz.gui.state.run_cost import SMALLER_SIDE, LargeOutput
from nnviz.gui.theme.signs import TIMES

_TOPIC = "run"
_LONG_TOPIC = "long run"
_LONG = 60.0
"""Remaining seconds from which a run is announced as long."""
_PACE_SECONDS = 2.0
"""Seconds after which the pace can be estimated."""


def ask_about_size(
    runs: MethodRunner, choice: MethodChoice, messages: Messages
) -> None:
    """Ask before each large run, in a notice with a button for each answer."""

    def ask(large: LargeOutput) -> None:
        def run_smaller() -> None:
            messages.settle(_TOPIC)
            choice.adjust({large.parameter: SMALLER_SIDE})
            runs.run()

        def run_whole() -> None:
            messages.settle(_TOPIC)
            runs.run_at_full_size()

        smaller = Remedy(_tr("Run at {0} px").format(f"{SMALLER_SIDE:,}"), run_smaller)
        whole = Remedy(_tr("Full size"), run_whole)
        messages.notice(
            Notice(_TOPIC, Severity.NOTE, words(large), remedies=(smaller, whole))
        )

    runs.large.connect(ask)


def tell_long_runs(runs: MethodRunner, messages: Messages) -> None:
    """Announce the duration of each run of a minute or more, once.

    An occlusion of every pixel takes hours; an optimization has its timeline, and is
    watched while it runs.
    """
    told = [0.0]  # start time of the last announced run, so that no run is kept alive

    def follow(_: Progress, left: float) -> None:
        run = runs.current
        if run is None or run.info.recorded:
            return
        if run.began == told[0]:
            if left < _LONG:  # nearly done, or the first passes were slow
                messages.settle(_LONG_TOPIC)
            return
        if left < _LONG or run.seconds < _PACE_SECONDS:
            return
        told[0] = run.began
        words = _tr("{0} will take about {1} more.").format(
            run.info.title, long_duration(left)
        )
        remedies = (Remedy(_tr("Stop"), runs.stop),)
        messages.notice(Notice(_LONG_TOPIC, Severity.NOTE, words, remedies=remedies))

    def settle(*_: object) -> None:
        messages.settle(_LONG_TOPIC)

    runs.progressed.connect(follow)
    for ended in (runs.finished, runs.stopped, runs.failed, runs.finished_behind):
        ended.connect(settle)


def words(large: LargeOutput) -> str:
    """Return the image's size and the extra time of its full size, as text."""
    height, width = large.image.size
    return _tr(
        "{0} has {1} megapixels ({2}): {3} at full size takes about {4} times as long "
        "as at {5} px."
    ).format(
        large.image.name,
        large.megapixels,
        f"{width:,} {TIMES} {height:,}",
        large.title,
        f"{large.times_longer:.1f}",
        f"{SMALLER_SIDE:,}",
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunNotices", text)
