"""Messages: lines for the status bar, banners for what went wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.info import Severity


@dataclass(frozen=True, slots=True)
class Remedy:
    """A button that mends what a notice complains of."""

    label: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be read in place, with what would help.

    Attributes:
        topic: a newer notice on the same topic takes the place of an older one.
        severity: decides the color.
        text: one line.
        details: for the copy button; empty if there is no more to say.
        remedies: buttons.
    """

    topic: str
    severity: Severity
    text: str
    details: str = ""
    remedies: tuple[Remedy, ...] = field(default=())


class Messages(QObject):
    """The one place to which every part of the window says what happened."""

    said = Signal(str)
    """A line for the status bar and the log."""
    logged = Signal(str)
    """A line for the log alone."""
    noticed = Signal(object)
    """A Notice."""
    settled = Signal(str)
    """The topic is no longer a problem."""

    def say(self, text: str) -> None:
        """Tell what happened."""
        self.said.emit(text)

    def log(self, text: str) -> None:
        """Tell what happened where nobody needs to see it at once."""
        self.logged.emit(text)

    def notice(self, notice: Notice) -> None:
        """Show a banner until it is closed or its topic settled."""
        self.noticed.emit(notice)

    def fail(self, topic: str, error: ErrorRecord, *remedies: Remedy) -> None:
        """Show an error that arrived in words."""
        text = error.text
        if error.kind is ErrorKind.OURS:
            text = self.tr("Internal error: {0}").format(text)
        self.notice(Notice(topic, Severity.PROBLEM, text, error.details, remedies))

    def settle(self, topic: str) -> None:
        """Take a topic's banner away."""
        self.settled.emit(topic)
