"""Synthetic images of units, computed in the background while idle."""

import re
from collections import OrderedDict, deque
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from nnviz.base.catalogue import Catalogue
from nnviz.base.documents.unit_images import (
    METHOD,
    FoundUnitImage,
    UnitKey,
    network_key,
)
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import Partial, Policy, Priority
from nnviz.base.images import Colors, rgb8
from nnviz.base.info import LayerInfo
from nnviz.base.parameters import Kind
from nnviz.base.recipes import Run
from nnviz.base.requests import RunMethod
from nnviz.base.results import ColorImage, Mosaic, Report, Result
from nnviz.gui.services.jobs import Jobs, Lane
from nnviz.gui.services.models import Models
from nnviz.gui.services.saving import Saving
from nnviz.gui.state.selection import NO_UNIT, Selection
from nnviz.render.fitting import show

if TYPE_CHECKING:  # the bridge starts a worker: imported after the first paint
    from nnviz.gui.services.bridge import Bridge

_LANE = Lane("portrait", Policy.REPLACE, Priority.IDLE)
_CACHE = Lane("portrait cache", Policy.QUEUE)
_KEPT_BYTES = 128 << 20
_MOSAIC_BYTES = 48 << 20
_PIXEL_BYTES = 12
_WHITE = 255
_TILE = 96
_MOSAIC_MS = 300
_UNSAFE = re.compile(r"[^\w.]+")


class UnitImages(QObject):
    """Synthetic images of the selected unit and of a whole layer, cached on disk.

    The cache on disk is searched first.  One image is computed at a time, with the
    lowest priority; the selected unit goes before the layer.
    """

    changed = Signal()
    """The requested unit, its image, or the layer's progress has changed."""
    layer_begun = Signal()
    """The unit images of a layer were requested."""
    mosaic_changed = Signal(object)
    """Report with the layer's unit images so far."""
    looked_up = Signal(str, int, object)
    """Layer and unit of a cache lookup, and the unit image, uint8 (H, W, 3)."""

    def __init__(
        self,
        jobs: Jobs,
        saving: Saving,
        selection: Selection,
        models: Models,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._jobs, self._saving = jobs, saving
        self._selection, self._models = selection, models
        self._bridge: Bridge | None = None
        self.unit_key: UnitKey | None = None
        self.trouble = ""
        self._kept: OrderedDict[UnitKey, Colors] = OrderedDict()
        self._growing: Colors | None = None
        self._queue: deque[UnitKey] = deque()
        self._current: UnitKey | None = None
        self._looked_up: UnitKey | None = None
        self._layer: tuple[UnitKey, ...] = ()
        self._tiles: dict[UnitKey, Colors] = {}
        self._mosaic = _no_tiles(0)
        self._making = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._follow)
        self._telling = QTimer(self, singleShot=True, interval=_MOSAIC_MS)
        self._telling.timeout.connect(self._tell_mosaic)
        for chosen in (selection.unit_changed, selection.layer_changed):
            chosen.connect(lambda _: self._soon.start())
        selection.model_changed.connect(lambda _: self._forget())

    def attach(self, bridge: "Bridge") -> None:
        """Connect to the worker, which is ready."""
        self._bridge = bridge

    # --- state

    @property
    def pixels(self) -> Colors | None:
        """The selected unit's image so far, uint8 (H, W, 3)."""
        if self.unit_key is None:
            return None
        return self._kept.get(self.unit_key, self._growing_of(self.unit_key))

    @property
    def working(self) -> bool:
        """Whether the selected unit's image is being computed."""
        return self.unit_key is not None and self.unit_key == self._current

    @property
    def progress(self) -> tuple[int, int]:
        """The number of the layer's images that exist, and of all."""
        return len(self._tiles), len(self._layer)

    @property
    def making_layer(self) -> bool:
        """Whether the images of a layer are being computed."""
        return self._making and len(self._tiles) < len(self._layer)

    # --- requests

    def look_up(self, layer: str, unit: int) -> None:
        """Look a unit's image up in the cache, without computing it."""
        unit_key = self._looked_up = self._sitter(layer, unit)
        if unit_key in self._kept:
            self.looked_up.emit(layer, unit, self._kept[unit_key])
        else:
            self._find(unit_key)

    def make_layer(self) -> None:
        """Compute the images of all units of the selected layer."""
        info = self._selection.layer_info
        if info is None or not self._paintable(info) or info.shape is None:
            return
        self._layer = tuple(
            self._sitter(info.name, unit) for unit in range(info.shape[0])
        )
        self._tiles, self._making = {}, True
        self._mosaic = _no_tiles(len(self._layer))
        for unit_key in self._layer:
            if unit_key in self._kept:
                self._take(unit_key, self._kept[unit_key])
        self._queue = deque(each for each in self._layer if each not in self._tiles)
        self.layer_begun.emit()
        self._tell_mosaic()
        self._next()
        self.changed.emit()

    def save(self, sheet: Colors, folder: Path) -> None:
        """Save the layer's images so far, and a sheet of them."""
        info = self._selection.model
        if self._bridge is None or info is None or not self._tiles:
            return
        name = f"{info.title} {self._layer[0].layer} synthetic images"
        base = folder / _UNSAFE.sub("-", name).strip("-")
        images = self._bridge.files.unit_images
        self._saving.save(images.save(tuple(self._tiles), sheet, base))

    def stop(self) -> None:
        """Stop computing a layer's images; finished ones stay."""
        self._making = False
        self._queue.clear()
        if self._current is not None:
            self._current = None
            self._jobs.cancel(_LANE)
        self._soon.start()
        self._tell_mosaic()
        self.changed.emit()

    def _follow(self) -> None:
        """Follow the selected unit."""
        info, unit = self._selection.layer_info, self._selection.unit
        unit_key = None
        if info is not None and unit != NO_UNIT and self._paintable(info):
            unit_key = self._sitter(info.name, unit)
        if unit_key == self.unit_key and (unit_key is None or self.pixels is not None):
            return
        self.unit_key, self.trouble = unit_key, ""
        self._leave_for(unit_key)
        self.changed.emit()

    def _leave_for(self, unit_key: UnitKey | None) -> None:
        """Interrupt the current image for the selected unit; requeue or cancel it."""
        current = self._current
        if current is not None and current != unit_key:
            self._current = None
            if current in self._layer:
                self._queue.appendleft(current)
            else:
                self._jobs.cancel(_LANE)
        if unit_key is not None and unit_key != current and unit_key not in self._kept:
            self._queue.appendleft(unit_key)
        self._next()

    def _paintable(self, info: LayerInfo) -> bool:
        """Return whether activation maximization takes a layer."""
        kinds = _layer_kinds(self._models.catalogue)
        return bool(kinds) and info.suits(kinds)

    def _sitter(self, layer: str, unit: int) -> UnitKey:
        model = self._selection.model
        return UnitKey(network_key(model) if model else "", layer, unit)

    def _forget(self) -> None:
        """Drop everything about the former network."""
        self._layer, self._tiles = (), {}
        self.stop()
        self.unit_key, self._growing, self.trouble = None, None, ""

    # --- queue

    def _next(self) -> None:
        if self._bridge is None or self._current is not None:
            return
        while self._queue:
            unit_key = self._queue.popleft()
            if unit_key in self._kept:
                self._take(unit_key, self._kept[unit_key])
                continue
            self._current = unit_key
            self._growing = None
            self._find(unit_key)
            return

    def _make(self, unit_key: UnitKey) -> None:
        """Submit a unit's image to the worker, with the lowest priority."""
        request = RunMethod(
            method=METHOD, model=self._models.request, values=unit_key.values
        )
        job = self._jobs.submit(request, _LANE)
        job.partial.connect(lambda partial: self._grow(unit_key, partial))
        job.done.connect(lambda run: self._keep(unit_key, run))
        job.failed.connect(lambda error: self._fail(unit_key, error))

    def _find(self, unit_key: UnitKey) -> None:
        """Look for a unit's image in the cache."""
        if self._bridge is not None:
            work = self._bridge.files.unit_images.find(unit_key)
            self._jobs.do(work, _CACHE).done.connect(self._take_found)

    def _take_found(self, found: FoundUnitImage) -> None:
        unit_key = found.unit_key
        if unit_key == self._looked_up and found.pixels is not None:
            self.looked_up.emit(unit_key.layer, unit_key.unit, found.pixels)
        if unit_key != self._current:
            return
        if found.pixels is None:
            self._make(found.unit_key)
        else:
            self._end(found.unit_key, found.pixels)

    def _grow(self, unit_key: UnitKey, partial: Partial) -> None:
        if unit_key == self._current:
            self._growing = _pixels(partial.report.main)
        if unit_key == self.unit_key == self._current:
            self.changed.emit()

    def _keep(self, unit_key: UnitKey, run: Run) -> None:
        if self._bridge is not None:
            self._jobs.do(self._bridge.files.unit_images.keep(unit_key, run), _CACHE)
        if unit_key == self._current:
            self._end(unit_key, _pixels(run.report.main))

    def _fail(self, unit_key: UnitKey, error: ErrorRecord) -> None:
        if unit_key != self._current:
            return
        if unit_key == self.unit_key:
            self.trouble = error.text
        self._making = False
        self._queue.clear()
        self._end(unit_key, None)

    def _end(self, unit_key: UnitKey, pixels: Colors | None) -> None:
        self._current = None
        if pixels is not None:
            self._kept[unit_key] = pixels
            while sum(each.nbytes for each in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)
            self._take(unit_key, pixels)
        self._next()
        self.changed.emit()

    # --- the layer

    def _take(self, unit_key: UnitKey, pixels: Colors) -> None:
        if unit_key in self._layer:
            side = self._mosaic.shape[1]
            tile = self._tiles[unit_key] = show(pixels, (side, side))
            self._mosaic[unit_key.unit] = tile.astype(np.float32) / _WHITE
            if not self._telling.isActive():
                self._telling.start()

    def _tell_mosaic(self) -> None:
        if not self._layer:
            return
        mosaic = Mosaic(
            tiles=self._mosaic[:],  # a result's own view is made read-only
            order=self._order(),
            room=len(self._layer) if self._making else 0,
            signed=False,
            shared_scale=True,
            unit="brightness",
            noun="channel",
            layer=self._layer[0].layer,
            empty=self.tr("Rendering the first image…")
            if self._making
            else self.tr("Stopped before the first image was complete."),
        )
        done, total = self.progress
        words = self.tr("{0} of {1} synthetic images of {2}").format(
            done, total, self._layer[0].layer
        )
        self.mosaic_changed.emit(Report({"synthetic images": mosaic}, (words,)))

    def _order(self) -> NDArray[np.int64]:
        """Return the units with an image, in stable order while more come."""
        units = [each.unit for each in self._tiles]
        return np.array(units if self._making else sorted(units), np.int64)

    def _growing_of(self, unit_key: UnitKey) -> Colors | None:
        return self._growing if unit_key == self._current else None


def _pixels(result: Result) -> Colors | None:
    return rgb8(result.pixels) if isinstance(result, ColorImage) else None


def _no_tiles(count: int) -> NDArray[np.float32]:
    """Return the memory of a layer's tiles, (units, side, side, 3), 0 at first.

    A tile is shown once it is written, and memory is taken up then.
    """
    side = min(_TILE, int((_MOSAIC_BYTES / (max(1, count) * _PIXEL_BYTES)) ** 0.5))
    return np.zeros((count, side, side, 3), np.float32)


def _layer_kinds(catalogue: Catalogue) -> str:
    """Return the kinds of layers with unit images; "" without a method for them."""
    methods = (info for info in catalogue.methods if info.name == METHOD)
    parameters = next((info.parameters for info in methods), ())
    return next((p.layers for p in parameters if p.kind is Kind.LAYER), "")
