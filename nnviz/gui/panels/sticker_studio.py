"""The sticker studio: stickers dragged on the photograph, the answer watched."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.results import Ranking, Report
from nnviz.base.stickers import LEAST_WIDTH, MOST_WIDTH, Placement
from nnviz.gui.panels.bars import Bars
from nnviz.gui.panels.photo import seen
from nnviz.gui.panels.sticker_print import PrintBar
from nnviz.gui.panels.sticker_shelf import ShelfPanel
from nnviz.gui.parts import MARGIN, button, icon_button, label, named, row
from nnviz.gui.stickers import Placing
from nnviz.gui.theme import GRID
from nnviz.gui.views.canvas import Mark, MarkStyle
from nnviz.gui.views.opacity import OpacitySlider
from nnviz.gui.views.stickers import Sheet, StickerCanvas
from nnviz.gui.workbench import Workbench

_ROWS = 8
_SHELF_WIDTH, _SIDE_WIDTH = 196, 336
_PERCENT = 100


class StickerStudio(QWidget):
    """Shelf, photograph, and the answers without and with the stickers."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bench = bench
        self.shelf = ShelfPanel(bench, bench.stickers)
        self.canvas = named(StickerCanvas(), name=self.tr("Photograph with stickers"))
        self.canvas.hovered.connect(self.hovered)
        self.tools = StickerTools(bench, bench.stickers)
        self.print_bar = PrintBar(bench, bench.stickers)
        self.answers = _Answers(bench)
        self.answers.learn.clicked.connect(self._go_learning)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(_page(self.shelf, bench.look.px(_SHELF_WIDTH)))
        whole.addLayout(self._make_middle(), 1)
        whole.addWidget(_page(self.answers, bench.look.px(_SIDE_WIDTH)))
        self.setFocusProxy(self.canvas)
        follow(self.canvas, bench.stickers)
        bench.selection.image_changed.connect(lambda _: self._show())
        bench.selection.model_changed.connect(lambda _: self._frame())
        self._show()

    def minimumSizeHint(self) -> QSize:
        """Leave the window its size: beside the studio most docks are hidden."""
        return QSize(640, 360)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask the network from now on."""
        super().showEvent(event)
        self._bench.stickers.be_seen(seen=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Ask no more."""
        self._bench.stickers.be_seen(seen=False)
        super().hideEvent(event)

    def _make_middle(self) -> QVBoxLayout:
        stickers = self._bench.stickers
        take = button(
            self.tr("Use as photograph"), lambda: stickers.keep(take=True), "primary"
        )
        take.setToolTip(
            self.tr("Open the photograph with its stickers, for any method")
        )
        keep = button(self.tr("Keep"), stickers.keep)
        keep.setToolTip(self.tr("Put it among the results; Save writes it"))
        printed = button(self.tr("Print…"), self._toggle_print)
        self.tools.line.addWidget(printed)
        self.tools.line.addWidget(keep)
        self.tools.line.addWidget(take)
        self.print_bar.hide()
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self.print_bar)
        middle.addWidget(self.tools)
        return middle

    def _toggle_print(self) -> None:
        self.print_bar.setVisible(self.print_bar.isHidden())

    def _show(self) -> None:
        image = self._bench.selection.image
        if image is None:
            self.canvas.set_message(self.tr("Drop a photograph here, then stickers"))
            return
        self.canvas.set_picture(seen(image))
        self.canvas.fit()
        self._frame()

    def _frame(self) -> None:
        """Outline what the network sees of the photograph."""
        chosen = self._bench.selection
        if chosen.image is None or chosen.model is None:
            self.canvas.set_marks()
            return
        placement = chosen.model.preprocess.placement(chosen.image.size)
        self.canvas.set_marks(Mark(placement.input_in_photo(), MarkStyle.INPUT))

    def _go_learning(self) -> None:
        """Go where a sticker is learned."""
        self.wanted.emit("view.result")
        self._bench.runs.choose("patch")


class StickerTools(QWidget):
    """What can be done with the chosen sticker, as numbers and buttons."""

    def __init__(
        self, bench: Workbench, placing: Placing, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._placing = placing
        self.width_box = _number(
            self.tr("Width of the sticker"),
            _PERCENT * LEAST_WIDTH,
            _PERCENT * MOST_WIDTH,
        )
        self.width_box.setSuffix(" %")
        self.width_box.setToolTip(self.tr("Width, of the picture's shorter side"))
        self.angle_box = _number(self.tr("Angle of the sticker"), -180, 180)
        self.angle_box.setSuffix(" °")
        self.angle_box.setWrapping(True)
        self.opacity = OpacitySlider(self.tr("Opacity of the sticker"), self)
        self.opacity.setMaximumWidth(bench.look.px(160))
        look = bench.look
        self._chosen_only = [
            icon_button(look, "arrow-up", self.tr("On top"), placing.raise_chosen),
            icon_button(
                look,
                "trash-2",
                self.tr("Take it away (Del)"),
                lambda: placing.remove(placing.chosen),
            ),
        ]
        undo = icon_button(look, "undo-2", self.tr("Undo (Ctrl+Z)"), placing.undo)
        redo = icon_button(look, "redo-2", self.tr("Redo"), placing.redo)
        self.line = row(
            undo,
            redo,
            *self._chosen_only,
            self.width_box,
            self.angle_box,
            self.opacity,
            None,
            spacing=GRID,
        )
        self.line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(self.line)
        self.width_box.valueChanged.connect(self._take)
        self.angle_box.valueChanged.connect(self._take)
        self.opacity.changed.connect(lambda: placing.set_opacity(self.opacity.share()))
        self.opacity.slider.sliderReleased.connect(placing.settle)
        placing.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        chosen = self._placing.current
        parts = (self.width_box, self.angle_box, self.opacity, *self._chosen_only)
        for part in parts:
            part.setEnabled(chosen is not None)
        if chosen is None:
            return
        with (
            QSignalBlocker(self.width_box),
            QSignalBlocker(self.angle_box),
            QSignalBlocker(self.opacity),
        ):
            self.width_box.setValue(_PERCENT * chosen.placement.width)
            self.angle_box.setValue(chosen.placement.angle)
            self.opacity.set_share(chosen.opacity)

    def _take(self) -> None:
        chosen = self._placing.current
        if chosen is None:
            return
        at = chosen.placement
        width, angle = self.width_box.value() / _PERCENT, self.angle_box.value()
        self._placing.move(
            self._placing.chosen, Placement.nearest(at.x, at.y, width, angle)
        )
        self._placing.settle()


class _Answers(QWidget):
    """What the network says without and with the stickers."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        self.outcome = label(style="heading", wrap=True)
        self.covered = label(style="muted", wrap=True)
        self.rate = label(style="muted")
        self.before, self.after = Bars(_ROWS), Bars(_ROWS)
        self.before.setAccessibleName(self.tr("Answer without stickers"))
        self.after.setAccessibleName(self.tr("Answer with stickers"))
        self.learn = button(self.tr("Learn a sticker…"), lambda: None)
        self.learn.setToolTip(
            self.tr("An adversarial patch; when it is learned it stands on the shelf")
        )
        sides = QHBoxLayout()
        sides.setSpacing(3 * GRID)
        for title, bars in (
            (self.tr("WITHOUT STICKERS"), self.before),
            (self.tr("WITH STICKERS"), self.after),
        ):
            side = QVBoxLayout()
            side.setSpacing(2 * GRID)
            side.addWidget(label(title, "section"))
            side.addWidget(bars)
            sides.addLayout(side, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.outcome)
        column.addWidget(self.covered)
        column.addSpacing(GRID)
        column.addLayout(sides)
        column.addWidget(self.rate)
        column.addStretch(1)
        column.addWidget(self.learn)
        bench.stickers.answered.connect(self._show)
        bench.stickers.rate_changed.connect(self._tell_rate)
        self._show(None)

    def _show(self, report: Report | None) -> None:
        after = report.results.get("after") if report is not None else None
        if not isinstance(after, Ranking) or after.earlier is None:
            self.before.show_ranking(None)
            self.after.show_ranking(None)
            self.outcome.setText(self._waiting_for())
            self.covered.setText("")
            self.rate.setText("")
            return
        before = replace(after, values=after.earlier, earlier=None)
        self.before.show_ranking(before)
        self.after.show_ranking(after)
        was, now = best_of(before), best_of(after)
        self.outcome.setText(
            self.tr("{0}, as before").format(was)
            if was == now
            else self.tr("{0} is taken for {1}").format(was, now)
        )
        self.covered.setText("\n".join(report.notes) if report is not None else "")

    def _waiting_for(self) -> str:
        chosen = self._bench.selection
        if chosen.image is None:
            return self.tr("No photograph is open.")
        if chosen.model is None:
            return self.tr("No network is open.")
        if not self._bench.stickers.ready:
            return self.tr("Opening the stickers.")
        return self.tr("This network does not classify: open one that does.")

    def _tell_rate(self, rate: float) -> None:
        self.rate.setText(
            self.tr("{0} answers a second").format(round(rate)) if rate else ""
        )


def best_of(ranking: Ranking) -> str:
    """Return the likeliest class; its rows may stand in another order."""
    return ranking.labels[int(ranking.values.argmax())]


def follow(canvas: StickerCanvas, placing: Placing) -> None:
    """Let a canvas show stickers, and let them follow what is done on it."""

    def show() -> None:
        sheets, chosen = sheets_of(placing)
        canvas.set_stickers(sheets, chosen)

    canvas.moved.connect(placing.move)
    canvas.settled.connect(placing.settle)
    canvas.chosen.connect(placing.choose)
    canvas.removed.connect(placing.remove)
    canvas.dropped.connect(
        lambda text, x, y: placing.add(text, Placement.nearest(x, y, 0.25, 0))
    )
    placing.changed.connect(show)
    placing.shelf.changed.connect(show)
    show()


def sheets_of(placing: Placing) -> tuple[tuple[Sheet, ...], int]:
    """Return the stickers as a canvas shows them, none while one is not opened yet."""
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


def _page(inner: QWidget, width: int) -> QWidget:
    """Return a column at the side of the photograph."""
    page = named(QWidget(), "page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    page.setFixedWidth(width)
    column = QVBoxLayout(page)
    column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    column.addWidget(inner)
    return page
