"""The question before a run at the full size of a large image."""

from PySide6.QtCore import QCoreApplication

from nnviz.base.info import Severity
from nnviz.gui.services.method_choice import MethodChoice
from nnviz.gui.services.method_runner import MethodRunner
from nnviz.gui.state.large_output import SMALLER_SIDE, LargeOutput
from nnviz.gui.state.messages import Messages, Notice, Remedy
from nnviz.gui.theme.signs import TIMES

_TOPIC = "run"


def ask_about_size(
    runs: MethodRunner, choice: MethodChoice, messages: Messages
) -> None:
    """Ask in a notice before each large run, with both answers as buttons."""

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


def words(large: LargeOutput) -> str:
    """Return how large an image is and how much longer its full size takes."""
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
    return QCoreApplication.translate("SizeQuestion", text)
