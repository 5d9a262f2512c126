"""Messages for the status bar, and notices for banners."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.info import Severity


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button that fixes the problem of a notice."""

    label: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of a banner, with its remedies.

    Attributes:
        topic: a newer notice on the same topic replaces the older one.
        severity: sets the color.
        text: one line.
        details: text for the copy button; empty if there are no details.
        remedies: buttons.
    """

    topic: str
    severity: Severity
    text: str
    details: str = ""
    remedies: tuple[Remedy, ...] = field(default=())


class Messages(QObject):
    """The hub through which all parts of the window report events."""

    said = Signal(str)
    """A line for the status bar and the log."""
    logged = Signal(str)
    """A line for the log alone."""
    noticed = Signal(object)
    """A Notice."""
    settled = Signal(str)
    """A topic that is no longer a problem."""

    def say(self, text: str) -> None:
        """Show a message."""
        self.said.emit(text)

    def log(self, text: str) -> None:
        """Log a message without showing it."""
        self.logged.emit(text)

    def notice(self, notice: Notice) -> None:
        """Show a notice until it is closed or its topic settled."""
        self.noticed.emit(notice)

    def fail(self, topic: str, error: ErrorRecord, *remedies: Remedy) -> None:
        """Show an error as a notice."""
        text = error.text
        if error.kind is ErrorKind.OURS:
            text = self.tr("Internal error: {0}").format(text)
        self.notice(Notice(topic, Severity.PROBLEM, text, error.details, remedies))

    def settle(self, topic: str) -> None:
        """Close the notice of a topic."""
        self.settled.emit(topic)
