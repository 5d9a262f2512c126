"""Controls of the selected sticker, and canvases kept in sync with stickers."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QAbstractButton, QDoubleSpinBox, QPushButton, QWidget

from nnviz.base.stickers.placement import LEAST_WIDTH, MOST_WIDTH, Placement
from nnviz.gui.layout.flow import flow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.stickers import StickerLayout
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    allow,
    allow_steps,
    icon_button,
    keep_size,
    named,
)
from nnviz.gui.views.canvas.stickers import Sheet, StickerCanvas
from nnviz.gui.views.widgets.opacity import OpacitySlider

_PERCENT = 100
_WIDTH = 0.25
"""Width of a dropped sticker, in fractions of the image's shorter side."""


class StickerTools(QWidget):
    """Numeric fields and buttons of the selected sticker."""

    def __init__(
        self, app: AppContext, placing: StickerLayout, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._placing = placing
        self._make_numbers()
        self.opacity = OpacitySlider(self.tr("Opacity of the sticker"), self)
        look = app.look
        keep_size(
            look, self.opacity, lambda: self.opacity.setMaximumWidth(look.px(160))
        )
        self._chosen_only: list[QAbstractButton] = [
            icon_button(look, "arrow-up", self.tr("On top"), placing.raise_chosen),
            icon_button(
                look,
                "trash-2",
                self.tr("Remove (Del)"),
                lambda: placing.remove(placing.chosen),
            ),
        ]
        self.undo = icon_button(look, "undo-2", self.tr("Undo (Ctrl+Z)"), placing.undo)
        self.redo = icon_button(look, "redo-2", self.tr("Redo"), placing.redo)
        self.round = named(QPushButton(self.tr("Round")), "segment")
        self.round.setCheckable(True)
        self.round.setToolTip(self.tr("Crop to a disc, or use the whole image"))
        self.round.clicked.connect(
            lambda: placing.set_outline("round" if self.round.isChecked() else "square")
        )
        self._chosen_only.append(self.round)
        parts = (self.undo, self.redo, *self._chosen_only, *self._numbers, self.opacity)
        line = flow(*parts, spacing=GRID)
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        for box in self._numbers:
            box.valueChanged.connect(self._take)
        self.opacity.changed.connect(lambda: placing.set_opacity(self.opacity.share()))
        self.opacity.slider.sliderReleased.connect(placing.settle)
        placing.changed.connect(self._follow)
        self._follow()

    def _make_numbers(self) -> None:
        self.x_box = _number(self.tr("Horizontal position of the sticker"), 0, 100)
        self.x_box.setPrefix("x ")
        self.y_box = _number(self.tr("Vertical position of the sticker"), 0, 100)
        self.y_box.setPrefix("y ")
        for box in (self.x_box, self.y_box):
            box.setSuffix(" %")
        self.width_box = _number(
            self.tr("Width of the sticker"),
            _PERCENT * LEAST_WIDTH,
            _PERCENT * MOST_WIDTH,
        )
        self.width_box.setPrefix(self.tr("Width "))
        self.width_box.setSuffix(" %")
        self.width_box.setToolTip(
            self.tr("Width, relative to the image's shorter side")
        )
        self.angle_box = _number(self.tr("Angle of the sticker"), -180, 180)
        self.angle_box.setPrefix(self.tr("Angle "))
        self.angle_box.setSuffix(" °")
        self.angle_box.setWrapping(True)
        self._numbers = (self.x_box, self.y_box, self.width_box, self.angle_box)

    def _follow(self) -> None:
        chosen = self._placing.current
        allow_steps(self.undo, self.redo, self._placing.steps)
        for part in (*self._numbers, self.opacity, *self._chosen_only):
            allow(part, chosen is not None, self.tr("Select a sticker first"))
        if chosen is None:
            return
        self.round.setChecked(chosen.cut.outline == "round")
        at = chosen.placement
        values = (_PERCENT * at.x, _PERCENT * at.y, _PERCENT * at.width, at.angle)
        for box, value in zip(self._numbers, values, strict=True):
            with QSignalBlocker(box):
                box.setValue(value)
        with QSignalBlocker(self.opacity):
            self.opacity.set_share(chosen.opacity)

    def _take(self) -> None:
        """Move the sticker to the entered placement."""
        x, y, width, angle = (box.value() for box in self._numbers)
        placement = Placement.nearest(
            x / _PERCENT, y / _PERCENT, width / _PERCENT, angle
        )
        self._placing.move(self._placing.chosen, placement)
        self._placing.settle()


def follow(canvas: StickerCanvas, placing: StickerLayout) -> None:
    """Connect a canvas with a sticker layout, in both directions."""

    def show() -> None:
        sheets, chosen = sheets_of(placing)
        canvas.set_stickers(sheets, chosen)

    canvas.moved.connect(placing.move)
    canvas.settled.connect(placing.settle)
    canvas.chosen.connect(placing.choose)
    canvas.removed.connect(placing.remove)
    canvas.dropped.connect(
        lambda text, x, y: placing.add(text, Placement.nearest(x, y, _WIDTH, 0))
    )
    placing.changed.connect(show)
    placing.shelf.changed.connect(show)
    show()


def sheets_of(placing: StickerLayout) -> tuple[tuple[Sheet, ...], int]:
    """Return the stickers as canvas sheets; none until all are opened."""
    sheets = []
    for each in placing.placed if placing.shown else ():
        opened = placing.shelf.opened(each.cut.text)
        if opened is None or opened.pixels is None:
            return (), -1
        sheets.append(Sheet(opened.pixels, each.placement, each.opacity))
    return tuple(sheets), placing.chosen


def _number(name: str, least: float, most: float) -> QDoubleSpinBox:
    box = named(QDoubleSpinBox(), name=name)
    box.setRange(least, most)
    box.setDecimals(1)
    box.setKeyboardTracking(False)
    return box
