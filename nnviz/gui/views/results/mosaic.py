"""View of a mosaic, with the selected tile enlarged."""

import math

import numpy as np
from PySide6.QtCore import QEvent, QMargins, QObject, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.frames import Frame
from nnviz.base.images import Image
from nnviz.base.results import Mosaic
from nnviz.gui.views.canvas.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.results.base import ResultView
from nnviz.gui.views.results.detail import TileDetail
from nnviz.gui.views.results.heatmap import clip_box
from nnviz.gui.views.tokens import SPACE, mixed, tokens_of
from nnviz.gui.views.widgets.legend import Legend, LegendBar
from nnviz.render import colormaps, sheets
from nnviz.render.colormaps import Colors, Scale
from nnviz.render.sheets import Sheet
from nnviz.render.text.words import number

NO_UNIT = -1
_DETAIL_HEIGHT, _DETAIL_WIDTH = 0.56, 0.5
"""Fraction of the view for the selected tile, above the others and beside them."""
_REFINE_MS = 60
_COLOR_AXES = 4


class MosaicView(ResultView):
    """View of a ``Mosaic``; the arrow keys select tiles in the shown order."""

    result: Mosaic | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = self._make_canvas()
        self.setFocusProxy(self.canvas)
        self.detail = TileDetail(self)
        self.detail.hovered.connect(self.hovered)
        self.legend = Legend(self)
        self.shared = QCheckBox(self.tr("One scale for all"), self)
        self.shared.setToolTip(
            self.tr(
                "On: colors are comparable between tiles. Off: each tile uses its"
                " own range."
            )
        )
        self.shared.toggled.connect(self._recolor)
        self.clip = clip_box(self)
        self.clip.toggled.connect(self._reclip)
        self._refining = QTimer(self, singleShot=True, interval=_REFINE_MS)
        self._refining.timeout.connect(self._lay_out)
        self._sheet: Sheet | None = None
        self._factor = 1
        self._whole: Scale | None = None
        self._robust: Scale | None = None
        self._rows: Colors | None = None
        self._unit = NO_UNIT
        self._under: int | None = None
        self._kind: tuple[object, ...] = ()
        self._photo: Image | None = None
        self._arrange()

    @property
    def unit(self) -> int:
        """The enlarged tile, by its index in the network; -1 for none."""
        return self._unit

    def update_view(self) -> None:
        """Paint the tiles, keeping zoom and selection while the layer is the same."""
        mosaic = self.result
        if mosaic is None:
            return
        kind = (mosaic.layer, mosaic.noun, mosaic.tiles.shape)
        if kind != self._kind:
            self._kind, self._unit, self._under = kind, NO_UNIT, None
            self.canvas.fit()
            self.detail.canvas.fit()
        if self.image is not self._photo:
            self._photo = self.image
            self.detail.canvas.fit()
        with QSignalBlocker(self.shared):
            # A single value has no range.
            single = math.prod(mosaic.tiles.shape[1:3]) == 1
            self.shared.setChecked(mosaic.shared_scale or single)
            self.shared.setEnabled(not single)
        for part in (self.detail, self._bar):
            part.setVisible(bool(len(mosaic.order)))
        if not len(mosaic.order):
            self._sheet = None
            words = mosaic.empty or self.tr("There is nothing to show.")
            self.canvas.set_message(words)
            return
        self._measure(mosaic)
        self._recolor()
        self._turn()
        self._show_unit(self._unit)

    def select_unit(self, unit: int | None) -> None:
        """Enlarge and outline a tile; None or -1 for the first."""
        self._show_unit(NO_UNIT if unit is None else unit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Select tiles by key; Home and End for the first and last."""
        if self._sheet is None:
            super().keyPressEvent(event)
            return
        columns, last = self._sheet.layout.columns, self._sheet.layout.count - 1
        now = self._sheet.place_of(self._unit) or 0
        places = {
            Qt.Key.Key_Left: now - 1,
            Qt.Key.Key_Right: now + 1,
            Qt.Key.Key_Up: now - columns,
            Qt.Key.Key_Down: now + columns,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        place = places.get(Qt.Key(event.key()))
        if place is None:
            super().keyPressEvent(event)
        elif 0 <= place <= last:
            self._choose(int(self._sheet.order[place]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the enlarged tile beside the others or above them."""
        super().resizeEvent(event)
        self._turn()

    def follow_theme(self) -> None:
        """Paint the tiles in another theme's colors."""
        self._reclip()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Change the number of columns where the canvas's new shape suits another."""
        if watched is self.canvas and event.type() is QEvent.Type.Resize:
            self._lay_out()
        return super().eventFilter(watched, event)

    def _make_canvas(self) -> Canvas:
        canvas = Canvas(self)
        canvas.setAccessibleName(self.tr("Mosaic"))
        canvas.pans_by_key = False
        canvas.margin = SPACE
        canvas.set_readout(self._read)
        canvas.hovered.connect(self.hovered)
        canvas.pointed.connect(self._point)
        canvas.clicked.connect(self._click)
        canvas.state.changed.connect(self._want_finer)
        canvas.installEventFilter(self)
        return canvas

    def _arrange(self) -> None:
        self._tiles = tiles = QWidget(self)
        column = QVBoxLayout(tiles)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.canvas, 1)
        self._bar = LegendBar(self.legend, self.shared, self.clip)
        column.addWidget(self._bar)
        self._split = QSplitter(self)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.detail)
        self._split.addWidget(tiles)
        self._split.setOrientation(Qt.Orientation.Vertical)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._split)

    def _turn(self) -> None:
        """Split the view so that the enlarged tile is largest."""
        height, width = self.height(), self.width()
        lines = self.detail.height() - self.detail.canvas.height()
        above = self._detail_area(height * _DETAIL_HEIGHT - lines, width)
        beside = self._detail_area(height - lines, width * _DETAIL_WIDTH)
        parts = (self.detail, self._tiles)
        if sum(each.minimumSizeHint().width() for each in parts) > width:
            beside = -1.0
        side = Qt.Orientation.Horizontal if beside > above else Qt.Orientation.Vertical
        share = _DETAIL_WIDTH if beside > above else _DETAIL_HEIGHT
        if side != self._split.orientation() or not self._split.property("divided"):
            self._split.setOrientation(side)
            self.detail.legend.set_lines(2 if beside > above else 1)
            self._split.setProperty("divided", True)
            self._split.setSizes([round(1000 * share), round(1000 * (1 - share))])

    def _detail_area(self, height: float, width: float) -> float:
        """Return the area of the enlarged tile, square px."""
        shape = self.image.size if self.image and self._lies_over() else (1, 1)
        if height <= 0:
            return 0.0
        zoom = min(height / shape[0], width / shape[1])
        return zoom * zoom * shape[0] * shape[1]

    def _lies_over(self) -> bool:
        return self.result is not None and self.result.frame is not None

    def _measure(self, mosaic: Mosaic) -> None:
        """Compute the range of the values, with and without outliers."""
        values = sheets.shown_tiles(mosaic)
        self._whole = colormaps.scale_of(values, signed=mosaic.signed)
        self._robust = sheets.robust_scale(values, self._whole)

    def _reclip(self) -> None:
        self._recolor()
        self._show_unit(self._unit)

    def _recolor(self) -> None:
        """Paint the tiles anew."""
        mosaic = self.result
        if mosaic is None or not len(mosaic.order):
            return
        scale = self._scale()
        if scale is not None:
            colors = mosaic.tiles.ndim == _COLOR_AXES
            self.legend.set_scale(scale, mosaic.unit, "", self._whole, colors=colors)
        else:
            remark = self.tr("one scale per %s") % mosaic.noun
            self.legend.set_scale(None, mosaic.unit, remark)
        self._sheet = self._rows = None
        self._lay_out()

    def _scale(self) -> Scale | None:
        """Return the common color scale; None where each tile has its own."""
        if not self.shared.isChecked():
            return None
        return self._robust if self.clip.isChecked() else self._whole

    def _want_finer(self) -> None:
        """Schedule finer tiles after zooming in."""
        if self._sheet is not None and self._fitting()[1] < self._factor:
            self._refining.start()

    def _fitting(self) -> tuple[int, int]:
        """Return the columns for the canvas's shape, and the factor to shrink tiles by.

        The factor keeps at least one number for each shown px.
        """
        mosaic = self.result
        if mosaic is None:
            return 1, 1
        count = max(len(mosaic.order), mosaic.room)
        tile = mosaic.tiles.shape[1:3]
        free = self.canvas.size().shrunkBy(QMargins(*[SPACE] * 4))
        room = max(1, free.height()), max(1, free.width())
        columns = sheets.columns_for(
            count, sheets.layout_of(count, tile, 1).pitch, room
        )
        height, width = sheets.layout_of(count, tile, columns).size
        zoom = min(room[0] / height, room[1] / width) * self.devicePixelRatioF()
        zoom *= self.canvas.state.magnification
        return columns, max(1, min(int(1 / zoom), *tile))

    def _lay_out(self) -> None:
        """Lay the tiles out for the canvas's shape, if that changes anything."""
        mosaic = self.result
        if mosaic is None or self._whole is None or self._all_flat(mosaic):
            return
        columns, factor = self._fitting()
        finer = self._rows is None or factor < self._factor
        if not finer and self._sheet and self._sheet.layout.columns == columns:
            return
        if finer or self._rows is None:
            limits = sheets.color_limits(mosaic, self._scale())
            self._rows = sheets.indices_of(sheets.shrunk(mosaic, factor), limits)
            self._factor = factor
        self._sheet = self._make_sheet(mosaic, self._rows, columns)
        self.canvas.set_image(self._sheet.pixels, self._sheet.table)
        self._mark()

    def _make_sheet(self, mosaic: Mosaic, rows: Colors, columns: int) -> Sheet:
        tokens = tokens_of(self.palette())
        gap = _rgb(tokens.backdrop)
        table = sheets.table_of(
            mosaic,
            gap,
            _rgb(mixed(tokens.backdrop, tokens.text, 0.12)),
            _rgb(mixed(tokens.backdrop, tokens.text, 0.5)),
            tokens.colormap(signed=mosaic.signed),
        )
        return sheets.sheet_of(mosaic, rows, columns, table, gap)

    def _all_flat(self, mosaic: Mosaic) -> bool:
        """Show a message if all tiles are flat; return whether they are."""
        scale = self._whole
        if scale is None or not scale.flat:
            return False
        words = self.tr("%s in all %s tiles")
        problem = scale.problem[:1].upper() + scale.problem[1:]
        self.canvas.set_message(words % (problem, len(mosaic.order)))
        return True

    def _show_unit(self, unit: int) -> None:
        """Enlarge a tile; one that the mosaic lacks is replaced by the first."""
        mosaic = self.result
        if mosaic is None or not len(mosaic.order):
            self._unit = unit
            return
        known = 0 <= unit < len(mosaic.tiles)
        self._unit = unit if known else int(mosaic.order[0])
        self.detail.show_tile(
            mosaic, self._unit, self.image, clip=self.clip.isChecked()
        )
        self._announce(mosaic)
        self._mark()

    def _announce(self, mosaic: Mosaic) -> None:
        """Announce the selected tile to screen readers, since tiles are not widgets."""
        place = np.flatnonzero(mosaic.order == self._unit)
        words = mosaic.name(self._unit)
        if place.size:
            count = len(mosaic.order)
            words = self.tr("{0}, {1} of {2}").format(words, place[0] + 1, count)
        if words == self.canvas.accessibleDescription():
            return
        self.canvas.setAccessibleDescription(words)
        if QAccessible.isActive() and self.canvas.hasFocus():
            told = QAccessibleAnnouncementEvent(self.canvas, words)
            QAccessible.updateAccessibility(told)

    def _choose(self, unit: int) -> None:
        if unit != self._unit:
            self._show_unit(unit)
        if self.result is not None and self.result.layer:
            self.unit_chosen.emit(unit)

    def _click(self, y: float, x: float) -> None:
        found = self._sheet.locate(y, x) if self._sheet else None
        if found and self._sheet:
            place, row, column = found
            self._choose(int(self._sheet.order[place]))
            self._choose_position(row, column)

    def _choose_position(self, row: int, column: int) -> None:
        """Emit the photo's position under a tile's number, where tiles lie over one."""
        mosaic = self.result
        if (
            mosaic is None
            or mosaic.placement is None
            or mosaic.frame is not Frame.INPUT
        ):
            return
        rows, columns = mosaic.tiles.shape[1:3]
        height, width = mosaic.placement.input_size
        y, x = (row + 0.5) / rows * height, (column + 0.5) / columns * width
        self.position_chosen.emit(*mosaic.placement.to_photo(y, x))

    def _point(self, y: float, x: float) -> None:
        found = None
        if self._sheet and not math.isnan(y):
            found = self._sheet.locate(y, x)
        under = found[0] if found else None
        if under != self._under:
            self._under = under
            self._mark()
            self._tell_pointed()

    def _tell_pointed(self) -> None:
        """Emit the unit under the cursor, where tiles are units of a layer."""
        layer = self.result.layer if self.result is not None else ""
        if self._under is None or self._sheet is None or not layer:
            self.unit_pointed.emit("", NO_UNIT)
        else:
            self.unit_pointed.emit(layer, int(self._sheet.order[self._under]))

    def _mark(self) -> None:
        """Outline the selected tile and the one under the cursor."""
        if self._sheet is None:
            return
        marks = []
        place = self._sheet.place_of(self._unit)
        if self._under is not None and self._under < self._sheet.layout.count:
            marks.append(Mark(self._sheet.bounds(self._under), MarkStyle.HOVER))
        if place is not None:
            marks.append(Mark(self._sheet.bounds(place), MarkStyle.SELECTED))
        self.canvas.set_marks(*marks)

    def _read(self, y: float, x: float) -> str:
        """Return a tile's caption, and the position and value under the cursor."""
        mosaic, sheet = self.result, self._sheet
        found = sheet.locate(y, x) if sheet else None
        if mosaic is None or sheet is None or found is None:
            return ""
        place, row, column = found
        tile = int(sheet.order[place])
        values = mosaic.tiles[tile, row, column].reshape(-1)
        shown = "  ".join(number(float(value)) for value in values)
        where = self.tr("row {0}, column {1}").format(row, column)
        return f"{mosaic.name(tile)}  ·  {where}  ·  {mosaic.unit} {shown}"


def _rgb(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()
