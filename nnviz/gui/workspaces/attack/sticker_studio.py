"""Sticker studio: stickers dragged on the image, with the network's live answers."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.attacks import AFTER
from nnviz.base.results import Ranking, Report
from nnviz.gui.panels.bars import Bars
from nnviz.gui.panels.photo import input_marks, seen
from nnviz.gui.panels.stickers.shelf import ShelfPanel
from nnviz.gui.panels.stickers.tools import StickerTools, follow
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.presence import connect_while_in
from nnviz.gui.theme.manager import GRID, ThemeManager
from nnviz.gui.theme.parts import MARGIN, allow, button, label, named, row, side_column
from nnviz.gui.views.canvas.stickers import StickerCanvas
from nnviz.gui.workspaces.attack.sticker_print import PrintBar

_ROWS = 8
_SHELF_WIDTH, _SIDE_WIDTH = 196, 336
_PERCENT = 100


class StickerStudio(QWidget):
    """Page with shelf, image, and answers without and with the stickers."""

    hovered = Signal(str)
    wanted = Signal(str)
    """Name of a command to run."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.shelf = ShelfPanel(app, app.stickers)
        self.canvas = named(StickerCanvas(), name=self.tr("Image with stickers"))
        self.canvas.hovered.connect(self.hovered)
        self.tools = StickerTools(app, app.stickers)
        self.print_bar = PrintBar(app, app.stickers)
        self.answers = _Answers(app)
        self.answers.print.clicked.connect(self._toggle_print)
        self.answers.learn.clicked.connect(self._go_learning)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(_page(app.look, self.shelf, _SHELF_WIDTH))
        whole.addLayout(self._make_middle(), 1)
        whole.addWidget(_page(app.look, self.answers, _SIDE_WIDTH))
        self.setFocusProxy(self.canvas)
        follow(self.canvas, app.stickers)
        here, chosen = (app.choice, "attack"), app.selection
        connect_while_in(*here, chosen.image_changed, lambda _: self._show())
        connect_while_in(*here, chosen.model_changed, lambda _: self._frame())
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Start querying the network."""
        super().showEvent(event)
        self._app.stickers.be_seen(seen=True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop querying the network."""
        self._app.stickers.be_seen(seen=False)
        super().hideEvent(event)

    def _make_middle(self) -> QVBoxLayout:
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
        image = self._app.selection.image
        if image is None:
            self.canvas.set_message(self.tr("Drop an image here, then stickers"))
            return
        self.canvas.set_image(seen(image))
        self.canvas.fit()
        self._frame()

    def _frame(self) -> None:
        """Update the outline of what the network sees."""
        self.canvas.set_marks(*input_marks(self._app.selection))

    def _go_learning(self) -> None:
        """Switch to the method that learns a sticker."""
        self.wanted.emit("view.result")
        self._app.choice.choose("patch")


class _Answers(QWidget):
    """The network's answers without and with the stickers."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self._app = app
        self.outcome = label(style="heading", wrap=True)
        self.covered = label(style="muted", wrap=True)
        self.rate = label(style="muted")
        self.before, self.after = Bars(_ROWS), Bars(_ROWS)
        self.before.setAccessibleName(self.tr("Prediction without stickers"))
        self.after.setAccessibleName(self.tr("Prediction with stickers"))
        self._make_buttons()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.outcome)
        column.addWidget(self.covered)
        column.addSpacing(GRID)
        column.addLayout(self._make_sides())
        column.addWidget(self.rate)
        column.addStretch(1)
        column.addWidget(self.take)
        column.addLayout(_halves(self.keep, self.print))
        column.addWidget(self.learn)
        app.stickers.answered.connect(self._show)
        app.stickers.rate_changed.connect(self._tell_rate)
        app.stickers.changed.connect(self._offer)
        here = app.choice, "attack"
        connect_while_in(*here, app.selection.image_changed, lambda _: self._offer())
        self._show(None)
        self._offer()

    def _make_sides(self) -> QHBoxLayout:
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
        return sides

    def _make_buttons(self) -> None:
        stickers = self._app.stickers
        self.take = button(
            self.tr("Use as image"), lambda: stickers.keep(take=True), "primary"
        )
        self.take.setToolTip(
            self.tr("Open the image with its stickers, for any method")
        )
        self.keep = button(self.tr("Save to results"), stickers.keep)
        self.print = button(self.tr("Print…"), lambda: None)
        self.print.setToolTip(self.tr("The selected sticker, at a size in millimeters"))
        self.learn = button(self.tr("Train a sticker…"), lambda: None)
        self.learn.setToolTip(
            self.tr("Trains an adversarial patch; it appears on the shelf when ready")
        )

    def _offer(self) -> None:
        """Enable what needs a sticker on the image."""
        image = self._app.selection.image is not None
        why = (
            self.tr("Place a sticker on the image first")
            if image
            else self.tr("Open an image first")
        )
        for each in (self.take, self.keep):
            allow(each, image and bool(self._app.stickers.placed), why)

    def _show(self, report: Report | None) -> None:
        after = report.results.get(AFTER) if report is not None else None
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
            else self.tr("{0} is classified as {1}").format(was, now)
        )
        self.covered.setText("\n".join(report.notes) if report is not None else "")

    def _waiting_for(self) -> str:
        chosen = self._app.selection
        if chosen.image is None:
            return self.tr("No image is open.")
        if chosen.model is None:
            return self.tr("No network is open.")
        if not self._app.stickers.ready:
            return self.tr("Opening the stickers.")
        return self.tr(
            "This network does not classify: use the result as an image to run any of"
            " its methods on it."
        )

    def _tell_rate(self, rate: float) -> None:
        self.rate.setText(
            self.tr("{0} predictions per second").format(round(rate)) if rate else ""
        )


def best_of(ranking: Ranking) -> str:
    """Return the top class of a ranking in any order."""
    return ranking.labels[int(ranking.values.argmax())]


def _halves(*buttons: QWidget) -> QHBoxLayout:
    """Build a row of buttons of equal width."""
    line = row(spacing=2 * GRID)
    for each in buttons:
        line.addWidget(each, 1)
    return line


def _page(look: ThemeManager, inner: QWidget, width: int) -> QWidget:
    """Build a column beside the image."""
    page = named(QWidget(), "page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    column = QVBoxLayout(page)
    column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
    column.addWidget(inner)
    return side_column(look, page, width, share=0.3)
