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
    """A method's result, complete or not; its recipe reproduces it."""
    PORTRAITS = "portraits"
    """The unit images of a layer so far."""
    CURVE = "curve"
    """A curve measured over a folder."""


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
        report: the report to paint.
        image: image of the report.
        run: the method's run, complete or not; None where the content is no method's
            result.
        key: key of its request, as ``MethodChoice.key``.
        kind: kind of content.
        phase: progress of the run.
        percent: progress in percent at which it was stopped, -1 where unknown.
        title: title of content without a recipe.
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
        mode: mode that the user selected.
        modes: modes of the workspace.
        live: whether a camera is shown.
        content: of the workspace; None while there is none.
        title: of the content.
        method: the selected method.
        key: key of the current request, as ``MethodChoice.key``.
        begun: title of the current run; empty where there is none.
        automatic: whether the method runs automatically.
        running: whether the method is running.
        unit: the selected unit.
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
        mode: the shown page: "photo", "both", "result", or one of ``WHOLE``.
        live: whether the camera is shown in its place.
        content: content of the canvas; None for the image alone.
        title: of the content.
        veil: why the content is dimmed.
        image: whether the image is shown.
        invited: whether a prompt to run the method is shown instead of the image: the
            method takes no image, so one would look like its result.
        result: whether the content is shown.
        timeline: whether the timeline is shown.
        unit: the marked unit.
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
    """Return whether to keep showing the content.

    Content of another method is kept while the current method runs automatically, to
    avoid flicker; otherwise the bare image shows that there is something to run.
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
