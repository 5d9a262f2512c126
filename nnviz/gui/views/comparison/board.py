"""Grid of results with a common color scale, linked zoom and linked readout."""

import textwrap
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.results import Heatmap
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.deferred_refresh import DeferredRefresh
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.views.canvas.viewport import ViewState
from nnviz.gui.views.comparison.side import Share, Side, name_of, pixel_at, value_at
from nnviz.gui.views.tokens import SMALL_SPACE, SPACE
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.gui.views.widgets.legend import Legend
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.board_sheet import BoardSheet
from nnviz.render.boards.scale_locks import Lock, Tile

_TILE = 120
"""Minimum height of a tile, px."""
_HEAD_LETTERS = 15
"""Length of a line in column headings, in letters."""
_WORDS = 84
"""Approximate height of the text above and below a tile, px."""
_SCROLLED = 0.7
"""Weight of a tile outside the view relative to a visible one."""
_HEAD = 104
"""Width of the rows' headings, px."""


class BoardView(QWidget):
    """Grid of tiles; the readout shows the same position in all of them.

    Signals:
        hovered: the values of a row under the cursor, as text; empty when it leaves.
        tile_chosen: index of a clicked tile.
        repaint_wanted: the scale or the theme has changed, and requires a new sheet.
    """

    hovered = Signal(str)
    tile_chosen = Signal(int)
    repaint_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet: BoardSheet | None = None
        self._themed = DeferredRefresh(self, self.repaint_wanted.emit)
        self.sides: list[Side] = []
        self.state = ViewState(self)
        self.lock = ComboBox(self)
        self.lock.setAccessibleName(self.tr("Color scale"))
        for lock, name in (
            (Lock.BOARD, self.tr("One scale for all")),
            (Lock.ROW, self.tr("One scale per row")),
            (Lock.COLUMN, self.tr("One scale per column")),
            (Lock.NETWORK, self.tr("One scale per method and network")),
            (Lock.TILE, self.tr("Separate scales")),
        ):
            self.lock.addItem(name, lock.value)
        self.lock.currentIndexChanged.connect(self.repaint_wanted)
        self.agreeing = QCheckBox(self.tr("Agreement"), self)
        self.agreeing.setToolTip(
            self.tr(
                "Below each map: Spearman's rank correlation (ρ) with the first map "
                "of its row, and the overlap of the strongest tenths (top)"
            )
        )
        self.agreeing.toggled.connect(self._tell_agreement)
        self.legend = Legend(self)
        self.caption = QLabel(self)
        self.caption.setObjectName("muted")
        self.caption.setWordWrap(True)
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum
        )
        self.caption.setContentsMargins(SPACE, 0, SPACE, SMALL_SPACE)
        self._agreements: list[ElidedLabel] = []
        self._heads: list[ElidedLabel] = []
        self._tops: list[list[QLabel]] = []
        self._across = 0
        self._scroll = QScrollArea(self)
        self._page = QWidget(self)
        self._cells = QGridLayout(self._page)
        self._cells.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self._cells.setSpacing(SMALL_SPACE)
        self._arrange()

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """The shown tiles."""
        return self._sheet.tiles if self._sheet is not None else ()

    @property
    def sheet(self) -> BoardSheet | None:
        """The shown sheet, with its scales and agreements."""
        return self._sheet

    def chosen_lock(self) -> Lock:
        """Return the chosen grouping of maps by color scale."""
        return Lock(self.lock.currentData())

    def set_lock(self, lock: Lock) -> None:
        """Choose the grouping of maps by color scale."""
        self.lock.setCurrentIndex(self.lock.findData(lock.value))

    def show_sheet(self, sheet: BoardSheet) -> None:
        """Show a sheet, reusing canvases and zoom where headings are unchanged."""
        before = [(each.title_row, each.title_column) for each in self.tiles]
        self._sheet = sheet
        if before != [(each.title_row, each.title_column) for each in self.tiles]:
            self._rebuild()
        with QSignalBlocker(self.lock):
            self.set_lock(sheet.lock)
        for n, side in enumerate(self.sides):
            scale = sheet.scales.get(n)
            side.show_painted(sheet.tiles[n], scale, sheet.pictures[n])
        self._show_legend(sheet)
        self._tell_agreement()

    def changeEvent(self, event: QEvent) -> None:
        """Repaint in another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self._sheet is not None:
            self._themed.ask()

    def _rebuild(self) -> None:
        """Build a canvas for each tile, and the headings."""
        while item := self._cells.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        self.sides, self._agreements = [], []
        rows, columns = boards.grid(self.tiles)
        self._heads = [_heading(name) for name in rows]
        self._tops = [[_column_heading(name) for name in columns] for _ in rows]
        for n in range(len(self.tiles)):
            side = Side(self.state, self._page)
            side.setMinimumHeight(_TILE)
            side.pointed.connect(lambda place, n=n: self._point(place, n))
            side.chosen.connect(lambda n=n: self.tile_chosen.emit(n))
            words = ElidedLabel(self._page, Qt.AlignmentFlag.AlignHCenter)
            words.setObjectName("muted")
            self.sides.append(side)
            self._agreements.append(words)
        self._across = 0
        self._place()

    def _place(self) -> None:
        """Lay out the tiles, wrapping rows so that they are largest."""
        rows, columns = boards.grid(self.tiles)
        across = self._best_across(len(rows), len(columns))
        if across != self._across:
            self._across = across
            self._lay_out(rows, columns)
        height, width = self._shape()
        tallest = round((self._room()[0] / across) * height / width) + _WORDS // 2
        for side in self.sides:
            side.setMaximumHeight(max(_TILE, tallest))

    def _lay_out(self, rows: Sequence[str], columns: Sequence[str]) -> None:
        """Put headings, tiles and captions into the grid."""
        across = self._across
        lines = -(-len(columns) // across)
        cells = self._cells
        for n in range(cells.rowCount()):
            cells.setRowStretch(n, 0)
        for n in range(cells.columnCount()):
            cells.setColumnStretch(n, 0)
        cells.setColumnMinimumWidth(0, _HEAD if any(rows) else 0)
        for row, head in enumerate(self._heads):
            cells.addWidget(head, 3 * row * lines + 1, 0)
            for column, top in enumerate(self._tops[row]):
                line, at = divmod(column, across)
                cells.addWidget(top, 3 * (row * lines + line), at + 1)
                cells.setColumnStretch(at + 1, 1)
                top.setVisible(lines > 1 or not row)
        for n, tile in enumerate(self.tiles):
            row, column = rows.index(tile.title_row), columns.index(tile.title_column)
            line, at = divmod(column, across)
            place = 3 * (row * lines + line) + 1
            cells.addWidget(self.sides[n], place, at + 1)
            cells.addWidget(self._agreements[n], place + 1, at + 1)
            cells.setRowStretch(place, 100)
        cells.setRowStretch(3 * len(rows) * lines, 1)  # space left by the tiles

    def _best_across(self, rows: int, columns: int) -> int:
        """Return the number of tiles per line that makes them largest."""
        shape = self._shape()
        wide, tall = self._room()

        def scale(across: int) -> float:
            lines = rows * -(-columns // across)
            height = tall / lines - _WORDS
            seen = 1 if height >= _TILE else _SCROLLED
            return seen * min(wide / across / shape[1], max(height, _TILE) / shape[0])

        choices = {-(-columns // lines) for lines in range(1, columns + 1)}
        return max(sorted(choices, reverse=True), key=scale)

    def _shape(self) -> tuple[int, int]:
        """Return the height and width of the first image."""
        images = (tile.image for tile in self.tiles)
        return next((image.size for image in images if image is not None), (1, 1))

    def _room(self) -> tuple[int, int]:
        """Return the width and height available for tiles, px."""
        room = self._scroll.viewport().size()
        return room.width() - _HEAD, room.height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adapt the tiles to the available room."""
        super().resizeEvent(event)
        if self.tiles:
            self._place()

    def _show_legend(self, sheet: BoardSheet) -> None:
        """Show the legend of the colors."""
        results = [tile.result for tile in sheet.tiles]
        units = [each.unit for each in results if isinstance(each, Heatmap)]
        unit = ", ".join(dict.fromkeys(units))
        if sheet.whole is not None:
            scale = next(iter(sheet.scales.values()))
            self.legend.set_scale(scale, unit, "", sheet.whole)
        else:
            remark = self.lock.currentText().lower()
            clipped = {each.clipped for each in sheet.scales.values() if each.clipped}
            cut = [self.tr("outliers clipped (%s)") % each for each in clipped]
            self.legend.set_scale(None, unit, " · ".join([remark, *cut]))

    def _tell_agreement(self) -> None:
        """Show under each map its agreement with the first of its row."""
        shown = self.agreeing.isChecked()
        says = [boards.SCALE_WORDS[self.chosen_lock()]]
        if shown:
            says.append(
                self.tr(
                    "ρ: rank correlation (Spearman) with the row's first map; "
                    "top: share of the strongest tenth of the positions in common."
                )
            )
        self.caption.setText(" ".join(says))
        words: dict[int, str] = {}
        if shown and self._sheet is not None:
            words = self._sheet.agreement_words()
        for n, label in enumerate(self._agreements):
            label.setText(words.get(n, ""))
            label.setVisible(shown)

    def _point(self, place: Share | None, at: int) -> None:
        """Read all tiles at a position."""
        for side in self.sides:
            side.show_value(place)
        if place is None:
            self.hovered.emit("")
            return
        tile = self.tiles[at]
        value = value_at(tile, place) or self.tr("outside the network's input")
        said = (pixel_at(tile.image, place), f"{name_of(tile)}: {value}")
        self.hovered.emit("  ·  ".join(filter(None, said)))

    def _arrange(self) -> None:
        with QSignalBlocker(self.agreeing):
            self.agreeing.setChecked(True)
        scroll = self._scroll
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self._page)
        foot = flow(self.legend, self.agreeing, self.lock, spacing=2 * SPACE)
        foot.setContentsMargins(SPACE, SPACE, SPACE, SMALL_SPACE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scroll, 1)
        layout.addLayout(foot)
        layout.addWidget(self.caption)


def _heading(words: str) -> ElidedLabel:
    label = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
    label.setText(words)
    label.setToolTip(literal(words))
    label.setObjectName("heading")
    return label


def _column_heading(words: str) -> QLabel:
    """Build a column heading, wrapped.

    Wrapped manually: a label with word wrap would give the rows their preferred height
    instead of the available one.
    """
    label = QLabel(textwrap.fill(words, _HEAD_LETTERS, break_long_words=False))
    label.setObjectName("heading")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
    return label
