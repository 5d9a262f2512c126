"""Many small maps on one canvas, with the chosen one large beside them."""

import math

from PySide6.QtCore import QMargins, QSignalBlocker, Qt
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.results import Mosaic
from nnviz.gui.views.base import ResultView
from nnviz.gui.views.canvas import Canvas, Mark, MarkStyle
from nnviz.gui.views.detail import TileDetail
from nnviz.gui.views.layers import Bytes
from nnviz.gui.views.legend import Legend
from nnviz.gui.views.tiles import (
    Sheet,
    columns_for,
    indices_of,
    layout_of,
    limits_of,
    sheet_of,
    table_of,
)
from nnviz.gui.views.tokens import SPACE, mixed, tokens_of
from nnviz.render import colormaps
from nnviz.render.colormaps import Scale
from nnviz.render.words import number

NO_UNIT = -1
_DETAIL_SHARE = 0.34
_DETAIL_SMALLEST, _DETAIL_LARGEST = 168, 420
_BESIDE_FROM = 1.05
"""Width over height from which the chosen tile stands beside the others."""


class MosaicView(ResultView):
    """Shows a ``Mosaic``; the arrow keys walk the tiles in the shown order."""

    result: Mosaic | None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Mosaic"))
        self.canvas.pans_by_key = False
        self.canvas.margin = SPACE
        self.canvas.set_readout(self._read)
        self.canvas.hovered.connect(self.hovered)
        self.canvas.pointed.connect(self._point)
        self.canvas.clicked.connect(self._click)
        self.setFocusProxy(self.canvas)
        self.detail = TileDetail(self)
        self.detail.hovered.connect(self.hovered)
        self.legend = Legend(self)
        self.shared = QCheckBox(self.tr("One scale for all"), self)
        self.shared.setToolTip(
            self.tr("On: colours compare between tiles. Off: each tile its own range.")
        )
        self.shared.toggled.connect(self._recolour)
        self._sheet: Sheet | None = None
        self._rows: Bytes | None = None
        self._scale: Scale | None = None
        self._unit = NO_UNIT
        self._under: int | None = None
        self._kind: tuple[object, ...] = ()
        self._arrange()

    @property
    def unit(self) -> int:
        """The tile shown large, by the network's own index; -1 for none."""
        return self._unit

    def update_view(self) -> None:
        """Paint the tiles; zoom and selection stay while the layer is the same."""
        mosaic = self.result
        if mosaic is None:
            return
        kind = (mosaic.layer, mosaic.noun, mosaic.tiles.shape)
        if kind != self._kind:
            self._kind, self._unit, self._under = kind, NO_UNIT, None
            self.canvas.fit()
        with QSignalBlocker(self.shared):
            # One value alone has no range of its own.
            single = math.prod(mosaic.tiles.shape[1:3]) == 1
            self.shared.setChecked(mosaic.shared_scale or single)
            self.shared.setEnabled(not single)
        if not len(mosaic.order):
            self._sheet = None
            self.canvas.set_message(self.tr("There is nothing to show."))
            return
        self._recolour()
        self._show_unit(self._unit)

    def select_unit(self, unit: int | None) -> None:
        """Show a tile large and outline it; None or -1 goes back to the first."""
        self._show_unit(NO_UNIT if unit is None else unit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk the tiles; Home and End go to the first and the last."""
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
        """Put the chosen tile beside or below; change the columns if that is better."""
        super().resizeEvent(event)
        width, height = self.width(), self.height()
        beside = width >= height * _BESIDE_FROM
        self._layout.setDirection(
            QBoxLayout.Direction.LeftToRight
            if beside
            else QBoxLayout.Direction.TopToBottom
        )
        length = (width if beside else height) * _DETAIL_SHARE
        length = round(min(max(length, _DETAIL_SMALLEST), _DETAIL_LARGEST))
        self.detail.setMaximumSize(
            length if beside else width, height if beside else length
        )
        self.detail.setMinimumSize(length if beside else 0, 0 if beside else length)
        self.detail.set_room(length if beside else width, height if beside else length)
        self._layout.activate()
        self._lay_out()

    def _arrange(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        bar.addWidget(self.legend, 1)
        bar.addWidget(self.shared)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.canvas, 1)
        column.addLayout(bar)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addLayout(column, 1)
        self._layout.addWidget(self.detail)

    def _recolour(self) -> None:
        """Turn the values into indices of colours and show them."""
        mosaic = self.result
        if mosaic is None or not len(mosaic.order):
            return
        shared = self.shared.isChecked()
        self._scale = colormaps.scale_of(
            mosaic.tiles[mosaic.order], signed=mosaic.signed
        )
        limits = limits_of(mosaic, self._scale, shared=shared)
        self._rows = indices_of(mosaic, limits)
        if shared:
            self.legend.set_scale(self._scale, mosaic.unit)
        else:
            remark = self.tr("each %s on its own range") % mosaic.noun
            self.legend.set_scale(None, mosaic.unit, remark)
        self._sheet = None
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay the tiles out for the canvas's shape, if that changes anything."""
        mosaic, rows = self.result, self._rows
        if mosaic is None or rows is None or self._all_flat(mosaic):
            return
        count, tile = len(rows), (rows.shape[1], rows.shape[2])
        pitch = layout_of(count, tile, 1).pitch
        free = self.canvas.size().shrunkBy(QMargins(*[SPACE] * 4))
        room = (max(1, free.height()), max(1, free.width()))
        columns = columns_for(count, pitch, room)
        if self._sheet is not None and self._sheet.layout.columns == columns:
            return
        tokens = tokens_of(self.palette())
        gap = _rgb(tokens.backdrop)
        table = table_of(
            mosaic,
            gap,
            _rgb(mixed(tokens.backdrop, tokens.text, 0.12)),
            _rgb(mixed(tokens.backdrop, tokens.text, 0.5)),
        )
        self._sheet = sheet_of(mosaic, rows, columns, table, gap)
        self.canvas.set_picture(self._sheet.pixels, self._sheet.table)
        self._mark()

    def _all_flat(self, mosaic: Mosaic) -> bool:
        """Say that no tile has anything to show, if that is so."""
        scale = self._scale
        if scale is None or not scale.flat:
            return False
        words = self.tr("%s in all %s %ss")
        problem = scale.problem[:1].upper() + scale.problem[1:]
        self.canvas.set_message(words % (problem, len(mosaic.order), mosaic.noun))
        return True

    def _show_unit(self, unit: int) -> None:
        """Show a tile large; one that the mosaic lacks gives way to the first."""
        mosaic = self.result
        if mosaic is None or not len(mosaic.order):
            self._unit = unit
            return
        known = 0 <= unit < len(mosaic.tiles)
        self._unit = unit if known else int(mosaic.order[0])
        self.detail.show_tile(mosaic, self._unit, self.image)
        self._mark()

    def _choose(self, unit: int) -> None:
        if unit != self._unit:
            self._show_unit(unit)
        self.unit_chosen.emit(unit)

    def _click(self, y: float, x: float) -> None:
        found = self._sheet.layout.locate(y, x) if self._sheet else None
        if found and self._sheet:
            self._choose(int(self._sheet.order[found[0]]))

    def _point(self, y: float, x: float) -> None:
        found = None
        if self._sheet and not math.isnan(y):
            found = self._sheet.layout.locate(y, x)
        under = found[0] if found else None
        if under != self._under:
            self._under = under
            self._mark()

    def _mark(self) -> None:
        """Outline the chosen tile and the one under the cursor."""
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
        """Return the tile's name, the place in it and the value there."""
        mosaic, sheet = self.result, self._sheet
        found = sheet.layout.locate(y, x) if sheet else None
        if mosaic is None or sheet is None or found is None:
            return ""
        place, row, column = found
        tile = int(sheet.order[place])
        values = mosaic.tiles[tile, row, column].reshape(-1)
        shown = "  ".join(number(float(value)) for value in values)
        name = f"{mosaic.noun} {mosaic.caption(tile)}"
        return f"{name}  ·  row {row}, column {column}  ·  {mosaic.unit} {shown}"


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
