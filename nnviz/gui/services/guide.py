"""Runner of guided lessons: the current step, and the actions of steps."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.documents.guides import Guide, GuideAction, GuideStep, value_of
from nnviz.base.errors import UsageError
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Value
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.models import Models
from nnviz.gui.services.recording.timeline import Timeline

_LATEST_MS = 120
"""Milliseconds between two checks for a step of a lesson that is still running."""
_PATIENCE = 50


class GuideRunner(QObject):
    """Steps through a guided lesson, performing each step's actions.

    Signals:
        changed: another guide, step, or the answer is shown.

    Args:
        choice: the selected method and its values.
        models: opens networks.
        timeline: shows steps of lessons.
        enter: enters a workspace by name.
        parent: Qt parent.
    """

    changed = Signal()

    def __init__(
        self,
        choice: MethodChoice,
        models: Models,
        timeline: Timeline,
        enter: Callable[[str], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._enter_workspace = enter
        self._choice, self._models, self._timeline = choice, models, timeline
        self.guide: Guide | None = None
        self.index = 0
        self.revealed = False

    @property
    def step(self) -> GuideStep | None:
        """The current step; None without a guide."""
        return self.guide.steps[self.index] if self.guide is not None else None

    @property
    def last(self) -> bool:
        """Whether the current step is the last."""
        return self.guide is None or self.index + 1 >= len(self.guide.steps)

    def open(self, guide: Guide) -> None:
        """Start a guided lesson."""
        self.guide = guide
        self._enter(0)

    def close(self) -> None:
        """Leave the lesson; the window stays as it is."""
        self.guide, self.index, self.revealed = None, 0, False
        self.changed.emit()

    def next(self) -> None:
        """Reveal the answer, if any; else go to the next step."""
        step = self.step
        if step is None:
            return
        if step.reveal and not self.revealed:
            self.reveal()
        elif not self.last:
            self._enter(self.index + 1)

    def back(self) -> None:
        """Go to the previous step."""
        if self.guide is not None and self.index:
            self._enter(self.index - 1)

    def reveal(self) -> None:
        """Reveal the answer."""
        step = self.step
        if step is not None and step.reveal and not self.revealed:
            self.revealed = True
            self._act(step.reveal_actions)
            self.changed.emit()

    def _enter(self, index: int) -> None:
        self.index, self.revealed = index, False
        step = self.step
        if step is not None:
            self._act(step.actions)
        self.changed.emit()

    def _act(self, actions: Sequence[GuideAction]) -> None:
        """Perform a step's actions, setting a method's values together with it."""
        values: dict[str, Value] = {}
        method: MethodInfo | None = self._choice.method
        chosen = ""
        for action in actions:
            match action.kind:
                case "workspace":
                    self._enter_workspace(action.name)
                    method = self._choice.method
                case "network":
                    self._open_network(action.name)
                case "method":
                    chosen = action.name
                    method = self._choice.info(chosen)
                case "value":
                    values |= self._value(action, method)
                case _:
                    pass
        if chosen or values:
            name = chosen or (method.name if method is not None else "")
            # A method for the network that is being opened may not suit the current
            # one.
            opening = self._models.is_opening
            take = self._choice.prefer if opening else self._choice.choose
            take(name, self._fresh(name) | values)
        steps = [int(each.name) for each in actions if each.kind == "step"]
        if steps:
            self._seek(steps[-1] - 1, _PATIENCE)

    def _fresh(self, name: str) -> dict[str, Value]:
        """Return a lesson's default values, to which a step's are added."""
        info = self._choice.info(name)
        if info is None or not info.capabilities.section:
            return {}
        layered = {"layer", "channel", "x", "y"}
        return {p.name: p.default for p in info.parameters if p.name not in layered}

    def _open_network(self, reference: str) -> None:
        if self._models.request.reference != reference:
            self._models.open(reference)

    @staticmethod
    def _value(action: GuideAction, method: MethodInfo | None) -> dict[str, Value]:
        try:
            return {action.name: value_of(action, method)}
        except UsageError:
            return {}  # the lesson was checked against the methods of another version

    def _seek(self, step: int, patience: int) -> None:
        """Show a step once it is recorded, retrying for a while."""
        recording = self._timeline.recording
        if (
            recording is not None
            and step in recording.frames
            and not self._timeline.running
        ):
            self._timeline.seek(step)
        elif patience:
            again = partial(self._seek, step, patience - 1)
            QTimer.singleShot(_LATEST_MS, self, again)
