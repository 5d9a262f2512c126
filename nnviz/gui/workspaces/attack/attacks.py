"""The attack that is looked at: its noise re-scaled, its picture saved, explained."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from nnviz.base.attacks import (
    Rescaled,
    SavedPicture,
    attacked_photo,
    is_attack,
)
from nnviz.base.boards import attacked_name
from nnviz.base.events import Done, Event, Failed, Policy, Priority
from nnviz.base.images import image_from_array, rgb8
from nnviz.base.info import MethodInfo
from nnviz.base.recipes import Run
from nnviz.base.requests import RescaleNoise, RunMethod, SaveAttacked
from nnviz.base.results import Report
from nnviz.gui.services.method_runner import Runs
from nnviz.gui.services.models import Models
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.selection import Selection

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

SCALE, SEARCH, SAVE = "attack:scale", "attack:search", "attack:save"
BEFORE, AFTER = "attack:before", "attack:after"


class Attacks(QObject):
    """What can be done with the newest attack, while its photograph is looked at."""

    changed = Signal()
    """Another attack, or something new is known of it."""
    stepped = Signal(object)
    """Report of an attack that is at work."""
    scaled = Signal(object)
    """Report of the attack with a share of its noise; its own for all of it."""
    compared = Signal(object, object)
    """Two Runs: the photograph and the attacked one, explained."""

    def __init__(
        self,
        selection: Selection,
        models: Models,
        runs: Runs,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._selection, self._models = selection, models
        self._runs, self._messages = runs, messages
        self._bridge: Bridge | None = None
        self.run: Run | None = None
        self.whole: Rescaled | None = None
        """All of the noise; with where it flips, as soon as that is known."""
        self.shown: Rescaled | None = None
        """What is shown; None for the attack itself."""
        self.explaining = ""
        """Name of the method that explains before and after."""
        self._maps: dict[str, Run] = {}
        runs.finished.connect(self._take)
        runs.restored.connect(self._take)
        runs.started.connect(self._forget)
        runs.reported.connect(self._hear_step)
        selection.image_changed.connect(self._forget)
        selection.model_changed.connect(lambda _: self._forget())

    def attach(self, bridge: "Bridge") -> None:
        """Start to work: the worker is there."""
        self._bridge = bridge
        bridge.event.connect(self._hear)

    @property
    def searching(self) -> bool:
        """Whether the weakest noise that flips is being looked for."""
        return self._bridge is not None and self._bridge.busy(SEARCH)

    # --- what is asked

    def scale(self, share: float) -> None:
        """Show the attack with a share of its noise."""
        if self.run is None or self._bridge is None:
            return
        if share >= 1:
            self._bridge.cancel(SCALE)
            self.shown = self.whole
            self.scaled.emit(self.run.report)
            self.changed.emit()
            return
        request = self._noise(self.run, share)
        self._bridge.submit(SCALE, request, Policy.LATEST, Priority.INTERACTIVE)

    def save(self, path: str) -> None:
        """Write the picture that is shown, and ask about the file."""
        if self.run is None or self._bridge is None:
            return
        share = self.shown.share if self.shown is not None else 1.0
        request = SaveAttacked(
            noise=self._noise(self.run, share),
            path=path,
            recipe=self.run.recipe.to_json(),
        )
        self._bridge.submit(SAVE, request, Policy.QUEUE, Priority.INTERACTIVE)

    def methods(self) -> tuple[MethodInfo, ...]:
        """Return the methods that can explain the photograph before and after."""
        model = self._selection.model
        return tuple(
            info
            for info in self._models.catalogue.methods
            if info.group == "Explain" and model is not None and info.suits(model.task)
        )

    def explain(self, method: str) -> None:
        """Explain the photograph before and after; ends with ``compared``."""
        run = self.run
        photo = attacked_photo(run.report) if run is not None else None
        if run is None or run.image is None or photo is None or self._bridge is None:
            return
        attacked = image_from_array(rgb8(photo.pixels), attacked_name(run.image))
        self.explaining, self._maps = method, {}
        for place, image in ((BEFORE, run.image), (AFTER, attacked)):
            request = RunMethod(method=method, model=self._models.request, image=image)
            self._bridge.submit(place, request, Policy.REPLACE, Priority.NORMAL)
        self.changed.emit()

    # --- what is answered

    def _noise(self, run: Run, share: float, *, search: bool = False) -> RescaleNoise:
        photo = attacked_photo(run.report)
        if photo is None or run.image is None:
            raise ValueError("only attacks are taken up")
        return RescaleNoise(
            model=self._models.request,
            image=run.image,
            attacked=photo.pixels,
            values=run.recipe.values,
            share=share,
            search=search,
        )

    def _take(self, run: Run) -> None:
        """Take up an attack; nothing else has a noise."""
        model = self._selection.model
        same = model is not None and model.sha256 == run.recipe.model_sha256
        self._forget()
        if is_attack(run) and run.recipe.adversarial and same:
            self.run = run
            if self._bridge is not None:
                request = self._noise(run, 1.0, search=True)
                self._bridge.submit(SEARCH, request, Policy.REPLACE, Priority.NORMAL)
            self.changed.emit()

    def _forget(self) -> None:
        if self.run is None:
            return
        self.run = self.whole = self.shown = None
        self.explaining = ""
        if self._bridge is not None:
            for place in (SCALE, SEARCH, BEFORE, AFTER):
                self._bridge.cancel(place)
        self.changed.emit()

    def _hear_step(self, report: Report) -> None:
        if attacked_photo(report) is not None:
            self.stepped.emit(report)

    def _hear(self, place: str, event: Event) -> None:
        if self.run is None and place != SAVE:
            return
        match place, event:
            case ("attack:scale", Done(Rescaled() as found)):
                self.shown = found
                self.scaled.emit(found.report)
                self.changed.emit()
            case ("attack:search", Done(Rescaled() as found)):
                self.whole = found
                self.shown = self.shown or found
                self.changed.emit()
            case ("attack:save", Done(SavedPicture() as saved)):
                self._messages.settle("save")
                self._messages.say(f"{saved.path}: {saved.words}")
            case ("attack:before" | "attack:after", Done(Run() as run)):
                self._hear_map(place, run)
            case (str() as where, Failed(error)) if where.startswith("attack:"):
                self.explaining = ""
                self._messages.fail("save" if where == SAVE else "run", error)
                self.changed.emit()
            case _:
                pass

    def _hear_map(self, place: str, run: Run) -> None:
        self._maps[place] = run
        if len(self._maps) < 2:  # noqa: PLR2004 - before and after
            return
        before, after = self._maps[BEFORE], self._maps[AFTER]
        self.explaining = ""
        for each in (after, before):
            self._runs.history.add(each)
        self.compared.emit(before, after)
        self.changed.emit()
