"""Guided lessons: Markdown files of steps, parsed and checked; they cannot run code.

A file begins with ``# Title`` and an introduction.  Each ``## Step`` has text, at most
one ``Question:``, lines ``Do: ...`` that are executed when the step is reached, and at
most one ``Reveal:``, with the text and actions that follow when the answer is shown:

    Do: workspace explain          go to a workspace
    Do: network bundled:imagenet   open a network that ships with the program
    Do: method convolution         choose a method, or a lesson
    Do: padding = same             give one of its parameters a value
    Do: step 3                     show that step of the lesson's recording
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from nnviz.base.errors import InputError, UsageError, unknown
from nnviz.base.host.reading import exists, is_file, printable
from nnviz.base.info import MethodInfo
from nnviz.base.notation.numerals import is_whole
from nnviz.base.parameters import Parameter, Value
from nnviz.base.shipped.resources import resource

PLACES = (
    *("inspect", "explain", "imagine", "style", "attack", "live", "data", "train"),
    "learn",
)
"""Names of the workspaces that a step can go to."""
SUFFIX = ".md"
_LARGEST = 1 << 20
_NETWORK = "bundled:"
_FENCES = ("```", "~~~")
"""Fences of code blocks in Markdown."""
_ACTION = re.compile(r"Do:\s*(\w+)(\s*=)?\s*(.*)")
_USAGE = "see the guided lessons in CONTRIBUTING.md"


@dataclass(frozen=True, slots=True)
class GuideAction:
    """An action that a step performs in the window.

    Attributes:
        kind: "workspace", "network", "method", "value" or "step".
        name: of the workspace, network, method or parameter; for a step, its number.
        text: a parameter's value as written.
        line: line number in the file, counted from 1.
    """

    kind: str
    name: str
    text: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class GuideStep:
    """A step of a guided lesson.

    Attributes:
        title: its heading.
        words: its text, Markdown.
        question: a question to answer before the reveal; may be empty.
        actions: executed when the step is reached.
        reveal: Markdown; may be empty.
        reveal_actions: executed when the answer is shown.
    """

    title: str
    words: str = ""
    question: str = ""
    actions: tuple[GuideAction, ...] = ()
    reveal: str = ""
    reveal_actions: tuple[GuideAction, ...] = ()


@dataclass(frozen=True, slots=True)
class Guide:
    """A guided lesson.

    Attributes:
        name: name of its file, without the suffix.
        title: the first heading.
        about: Markdown below the title.
        steps: at least one.
    """

    name: str
    title: str
    about: str
    steps: tuple[GuideStep, ...]


def parse_guide(text: str, name: str) -> Guide:
    """Parse a guided lesson.

    Args:
        text: Markdown.
        name: of the file, for errors and as the guide's name.

    Raises:
        InputError: names the line and what is wrong with it.
    """
    reader = _Reader(name)
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(number, line.rstrip())
    return reader.guide()


@dataclass(slots=True)
class _Reader:
    """Line-by-line parser of a guide."""

    name: str
    title: str = ""
    about: list[str] = field(default_factory=list)
    steps: list[GuideStep] = field(default_factory=list)
    _revealing: bool = False
    _fence: str = ""
    """Fence that opened the current code block, in which all lines are text."""

    def take(self, number: int, line: str) -> None:
        if self._in_code(line):
            self._take_words(number, line)
        elif line.startswith("## "):
            self._require(bool(self.title), number, "a step stands before # Title")
            self.steps.append(GuideStep(line[3:].strip()))
            self._revealing = False
        elif line.startswith("# "):
            self._require(not self.title, number, "a second # Title")
            self.title = line[2:].strip()
        elif self.steps:
            self._take_in_step(number, line)
        else:
            self._require(not line.startswith("Do:"), number, "Do: before any ## Step")
            self._take_words(number, line)

    def _in_code(self, line: str) -> bool:
        """Tell whether a line opens, closes or lies in a fenced block of code."""
        fence = line.lstrip()[:3]
        if self._fence:
            self._fence = "" if fence == self._fence else self._fence
            return True
        self._fence = fence if fence in _FENCES else ""
        return bool(self._fence)

    def _take_words(self, number: int, line: str) -> None:
        if not self.title:
            self._require(not line.strip(), number, "the file must begin with # Title")
        elif not self.steps:
            self.about.append(line)
        elif self._revealing:
            step = self.steps[-1]
            self.steps[-1] = replace(step, reveal=f"{step.reveal}\n{line}")
        else:
            step = self.steps[-1]
            self.steps[-1] = replace(step, words=f"{step.words}\n{line}")

    def _take_in_step(self, number: int, line: str) -> None:
        step = self.steps[-1]
        if line.startswith("Do:"):
            action = _action(line, number, self.name)
            if self._revealing:
                done = (*step.reveal_actions, action)
                self.steps[-1] = replace(step, reveal_actions=done)
            else:
                self.steps[-1] = replace(step, actions=(*step.actions, action))
        elif line.startswith("Question:"):
            self._require(not step.question, number, "a second Question: in this step")
            self._require(not self._revealing, number, "Question: behind Reveal:")
            self.steps[-1] = replace(step, question=line[len("Question:") :].strip())
        elif line.startswith("Reveal:"):
            self._require(not self._revealing, number, "a second Reveal: in this step")
            self._revealing = True
            self.steps[-1] = replace(step, reveal=line[len("Reveal:") :].strip())
        else:
            self._take_words(number, line)

    def _require(self, holds: bool, number: int, reason: str) -> None:  # noqa: FBT001
        if not holds:
            raise _mistake(self.name, number, reason)

    def guide(self) -> Guide:
        """Return the parsed guide.

        Raises:
            InputError: there is no title, no step, or nothing in any step that makes
                these headings a lesson: any text has headings.
        """
        if not self.title or not self.steps:
            missing = "# Title" if not self.title else "## Step"
            raise self._no_lesson(f"it has no {missing}")
        if not any(step.actions or step.question or step.reveal for step in self.steps):
            raise self._no_lesson("no step has Do:, Question: or Reveal:")
        stripped = tuple(
            replace(step, words=step.words.strip(), reveal=step.reveal.strip())
            for step in self.steps
        )
        about = "\n".join(self.about).strip()
        return Guide(self.name.removesuffix(SUFFIX), self.title, about, stripped)

    def _no_lesson(self, reason: str) -> InputError:
        return InputError(self.name, f"is not a guided lesson, {reason}", _USAGE)


def _action(line: str, number: int, file: str) -> GuideAction:
    """Parse a line ``Do: ...``.

    Raises:
        InputError: the line names no known action.
    """
    found = _ACTION.fullmatch(line)
    if found is None:
        raise _mistake(file, number, f"{line!r} has no action")
    word, equals, rest = found[1], found[2], found[3].strip()
    if equals:
        return GuideAction("value", word, rest, number)
    if word in {"workspace", "network", "method", "step"} and rest:
        return GuideAction(word, rest, "", number)
    raise _mistake(file, number, f"{word!r} is not a known action")


def check_guide(guide: Guide, methods: Iterable[MethodInfo]) -> None:
    """Check that every workspace, network, method and value that a guide names exists.

    Args:
        guide: as read.
        methods: all methods.

    Raises:
        InputError: names the line and what is wrong with it.
    """
    known = {info.name: info for info in methods}
    method: MethodInfo | None = None
    for step in guide.steps:
        for action in (*step.actions, *step.reveal_actions):
            try:
                method = _checked(action, known, method)
            except UsageError as error:
                reason = f"{error.what}: {error.reason}"
                raise _mistake(
                    f"{guide.name}{SUFFIX}", action.line, reason, error.remedy
                ) from None


def _checked(
    action: GuideAction, known: Mapping[str, MethodInfo], method: MethodInfo | None
) -> MethodInfo | None:
    """Check an action, and return the method that is selected after it.

    Raises:
        UsageError: there is no such workspace, network, method, parameter or value.
    """
    match action.kind:
        case "workspace" if action.name not in PLACES:
            raise unknown("workspace", action.name, PLACES)
        case "network" if not action.name.startswith(_NETWORK):
            raise UsageError(
                action.name, "does not ship with the program", "name one: bundled:..."
            )
        case "method" if action.name not in known:
            raise unknown("method", action.name, known)
        case "method":
            return known[action.name]
        case "step" if not is_whole(action.name):
            raise UsageError(
                "step", f"{action.name[:40]!r} is not a number", "count from 1"
            )
        case "value":
            value_of(action, method)
        case _:
            pass
    return method


def value_of(action: GuideAction, method: MethodInfo | None) -> Value:
    """Return the parameter value that an action sets.

    Raises:
        UsageError: no method is selected, or it does not accept this parameter or
            value.
    """
    if method is None:
        raise UsageError(action.name, "no method is chosen before", "Do: method NAME")
    named: dict[str, Parameter] = {each.name: each for each in method.parameters}
    if action.name not in named:
        raise unknown("parameter", action.name, named)
    return named[action.name].parse(action.text)


def read_guide(path: Path) -> Guide:
    """Parse a guided lesson from a file.

    Raises:
        InputError: the file cannot be read, is too large, or is no guided lesson; names
            the line.
    """
    try:
        if not is_file(path):
            reason = "is no regular file" if exists(path) else "no such file"
            raise InputError(printable(path.name), reason, "name a lesson")
        if path.stat().st_size > _LARGEST:
            raise InputError(path.name, "is too large for a lesson", "1 MiB at most")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        reason = "cannot be read as text"
        raise InputError(path.name, reason, "save it as UTF-8") from None
    return parse_guide(text, path.name)


@cache
def shipped_guides(language: str = "en") -> Sequence[Guide]:
    """Return the guided lessons that ship with the program, sorted by name.

    Args:
        language: name of their folder.

    Raises:
        InputError: one of the files is no guided lesson.
    """
    files = sorted(resource("lessons", language).glob(f"*{SUFFIX}"))
    return tuple(read_guide(path) for path in files)


def _mistake(file: str, line: int, reason: str, remedy: str = "") -> InputError:
    return InputError(f"{file}, line {line}", reason, remedy or _USAGE)
