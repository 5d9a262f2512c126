"""The display state, resolved from everything that decides what is shown."""

from dataclasses import dataclass
from enum import StrEnum

from nnviz.base.images import Image
from nnviz.base.info import MethodInfo
from nnviz.base.recipes import Run
from nnviz.base.results import Mosaic, Report
from nnviz.gui.state.modes import COMPARE, PHOTO, PICTURED, RESULT, WHOLE
from nnviz.gui.state.selection import NO_UNIT


class ContentKind(StrEnum):
    """The kind of a report on the canvas."""

    RESULT = "result"
    """Of a method, complete or not: its recipe makes it again."""
    PORTRAITS = "portraits"
    """Units' images of a layer, as far as they are made."""
    CURVE = "curve"
    """Measured over a folder."""


class Phase(StrEnum):
    """The phase of the shown run."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """The content of a workspace's canvas.

    Attributes:
        report: what is painted.
        image: that it is about.
        run: the same as a method's result, complete or not; None for what is none.
        key: of the question that it answers, as ``MethodChoice.key``.
        kind: what it is.
        phase: how far it is.
        percent: where it was stopped, -1 where not known.
        title: of what has no recipe.
    """

    report: Report
    image: Image | None = None
    run: Run | None = None
    key: tuple[object, ...] = ()
    kind: ContentKind = ContentKind.RESULT
    phase: Phase = Phase.DONE
    percent: int = -1
    title: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class DisplayInputs:
    """Everything that decides what is shown.

    Attributes:
        mode: what the user wants to see.
        modes: those that the workspace has.
        live: whether a camera is looked at.
        content: of the workspace; None while there is none.
        title: of the content.
        method: that is chosen.
        key: of the question as it stands, as ``MethodChoice.key``.
        begun: title of the run that is at work; empty where none is.
        automatic: whether the method runs by itself.
        running: whether it is at work.
        unit: that is chosen.
    """

    mode: str = RESULT
    modes: tuple[str, ...] = (*PICTURED, COMPARE)
    live: bool = False
    content: Content | None = None
    title: str = ""
    method: MethodInfo | None = None
    key: tuple[object, ...] = ()
    begun: str = ""
    automatic: bool = False
    running: bool = False
    unit: int = NO_UNIT


class Veil(StrEnum):
    """The reason why the result is dimmed."""

    NONE = ""
    STOPPED = "stopped"
    FAILED = "failed"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class DisplayState:
    """State of the central view, to which title, Save, Copy and tray refer too.

    Attributes:
        mode: what is shown: "photo", "both", "result", or one of ``WHOLE``.
        live: whether the camera is shown in place of it.
        content: what is on the canvas; None for the image alone.
        title: of the content.
        veil: why it is dimmed.
        image: whether the image is shown.
        invited: whether words that invite to run the method stand there instead: it
            looks at no image, so one would seem to be its result.
        result: whether the content is.
        timeline: whether the timeline is shown.
        unit: that is marked.
    """

    mode: str = RESULT
    live: bool = False
    content: Content | None = None
    title: str = ""
    veil: Veil = Veil.NONE
    image: bool = True
    invited: bool = False
    result: bool = False
    timeline: bool = False
    unit: int = NO_UNIT

    @property
    def paintable(self) -> bool:
        """Whether the shown result has anything to paint."""
        main = self.content.report.main if self.content else None
        return main is not None and not (
            isinstance(main, Mosaic) and not len(main.order)
        )

    @property
    def order(self) -> tuple[int, ...]:
        """Channels of the shown mosaic, in order."""
        main = self.content.report.main if self.content else None
        return tuple(map(int, main.order)) if isinstance(main, Mosaic) else ()


def resolve(inputs: DisplayInputs) -> DisplayState:
    """Resolve the display state; no other code decides what is shown."""
    mode = inputs.mode
    if mode not in inputs.modes:
        mode = RESULT if RESULT in inputs.modes else inputs.modes[0]
    content = inputs.content if _belongs(inputs) else None
    recorded = inputs.method is not None and inputs.method.recorded
    title = inputs.title if content is not None else inputs.begun
    invited = mode == RESULT and content is None and _needs_no_image(inputs)
    return DisplayState(
        mode=mode,
        live=inputs.live,
        content=content,
        title="" if mode in WHOLE else title,
        veil=_veil(inputs, content),
        image=mode != RESULT or (content is None and not invited),
        invited=invited,
        result=mode != PHOTO and content is not None,
        timeline=recorded and mode not in WHOLE and not inputs.live,
        unit=inputs.unit,
    )


def _needs_no_image(inputs: DisplayInputs) -> bool:
    """Return whether the method is started by hand and needs no image."""
    method = inputs.method
    return method is not None and not method.needs_image and not inputs.automatic


def _belongs(inputs: DisplayInputs) -> bool:
    """Return whether the content is still to be shown.

    Of another method it is while that one runs by itself, so that nothing flickers;
    else the image alone says that there is something to run.
    """
    content, method = inputs.content, inputs.method
    if content is None:
        return False
    if content.run is None or method is None:
        return True
    same = content.run.recipe.method == method.name
    untouched = content.key == inputs.key
    running = content.phase is Phase.RUNNING
    return same or untouched or inputs.automatic or running


def _veil(inputs: DisplayInputs, content: Content | None) -> Veil:
    if content is None or content.kind is not ContentKind.RESULT:
        return Veil.NONE
    if content.phase is Phase.STOPPED:
        return Veil.STOPPED
    if content.phase is Phase.FAILED:
        return Veil.FAILED
    renewed = inputs.automatic or inputs.running or content.phase is Phase.RUNNING
    outdated = content.run is not None and content.key != inputs.key
    return Veil.OUTDATED if outdated and not renewed else Veil.NONE
