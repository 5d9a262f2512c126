"""``nnviz --kiosk``: one lesson or Live on a stand, with a watchdog."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from nnviz.base.documents.guides import SUFFIX
from nnviz.base.errors import UsageError
from nnviz.base.host.child_processes import module_command
from nnviz.base.kiosk import IDLE, KioskOrder
from nnviz.base.shipped.resources import resource
from nnviz.cli import live
from nnviz.cli.arguments import Parser
from nnviz.cli.lesson import checked
from nnviz.runtime.watchdog import Watchdog

OPTION = "--kiosk"
_UNWATCHED, _WATCHED = "--unwatched", "--watched"
_LEAST_IDLE = 5.0


def wants_watchdog(words: Sequence[str]) -> bool:
    """Return whether the arguments ask for a watchdog process."""
    return not {_UNWATCHED, _WATCHED, "-h", "--help"} & set(words)


def watch(words: Sequence[str]) -> int:
    """Run the kiosk as a child process, restarting it until it is closed.

    Args:
        words: arguments that ``read`` has accepted.
    """
    command = [*module_command("nnviz"), OPTION, *words, _WATCHED]
    return Watchdog(command).run()


def read(words: Sequence[str]) -> KioskOrder:
    """Parse the arguments after ``nnviz --kiosk``.

    Raises:
        UsageError: an argument is unknown, or there is nothing to show.
        InputError: the lesson or source does not exist.
    """
    parser = _parser()
    options, rest = parser.parse_known_args(list(words))
    if not options.what:
        raise UsageError(OPTION, "nothing to show", "name a lesson or a camera")
    guide = _guide(options.what)
    if guide:
        parser.read(words)  # a lesson has none of Live's options
        return KioskOrder(guide=guide, idle=options.idle, watched=options.watched)
    order, _ = live.read(["--source", options.what, *rest])
    return KioskOrder(live=order, idle=options.idle, watched=options.watched)


def _guide(what: str) -> str:
    """Return the path of the lesson that is named; "" where it is a source.

    Raises:
        InputError: the file holds no lesson.
    """
    try:
        path = resource("lessons", "en", f"{what}{SUFFIX}")
    except FileNotFoundError:
        path = Path(what)
    if path.suffix.lower() != SUFFIX:
        return ""
    checked(str(path))
    return str(path.resolve())


def _idle(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not _LEAST_IDLE <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of at least {_LEAST_IDLE:g}"
        )
    return seconds


def _parser() -> Parser:
    parser = Parser(
        OPTION,
        "Show one guided lesson, or Live, full screen at a stand: nothing can be "
        "opened or saved, it starts over when idle, and a window that ends or hangs "
        "is restarted.  Ctrl+Alt+Shift+Q ends it.  A camera or a video takes the "
        "options of nnviz live too.",
        usage="LESSON|CAMERA|VIDEO [options]",
    )
    parser.add_argument("what", metavar="LESSON|CAMERA|VIDEO", nargs="?", default="")
    parser.add_argument(
        "--idle",
        metavar="SECONDS",
        type=_idle,
        default=IDLE,
        help=f"pause after which it starts over [default {IDLE:g}]",
    )
    parser.add_argument(
        _UNWATCHED,
        action="store_true",
        help="start no process that restarts the window",
    )
    parser.add_argument(_WATCHED, action="store_true", help=argparse.SUPPRESS)
    return parser
