"""Controller of style transfer: style images, strip of strengths, mask."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Policy
from nnviz.base.host.file_work import FileWork
from nnviz.base.host.reading import is_file
from nnviz.base.images import Image, rgb8
from nnviz.base.parameters import Value
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.results import ColorImage, Mask, Report
from nnviz.base.shipped.resources import resource
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.jobs import JobHandle, Lane
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.views.canvas.layers import Bytes
from nnviz.render.maps import masks, overlays

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

METHOD = "style_transfer"
STRIP = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Offsets of a strip's images to the parameter balance."""
_STRIP_LANE, _SEGMENT_LANE = Lane("style:strip"), Lane("style:segments")
_KEEPING = Lane("style:keep", Policy.QUEUE)
_SEGMENTER = "bundled:scenes-segmenter"
_STYLE, _MASK = "style", "mask"
_SLOTS = ("style", "second", "third")
"""Parameters that name an image; all but the first have a weight."""
_SHARES = {name: f"{name}_share" for name in _SLOTS[1:]}
_WHOLE = 100
MOST = len(_SLOTS)
"""Maximum number of images to blend."""
_WHITE = 255
_GAP = 2
"""Gap between the images of a strip, px."""


class Styles(QObject):
    """The choices of the Style workspace, held as parameters of its method."""

    listed = Signal()
    """The list of style images has changed."""
    chosen_changed = Signal()
    """The selected style images have changed."""
    strip_changed = Signal()
    """The strip's images, or whether it is being computed, have changed."""
    segments_found = Signal()
    """The segments of the image were computed."""

    def __init__(self, app: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._bridge: Bridge | None = None
        self.pictures: list[str] = [path.stem for path in _patterns()]
        """Names of patterns, then files, as values of the parameter."""
        self.strip: tuple[Bytes, ...] = ()
        self.strip_from = 0.0
        """Balance of the strip's middle image."""
        self._about: tuple[object, ...] = ()
        self._found: Mask | None = None
        self._found_on = ""
        app.attached.connect(self.attach)
        if app.bridge is not None:
            self.attach(app.bridge)
        choice, chosen = app.choice, app.selection
        for signal, slot in (
            (choice.values_changed, lambda _: self._follow()),
            (app.runs.outdated, self._follow),
            (choice.method_changed, lambda _: self._follow()),
            (chosen.image_changed, lambda _: self._renew()),
            (chosen.model_changed, lambda _: self._renew()),
        ):
            connect_while_in(choice, "style", signal, slot)

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge

    # --- images

    def thumbnail(self, text: str) -> str:
        """Return the file of a style image: a pattern's, or the image itself."""
        shown = {path.stem: path for path in _patterns()}
        return str(shown.get(text, text))

    def add(self, files: list[str]) -> None:
        """Add image files, and choose the first."""
        new = [each for each in files if each not in self.pictures]
        self.pictures += new
        if files:
            self.listed.emit()
            self.choose(files[:1])

    def add_pixels(self, pixels: Bytes) -> None:
        """Add an image without a file, from the clipboard."""
        if self._bridge is not None:
            job = self._keep(self._bridge.files.images.keep(pixels, _STYLE))
            job.done.connect(lambda path: self.add([path]))

    def removable(self, text: str) -> bool:
        """Return whether an image was added by the user: patterns stay."""
        return text in self.pictures and Path(text).is_absolute()

    def remove(self, text: str) -> None:
        """Remove an image from the list, except patterns; its file stays."""
        if self.removable(text):
            self.pictures.remove(text)
            self.listed.emit()

    @property
    def chosen(self) -> dict[str, float]:
        """The chosen style images, and each one's share of the style, %."""
        values = self._values()
        further = {
            str(values[name]): float(values[share])
            for name, share in _SHARES.items()
            if values.get(name)
        }
        first = str(values.get(_SLOTS[0], ""))
        left = max(0.0, _WHOLE - sum(further.values()))
        return {first: left, **further} if first else {}

    def choose(self, texts: Sequence[str]) -> None:
        """Choose one style image, or up to three to blend with equal shares."""
        if not texts:
            return
        names = (*texts, *[""] * len(_SLOTS))[: len(_SLOTS)]
        values: dict[str, Value] = dict(zip(_SLOTS, names, strict=True))
        count = sum(map(bool, names))
        if count != len(self.chosen):
            usual = self._usual_values()
            values |= {
                share: float(_WHOLE // count) if values[name] else usual[share]
                for name, share in _SHARES.items()
                if values[name] or share in usual
            }
        self._set(values)

    # --- strip of strengths

    @property
    def making_strip(self) -> bool:
        """Whether the strip is being computed."""
        return self._app.jobs.running(_STRIP_LANE)

    @property
    def balance(self) -> float | None:
        """The weight of style against content, as powers of ten.

        None while another method is selected.
        """
        balance = self._values().get("balance")
        return None if balance is None else float(balance)

    @property
    def able(self) -> bool:
        """Whether there are an image and a network for style transfer."""
        return self._app.choice.suits(METHOD) and self._request() is not None

    def make_strip(self) -> None:
        """Compute five previews, from less style to more."""
        request = self._request()
        if request is None:
            self._app.messages.say(self.tr("open an image and a classifier first"))
            return
        self.strip, self.strip_from = (), float(request.values["balance"])
        job = self._app.jobs.submit(request, _STRIP_LANE)
        self.strip_changed.emit()
        job.partial.connect(lambda partial: self._show_strip(partial.report))
        job.done.connect(lambda run: self._show_strip(run.report))
        job.failed.connect(self._fail_strip)
        job.cancelled.connect(lambda _: self.strip_changed.emit())

    def stop_strip(self) -> None:
        """Stop computing the strip, keeping finished previews."""
        self._app.jobs.cancel(_STRIP_LANE)

    def choose_balance(self, number: int) -> None:
        """Apply the balance of a preview."""
        declared = self._app.choice.method
        limits = next(
            (
                (each.minimum, each.maximum)
                for each in (declared.parameters if declared else ())
                if each.name == "balance"
            ),
            (None, None),
        )
        balance = self.strip_from + STRIP[number]
        if limits[0] is not None and limits[1] is not None:
            balance = min(max(balance, limits[0]), limits[1])
        self._set({"balance": balance})

    def _request(self) -> RunMethod | None:
        """Return the request for the strip, with the form's parameters."""
        image, model = self._app.selection.image, self._app.selection.model
        info = next(
            (each for each in self._app.choice.offered() if each.name == METHOD), None
        )
        if image is None or model is None or info is None:
            return None
        values = {**self._usual_values(), **self._values(), "strip": True}
        return RunMethod(
            method=METHOD,
            model=self._app.models.request,
            image=image,
            values=values,
        )

    # --- mask

    @property
    def segments(self) -> Mask | None:
        """The image's segments, found here or by a run."""
        image = self._app.selection.image
        if image is None:
            return None
        if self._found_on == image.sha256:
            return self._found
        for run in self._app.runs.history.runs:
            main = run.report.main
            same = run.image is not None and run.image.sha256 == image.sha256
            if same and isinstance(main, Mask):
                return main
        return None

    def find_segments(self) -> None:
        """Segment the image with a bundled network; emits ``segments_found``."""
        image = self._app.selection.image
        if image is None:
            self._app.messages.say(self.tr("open an image first"))
            return
        request = RunMethod(
            method="segment",
            model=ModelRequest(reference=_SEGMENTER, device=self._app.models.device),
            image=image,
        )
        job = self._app.jobs.submit(request, _SEGMENT_LANE)
        job.done.connect(self._take_segments)
        job.failed.connect(self._fail)

    def segment(self, label: int, size: tuple[int, int]) -> Bytes | None:
        """Return a segment as a mask of a height and width; None without segments."""
        found = self.segments
        if found is None:
            return None
        spans = overlays.covered(found)
        # Pixels outside the network's input belong to no segment.
        inside = masks.sampled(found.classes == label, size, spans)
        return (inside * np.uint8(_WHITE)).astype(np.uint8)

    def use_mask(self, mask: NDArray[np.uint8] | None) -> None:
        """Restrict the style to the white part of a mask; an empty one clears it."""
        if mask is None or not mask.any():
            self._set({"mask": ""})
        elif self._bridge is not None:
            job = self._keep(self._bridge.files.images.keep(mask[..., None], _MASK))
            job.done.connect(lambda path: self._set({"mask": path}))

    # --- internals

    def _values(self) -> dict[str, Value]:
        """Return the method's parameters; {} while another method is selected."""
        choice = self._app.choice
        mine = choice.method is not None and choice.method.name == METHOD
        return choice.values if mine else {}

    def _usual_values(self) -> dict[str, Value]:
        """Return the defaults of the method's parameters; {} while it is unknown."""
        info = self._app.choice.info(METHOD)
        return {each.name: each.default for each in info.parameters} if info else {}

    def _set(self, values: dict[str, Value]) -> None:
        choice = self._app.choice
        if choice.method is not None and choice.method.name == METHOD:
            choice.adjust(values)
        else:
            choice.choose(METHOD, values)

    def _follow(self) -> None:
        """Add images that were chosen elsewhere: by a recipe, or typed."""
        new = [
            each for each in self.chosen if each not in self.pictures and is_file(each)
        ]
        if new:
            self.pictures += new
            self.listed.emit()
        self.chosen_changed.emit()
        about = self._asked_about()
        if self.strip and about != self._about:
            self._drop_strip()

    def _asked_about(self) -> tuple[object, ...]:
        """Return a key of everything that a strip depends on, except the balance."""
        image: Image | None = self._app.selection.image
        return (
            image.sha256 if image is not None else "",
            self._app.models.request.reference,
            tuple(self.chosen.items()),
            self._values().get("mask"),
        )

    def _renew(self) -> None:
        """Clear the strip, which another image or network invalidates."""
        if self.strip or self.making_strip:
            self.stop_strip()
            self._drop_strip()
        self.strip_changed.emit()

    def _drop_strip(self) -> None:
        self.strip = ()
        self.strip_changed.emit()

    def _keep(self, work: FileWork[str]) -> JobHandle[str]:
        """Save a painted or pasted image in the cache."""
        job = self._app.jobs.do(work, _KEEPING)
        job.failed.connect(self._fail)
        return job

    def _fail_strip(self, error: ErrorRecord) -> None:
        self._fail(error)
        self.strip_changed.emit()

    def _show_strip(self, report: Report) -> None:
        main = report.main
        if not isinstance(main, ColorImage):
            return
        whole = rgb8(main.pixels)
        # The images are side by side with narrow gaps, so the parts are equal up to
        # these.
        width = (whole.shape[1] + _GAP) // len(STRIP)
        self.strip = tuple(
            np.ascontiguousarray(whole[:, n * width : (n + 1) * width - _GAP])
            for n in range(len(STRIP))
        )
        self._about = self._asked_about()
        self.strip_changed.emit()

    def _take_segments(self, run: Run) -> None:
        image, main = self._app.selection.image, run.report.main
        if isinstance(main, Mask) and run.image is image and image is not None:
            self._found, self._found_on = main, image.sha256
            self.segments_found.emit()

    def _fail(self, error: ErrorRecord) -> None:
        self._app.messages.fail("run", error)


def _patterns() -> list[Path]:
    """Return the image files of the shipped patterns, by name."""
    return sorted(resource("patterns").glob("*.jpg"))
