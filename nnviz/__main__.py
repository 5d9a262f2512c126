"""The entry point: ``nnviz COMMAND ...`` is the command line, all else the window.

Neither torch nor Qt is imported before it is known which of the two is wanted.
"""

import atexit
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

from nnviz import cli
from nnviz.base.errors import InputError, NnvizError
from nnviz.base.host.reading import exists
from nnviz.cli.arguments import Parser

_INFORMATION = ("-h", "--help", "--version")
_LIVE, _LESSON, _KIOSK = "live", "lesson", "--kiosk"
"""The commands with a window."""
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def main() -> int:
    """Run the program on its command-line arguments.

    Returns:
        The exit status: 0 done, 1 failed, 2 wrong use.
    """
    status = 1

    def end() -> None:
        importlib.import_module("nnviz.runtime.threads").exit_unfinalized(status)

    atexit.register(end)  # first, so that it is called after all others
    status = _run(sys.argv[1:])
    return status


def _run(words: list[str]) -> int:
    """Run the command line or open the window; return the exit status."""
    if _is_for_cli(words):
        return cli.main(words)
    try:
        if words[:1] == [_LIVE]:
            return _open_live(words[1:])
        if words[:1] == [_KIOSK]:
            return _open_kiosk(words[1:])
        if words[:1] == [_LESSON]:
            file = importlib.import_module("nnviz.cli.lesson").file_to_open(words[1:])
            return _open_window([file])
        return _open_window(words)
    except NnvizError as error:
        sys.stderr.write(f"nnviz: {error}\n")
        return error.exit_status


def _is_for_cli(words: list[str]) -> bool:
    """Whether the command line handles the arguments, not the window.

    The second is a command misspelt; the command line names the nearest.
    """
    if not words:
        return False
    first = words[0]
    if first == _LIVE:
        return not importlib.import_module("nnviz.cli.live").wants_window(words)
    if first == _LESSON:
        return not importlib.import_module("nnviz.cli.lesson").wants_window(words[1:])
    if first in cli.COMMANDS or first in _INFORMATION:
        return True
    return first.isalnum() and not exists(first)


def _open_window(words: list[str]) -> int:
    """Open the window on the files named and return its exit status."""
    parser = Parser("[FILE ...]", "Open the window on these files.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--model", metavar="REF", default="")
    options = parser.read(words)
    for file in options.files:
        if not exists(file):
            raise InputError(str(file), "there is no such file", "see nnviz --help")
    _need_display()
    _need_qt()
    app = _window()
    return int(app.run(tuple(options.files), options.model))


def _open_live(words: list[str]) -> int:
    """Open the window on a live source and return its exit status."""
    order, _ = importlib.import_module("nnviz.cli.live").read(words)
    _need_display()
    _need_qt()
    app = _window()
    return int(app.run((), order.model.reference, order))


def _open_kiosk(words: list[str]) -> int:
    """Open the window as a kiosk, or its watchdog process; return the exit status."""
    kiosk = importlib.import_module("nnviz.cli.kiosk")
    order = kiosk.read(words)
    _need_display()
    _need_qt()
    if kiosk.wants_watchdog(words):
        return int(kiosk.watch(words))
    app = _window()
    return int(app.run_kiosk(order))


def _window() -> ModuleType:
    """Import the window with garbage collection held."""
    importlib.import_module("nnviz.runtime.garbage").hold_collection()
    return importlib.import_module("nnviz.gui.shell.app")


def _need_qt() -> None:
    """Import Qt, which links to system libraries.

    Raises:
        InputError: one of them is missing.
    """
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        raise InputError(
            "the window", f"Qt does not load: {error}", "see README.md, section Setup"
        ) from None


def _need_display() -> None:
    """Raise where Linux has no display: Qt would abort the process.

    Raises:
        InputError: there is none.
    """
    if sys.platform == "linux" and not any(map(os.environ.get, _DISPLAYS)):
        raise InputError(
            "the window",
            "this session has no display",
            "nnviz demo --out DIR writes a gallery, nnviz live --no-window lines",
        )


if __name__ == "__main__":
    sys.exit(main())
