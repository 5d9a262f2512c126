"""Rotating log file of messages, notices and uncaught errors.

The log is never sent anywhere.
"""

import faulthandler
import logging
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_path

from nnviz.gui.state.messages import Messages, Notice

_BYTES, _OLDER = 1_000_000, 4
"""Size at which a new file starts, and the number of older files kept."""
_FORMAT = "%(asctime)s %(levelname)s %(message)s"


class LogFile:
    """Logs messages, notices with details, and uncaught errors.

    Args:
        folder: folder of the files; by default the user's own log folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or user_log_path("nnviz", appauthor=False)) / "nnviz.log"
        self._logger = logging.getLogger("nnviz.window")
        self._logger.setLevel(logging.INFO)
        self._logger.propagate = False
        self._crashes = self.path.with_name("crashes.log")
        with suppress(OSError):  # a full or locked disk must not prevent the start
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handler = RotatingFileHandler(
                self.path, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8"
            )
            handler.setFormatter(logging.Formatter(_FORMAT))
            self._logger.addHandler(handler)

    def follow(self, messages: Messages) -> None:
        """Log all of the window's messages from now on."""
        messages.said.connect(self._logger.info)
        messages.logged.connect(self._logger.info)
        messages.noticed.connect(self._write_notice)

    def catch(self) -> None:
        """Log uncaught errors, and the place of a crash in native code."""
        before, before_thread = sys.excepthook, threading.excepthook

        def note(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            self._logger.error("not caught", exc_info=(kind, error, trace))
            before(kind, error, trace)

        def note_thread(args: threading.ExceptHookArgs) -> None:
            if args.exc_value is not None:
                found = (args.exc_type, args.exc_value, args.exc_traceback)
                self._logger.error("not caught in a thread", exc_info=found)
            before_thread(args)

        sys.excepthook, threading.excepthook = note, note_thread
        with suppress(OSError):
            # Stays open, to be written while the process crashes.
            self._crash_file = self._crashes.open("a", encoding="utf-8")
            faulthandler.enable(self._crash_file)

    def close(self) -> None:
        """Stop logging."""
        for handler in list(self._logger.handlers):
            self._logger.removeHandler(handler)
            handler.close()

    def write(self, text: str) -> None:
        """Log a line."""
        self._logger.info(text)

    def _write_notice(self, notice: Notice) -> None:
        details = f"\n{notice.details}" if notice.details else ""
        self._logger.warning(
            "%s: %s: %s%s", notice.severity, notice.topic, notice.text, details
        )
