"""Stickers: the shelf, their layout on images, the network's answers to them."""

import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.attacks import attacked_photo
from nnviz.base.errors import ErrorRecord, UsageError
from nnviz.base.events import Policy
from nnviz.base.host.file_work import FileWork
from nnviz.base.images import Image
from nnviz.base.info import Task
from nnviz.base.parameters import Value
from nnviz.base.recipes import Run
from nnviz.base.requests import RunMethod
from nnviz.base.results import Report
from nnviz.base.stickers.placed import (
    Cut,
    OpenedSticker,
    Placed,
    parse_placed,
    placed_text,
    rounded,
    sticker_of,
)
from nnviz.base.stickers.placement import Outline, Placement
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.services.models import Models
from nnviz.gui.state.messages import Messages
from nnviz.gui.state.selection import Selection
from nnviz.gui.state.settings import Settings
from nnviz.gui.state.undo import UndoSteps

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge
    from nnviz.render.printing import Print

METHOD = "placed_stickers"
NONE = -1
_ANSWER = Lane("stickers:answer", Policy.LATEST)
_KEEP = Lane("stickers:keep")
_OPENING = Lane("stickers:open", Policy.QUEUE)
_KEEPING = Lane("stickers:write", Policy.QUEUE)
_TOPIC, _ANSWER_TOPIC = "sticker", "sticker answer"
_SOLID = ("round:#e53935", "square:#fdd835")
_RATE_SECONDS = 2.0
_REST_MS = 1500


class StickerLibrary(QObject):
    """The shelf of stickers, opened when first needed."""

    changed = Signal()
    """The list of stickers has changed, or one was opened."""
    learned = Signal(str)
    """Text of a learned sticker that was added to the shelf."""
    lost = Signal(str)
    """Text of a sticker that cannot be opened."""

    def __init__(
        self, jobs: Jobs, settings: Settings, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._settings, self._messages = settings, messages
        self._bridge: Bridge | None = None
        self._opened: dict[str, OpenedSticker] = {}
        self._asked: set[str] = set()
        self._learned: set[str] = set()
        self._texts = list(dict.fromkeys([*_SOLID, *settings.stickers]))

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, and open the stickers of the shelf."""
        self._bridge = bridge
        for text in self._texts:
            self.want(text)

    @property
    def texts(self) -> tuple[str, ...]:
        """The stickers on the shelf, as ``Cut.text``."""
        return tuple(self._texts)

    def opened(self, text: str) -> OpenedSticker | None:
        """Return a sticker of the shelf; None while it is not open."""
        return self._opened.get(text)

    def want(self, text: str) -> None:
        """Open a sticker, unless it is open or being opened."""
        if self._bridge is not None and text not in {*self._opened, *self._asked}:
            self._asked.add(text)
            work = self._bridge.files.stickers.open(Cut.parse(text))
            job = self._jobs.do(work, _OPENING)
            job.done.connect(self._take)
            job.failed.connect(self._fail)

    def add(self, text: str) -> None:
        """Add a sticker to the shelf, by the text of its ``Cut``."""
        self._messages.settle(_TOPIC)
        if text not in self._texts:
            self._texts.append(text)
            self._settings.stickers = self._own()
        self.want(text)
        self.changed.emit()

    def remove(self, text: str) -> None:
        """Remove a sticker from the shelf; its file stays."""
        if text in self._texts:
            self._texts.remove(text)
            self._settings.stickers = self._own()
            self.changed.emit()

    def learn(self, run: Run) -> None:
        """Add the sticker that a result has learned to the shelf."""
        known = run.recipe.to_json()
        fresh = sticker_of(run.report) is not None and known not in self._learned
        if self._bridge is not None and fresh:
            self._learned.add(known)
            folder = self._settings.sticker_folder
            self._keep(self._bridge.files.stickers.keep(run, folder))

    def learn_stopped(self, report: Report | None, recording: str) -> None:
        """Add the sticker that a stopped run had learned so far."""
        found = sticker_of(report) if report is not None else None
        if self._bridge is not None and found is not None and recording:
            folder = self._settings.sticker_folder
            stickers = self._bridge.files.stickers
            self._keep(stickers.keep_stopped(found, recording, folder))

    def _keep(self, work: FileWork[Path]) -> None:
        job = self._jobs.do(work, _KEEPING)
        job.done.connect(self._add_learned)
        job.failed.connect(self._fail)

    def _add_learned(self, path: Path) -> None:
        self.add(str(path))
        self.learned.emit(str(path))

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(_TOPIC, error)

    def print(self, text: str, path: str, order: "Print") -> None:
        """Write a sticker as a PDF page."""
        if self._bridge is not None:
            self._messages.settle(_TOPIC)
            work = self._bridge.files.stickers.print(Cut.parse(text), path, order)
            job = self._jobs.do(work, _KEEPING)
            words = self.tr("saved: {0}")
            job.done.connect(lambda page: self._messages.say(words.format(page)))
            job.failed.connect(self._fail)

    def _own(self) -> list[str]:
        return [text for text in self._texts if text not in _SOLID]

    def _take(self, opened: OpenedSticker) -> None:
        self._asked.discard(opened.text)
        if opened.error is None:
            self._opened[opened.text] = opened
            self.changed.emit()
            return
        self._messages.fail(_TOPIC, opened.error)
        self.remove(opened.text)
        self.lost.emit(opened.text)


class StickerLayout(QObject):
    """Stickers on one image, the lowest first, with undo."""

    changed = Signal()
    """The stickers, their placement or the selected one have changed."""

    def __init__(
        self, shelf: StickerLibrary, settings: Settings, where: str, parent: QObject
    ) -> None:
        """Restore the last layout from the settings.

        Args:
            shelf: shelf with their images.
            settings: settings that remember them.
            where: key of the surface they lie on, in the settings.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.shelf = shelf
        self.shown = True
        """Whether the stickers have handles."""
        self._settings, self._where = settings, where
        self.steps = UndoSteps(_known(settings.placed(where)))
        """The undo history; asked whether there is a step."""
        self._chosen = NONE
        shelf.lost.connect(self._forget)

    def attach(self, _bridge: "Bridge") -> None:
        """Open the placed stickers, since the worker is ready."""
        for each in self.placed:
            self.shelf.want(each.cut.text)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """The placed stickers."""
        return self.steps.value

    @property
    def chosen(self) -> int:
        """Index of the selected sticker; -1 for none."""
        return self._chosen

    @property
    def current(self) -> Placed | None:
        """The selected sticker."""
        return self.placed[self._chosen] if self._chosen != NONE else None

    @property
    def text(self) -> str:
        """All placed stickers as text, in the notation of ``stickers.placed``."""
        return placed_text(self.placed)

    @property
    def moving(self) -> bool:
        """Whether a change is in progress, not yet settled."""
        return self.steps.is_open

    @property
    def ready(self) -> bool:
        """Whether all stickers are open."""
        return all(self.shelf.opened(each.cut.text) for each in self.placed)

    def set_text(self, text: str) -> None:
        """Replace the stickers by those of a text.

        Raises:
            UsageError: the text is invalid; says why.
        """
        wanted = parse_placed(text)
        if wanted != self.placed:
            self._put(wanted, NONE)
            self.settle()

    def add(self, text: str, placement: Placement | None = None) -> None:
        """Place a sticker of the shelf on top, by default in the center."""
        placement = rounded(placement or Placement())
        self._put((*self.placed, Placed(Cut.parse(text), placement)), len(self.placed))
        self.settle()

    def move(self, index: int, placement: Placement) -> None:
        """Move a sticker; ``settle`` ends the movement as one undo step."""
        if 0 <= index < len(self.placed):
            self._change(index, placement=rounded(placement))

    def set_opacity(self, opacity: float) -> None:
        """Set the selected sticker's opacity."""
        if self._chosen != NONE:
            self._change(self._chosen, opacity=round(opacity, 2))

    def set_outline(self, outline: Outline) -> None:
        """Set the selected sticker's outline."""
        if self.current is not None:
            cut = replace(self.current.cut, outline=outline)
            self._change(self._chosen, cut=cut)
            self.settle()

    def raise_chosen(self) -> None:
        """Raise the selected sticker to the top."""
        if self.current is not None:
            rest = (*self.placed[: self._chosen], *self.placed[self._chosen + 1 :])
            self._put((*rest, self.current), len(rest))
            self.settle()

    def remove(self, index: int) -> None:
        """Remove a sticker."""
        if 0 <= index < len(self.placed):
            self._put((*self.placed[:index], *self.placed[index + 1 :]), NONE)
            self.settle()

    def clear(self) -> None:
        """Remove all stickers."""
        self._put((), NONE)
        self.settle()

    def choose(self, index: int) -> None:
        """Select a sticker; -1 for none."""
        if index != self._chosen and index < len(self.placed):
            self._chosen = index
            self.changed.emit()

    def settle(self) -> None:
        """Combine all changes since the last call into one undo step."""
        self._settings.save_placed(self._where, self.text)
        if self.steps.settle():
            self.changed.emit()

    def undo(self) -> None:
        """Undo a step."""
        self.settle()
        if self.steps.undo():
            self._tell()
            self.settle()

    def redo(self) -> None:
        """Redo a step."""
        self.settle()
        if self.steps.redo():
            self._tell()
            self.settle()

    def _change(self, index: int, **changes: object) -> None:
        changed = replace(self.placed[index], **changes)  # type: ignore[arg-type]
        self._put((*self.placed[:index], changed, *self.placed[index + 1 :]), index)

    def _put(self, wanted: tuple[Placed, ...], chosen: int) -> None:
        self.steps.change(wanted)
        self._chosen = chosen
        self._tell()

    def _tell(self) -> None:
        self._chosen = min(self._chosen, len(self.placed) - 1)
        for each in self.placed:
            self.shelf.want(each.cut.text)
        self.changed.emit()

    def _forget(self, text: str) -> None:
        """Remove a sticker that cannot be opened."""
        left = tuple(each for each in self.placed if each.cut.text != text)
        if left != self.placed:
            self.steps.value = left
            self._tell()
            self.settle()


class Stickers(StickerLayout):
    """Stickers on the image, and the network's answers while they move."""

    answered = Signal(object)
    """Report with "before" and "after"; None where no prediction is possible."""
    rate_changed = Signal(float)
    """Answers a second during a movement; 0 at rest."""
    kept = Signal(object)
    """Run: the image with its stickers."""
    taken = Signal(object, str)
    """Pixels and name of the image with its stickers, to open as an image."""

    def __init__(
        self,
        shelf: StickerLibrary,
        jobs: Jobs,
        settings: Settings,
        selection: Selection,
        models: Models,
        messages: Messages,
    ) -> None:
        super().__init__(shelf, settings, "photograph", shelf)
        self._jobs = jobs
        self._selection, self._models, self._messages = selection, models, messages
        self._seen = False
        self._asked: tuple[object, ...] = ()
        self._times: deque[float] = deque()
        self._taking = False
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(lambda: self.rate_changed.emit(0.0))
        self.changed.connect(self._ask)
        shelf.changed.connect(self._ask)
        selection.image_changed.connect(lambda _: self._ask())
        selection.model_changed.connect(lambda _: self._ask())

    def be_seen(self, *, seen: bool) -> None:
        """Query the network only while the panel is visible."""
        self._seen = seen
        self._ask()

    def keep(self, *, take: bool = False) -> None:
        """Save the image with its stickers as a result.

        Args:
            take: whether to also open it as the image, for any method.
        """
        request = self._request({"picture": True})
        if request is None:
            self._messages.say(self.tr("open an image and a network first"))
            return
        self._taking = take
        job = self._jobs.submit(request, _KEEP)
        job.done.connect(self._keep)
        job.failed.connect(self._fail)

    def _ask(self) -> None:
        """Query the network about the current stickers; the newest query counts."""
        values: dict[str, Value] = {"picture": False, "quick": self.moving}
        model = self._selection.model
        asks = self._seen and model is not None and model.task == Task.CLASSIFY
        request = self._request(values) if asks else None
        if request is None:
            self._asked = ()
            if self._seen:
                self.answered.emit(None)
            return
        asked = (self.text, request.image, request.model, self.moving)
        if asked != self._asked:
            self._asked = asked
            job = self._jobs.submit(request, _ANSWER)
            job.done.connect(self._answer)
            job.failed.connect(self._fail)

    def _request(self, values: dict[str, Value]) -> RunMethod | None:
        model, image = self._selection.model, self._selection.image
        if model is None or image is None or not self.ready:
            return None
        return RunMethod(
            method=METHOD,
            model=self._models.request,
            image=image,
            values={"stickers": self.text, **values},
        )

    def _answer(self, run: Run) -> None:
        self._count()
        if self._asked and run.image is self._asked[1]:
            self._messages.settle(_ANSWER_TOPIC)
            self.answered.emit(run.report)

    def _fail(self, error: ErrorRecord) -> None:
        self._messages.fail(_TOPIC, error)

    def _keep(self, run: Run) -> None:
        self.kept.emit(run)
        photo = attacked_photo(run.report)
        if not self._taking or photo is None:
            self._messages.say(self.tr("saved to the results"))
            return
        self.clear()
        name = self.tr("{0} with stickers").format(Path(run.recipe.image).stem)
        self.taken.emit(photo.pixels, name)

    def _count(self) -> None:
        now = time.monotonic()
        self._times.append(now)
        while self._times[0] < now - _RATE_SECONDS:
            self._times.popleft()
        self._rest.start()
        span = now - self._times[0]
        self.rate_changed.emit((len(self._times) - 1) / span if span > 0 else 0.0)

    def bring_back(self, run: Run) -> None:
        """Restore the stickers of a result."""
        if run.recipe.method == METHOD:
            self.set_text(str(run.recipe.values["stickers"]))


class LiveStickers(StickerLayout):
    """Stickers pasted onto live frames while their panel is open."""

    def __init__(self, shelf: StickerLibrary, settings: Settings) -> None:
        super().__init__(shelf, settings, "live", shelf)
        self._bridge: Bridge | None = None
        self.shown = self.asked = False
        """Whether their panel is open; whether the program was started with some."""
        self.changed.connect(self._paste)
        shelf.changed.connect(self._paste)

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, and paste the stickers."""
        super().attach(bridge)
        self._bridge = bridge
        self._paste()

    def begin_with(self, stickers: tuple[Placed, ...]) -> None:
        """Place the stickers that the command line names."""
        if stickers:
            self.asked = True
            self.set_text(placed_text(stickers))

    def be_seen(self, *, seen: bool) -> None:
        """Paste the stickers only while their panel is visible."""
        self.shown = seen
        self.changed.emit()

    def _paste(self) -> None:
        if self._bridge is not None:
            self._bridge.live.set_stickers(self._layers() if self.shown else ())

    def _layers(self) -> tuple[tuple[Image, Placement, float], ...]:
        """Return the opened stickers as layers to paste."""
        opened = [(self.shelf.opened(each.cut.text), each) for each in self.placed]
        return tuple(
            (sticker.image, each.placement, each.opacity)
            for sticker, each in opened
            if sticker is not None and sticker.image is not None
        )


def _known(text: str) -> tuple[Placed, ...]:
    """Parse the stickers of an earlier session; none where they are invalid."""
    try:
        return parse_placed(text)
    except UsageError:
        return ()
