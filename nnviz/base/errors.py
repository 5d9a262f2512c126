"""Errors in words: each message names the thing, the reason and the remedy."""

import difflib
import re
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_MAX_SUGGESTIONS = 3
_LONGEST_LINE = 400
_BREAK = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
"""What ``str.splitlines`` splits at."""


class ErrorKind(StrEnum):
    """The kind of an error; decides how the GUI shows it."""

    USER = "user"
    MODEL = "model"
    MEMORY = "memory"
    TRUST = "trust"
    """A program that the user has not yet allowed to run: the window asks."""
    OURS = "ours"


class NnvizError(Exception):
    """An error that is reported in one line: ``what: reason; remedy``.

    Attributes:
        what: the object concerned: a file's name, a layer, a parameter.
        reason: why it cannot be used, in lower case, without a final period.
        remedy: what would help; may be empty.
        option: command-line option that applies the remedy; may be empty.
    """

    kind = ErrorKind.USER
    exit_status = 1
    option = ""

    def __init__(self, what: str, reason: str, remedy: str = "") -> None:
        super().__init__(what, reason, remedy)
        self.what = what
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the line that the user reads, with the option that would help."""
        return _with_option(self.line, self.option)

    @property
    def line(self) -> str:
        """The error in one line: what, reason and remedy."""
        what, reason, remedy = (
            _shortened(part) for part in (self.what, self.reason, self.remedy)
        )
        line = f"{what}: {reason}" if what else reason
        line = f"{line}; {remedy}" if remedy else line
        # File names may not be valid UTF-8, yet every terminal must be able to print
        # this line.
        return line.encode("utf-8", "replace").decode()


def _shortened(text: str) -> str:
    """Return a text in one line, its end cut where it is long.

    What others' programs say of an error may be a page.
    """
    line = _BREAK.sub(" ", text).strip()
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."


class UsageError(NnvizError):
    """A name, an option or a value that does not exist or is out of range."""

    exit_status = 2


class InputError(NnvizError):
    """A file or image that cannot be read, written or used."""


class TrustError(InputError):
    """A file that runs code when opened, which is refused until the user trusts it."""

    kind = ErrorKind.TRUST
    option = "--trust"


class OfflineError(NnvizError):
    """Weights that are not on this machine and could not be fetched."""


class ModelError(NnvizError):
    """A network that cannot do what a method needs; names the layer and the shapes."""

    kind = ErrorKind.MODEL


class OutOfMemoryError(NnvizError):
    """Memory ran out even with the smallest chunk."""

    kind = ErrorKind.MEMORY


class CancelledError(Exception):
    """The job was cancelled, which is not a failure and is not reported."""


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error as text, free of frames and objects, fit to cross threads.

    Attributes:
        kind: kind of the error.
        text: the one line for the user.
        details: the traceback for the log and the copy button.
        option: command-line option that would help; a button in the window.
    """

    kind: ErrorKind
    text: str
    details: str
    option: str = ""

    def __str__(self) -> str:
        """Return the line as the command line says it, with the option."""
        return _with_option(self.text, self.option)


def error_record(error: BaseException) -> ErrorRecord:
    """Convert an exception to text, and release the variables that its frames hold.

    An exception keeps the local variables of all functions that it passed alive,
    images and tensors among them.
    """
    details = "".join(traceback.format_exception(error))
    _clear_frames(error)
    if isinstance(error, NnvizError):
        return ErrorRecord(error.kind, error.line, details, error.option)
    line = traceback.format_exception_only(error)[-1].strip()
    return ErrorRecord(ErrorKind.OURS, f"nnviz made a mistake: {line}", details)


def _with_option(line: str, option: str) -> str:
    return f"{line} ({option})" if option else line


def _clear_frames(error: BaseException | None) -> None:
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def unknown(
    noun: str, name: str, known: Iterable[str], otherwise: str = ""
) -> UsageError:
    """Return the error for a name that does not exist, with the nearest that do.

    Args:
        noun: kind of the thing, "layer".
        name: the unknown name.
        known: existing names.
        otherwise: remedy where no name is near; empty, the known names are listed.
    """
    choices = list(known)
    words = [choice for choice in choices if name.lower() in _words(choice)]
    close = difflib.get_close_matches(name, choices, _MAX_SUGGESTIONS, 0.4)
    near = list(dict.fromkeys([*sorted(words, key=len), *close]))
    if not near:
        near = [choice for choice in choices if name.lower() in choice.lower()]
    if near:
        remedy = "did you mean " + " or ".join(near[:_MAX_SUGGESTIONS]) + "?"
    elif otherwise:
        remedy = otherwise
    else:
        remedy = f"known: {', '.join(choices[:12])}" if choices else ""
    return UsageError(name, f"no such {noun}", remedy)


def _words(text: str) -> list[str]:
    """Return the words of a name in lower case: grad and cam of grad_cam."""
    return re.split(r"[^a-z0-9]+", text.lower())
