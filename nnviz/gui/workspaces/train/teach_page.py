"""Page that trains a head: cards of classes, camera, accuracy."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QHideEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.file_formats import IMAGES, TABLES
from nnviz.base.live import Shown
from nnviz.base.measures.training import TaughtHead
from nnviz.base.video import SourceStatus
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.bars import Bars
from nnviz.gui.panels.dialogs.files import DATASETS, ask_file, ask_folder
from nnviz.gui.panels.photo import seen
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    allow,
    button,
    keep_size,
    label,
    named,
    scrolled,
)
from nnviz.gui.views.canvas.canvas import Canvas
from nnviz.gui.workspaces.train.class_card import ClassCard
from nnviz.gui.workspaces.train.table_card import TableCard
from nnviz.gui.workspaces.train.teach_options import TeachOptionsForm
from nnviz.gui.workspaces.train.teaching import TaughtClass, Teaching

_SIDE, _PREVIEW = 300, 200
_NARROW = 640
_LEAST_CARDS = 160
"""Height of the part of the classes that is seen at least, px."""
_LARGEST_WIDTH = 16777215
"""Qt's own limit: a width that is not fixed."""
_INTERVAL = 120
"""Milliseconds between two captured frames."""
_MOST_KEYS = 9


class TeachPage(QWidget):
    """Page with cards on the left; camera, button and accuracy on the right."""

    hovered = Signal(str)

    def __init__(
        self, app: AppContext, teaching: Teaching, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self._app, self._teaching = app, teaching
        self.cards: list[ClassCard] = []
        self.table: TableCard | None = None
        self._capturing: TaughtClass | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self._capture)
        self._cards = named(QWidget(), "page")
        self._flow = flow(spacing=2 * GRID)
        self._cards.setLayout(self._flow)
        self.side = _TeachSide(app, teaching)
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(0)
        self._line.addWidget(self._left(), 1)
        self._line.addWidget(self.side)
        teaching.layout_changed.connect(self._rebuild)
        teaching.changed.connect(self._update)
        app.live.status_changed.connect(lambda _: self._offer_camera())
        self._rebuild()

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        self.add = button(self.tr("Add class"), self._teaching.add_class)
        self.folder = button(self.tr("Open folder of classes…"), self._ask_folder)
        self.numbers = button(self.tr("Open table of numbers…"), self._ask_table)
        self.numbers.setToolTip(
            self.tr(
                "A CSV file: a header, then an image's path and its number in each line"
            )
        )
        hint = self.tr("Each class needs at least two images; fifty are plenty.")
        column.addLayout(flow(self.add, self.folder, self.numbers, spacing=GRID))
        self.hint = label(hint, "muted", wrap=True)
        column.addWidget(self.hint)
        column.addWidget(self._make_area(), 1)
        return left

    def _make_area(self) -> QScrollArea:
        """Wrap the cards in an area that takes what the other controls leave."""
        area = scrolled(self._cards)
        # In a narrow window its wish would be taken from the minimum of the others.
        ignored = QSizePolicy.Policy.Ignored
        area.setSizePolicy(ignored, ignored)
        look = self._app.look
        keep_size(look, area, lambda: area.setMinimumHeight(look.px(_LEAST_CARDS)))
        return area

    def _ask_folder(self) -> None:
        title = self.tr("Folder with a subfolder for each class")
        folder = ask_folder(self, self._app.settings, DATASETS, title)
        if folder:
            self._teaching.drop(None, [folder])

    def _ask_table(self) -> None:
        title = self.tr("Table of images and numbers")
        patterns = self.tr("Tables ({0})").format("*.csv")
        file = ask_file(self, self._app.settings, DATASETS, title, patterns)
        if file:
            self._teaching.drop(None, [file])

    def _rebuild(self) -> None:
        for card in (*self.cards, self.table):
            if card is not None:
                self._flow.removeWidget(card)
                card.deleteLater()
        self.cards, self.table = [], None
        why = self.tr("Remove the table first: its numbers are learned, not classes")
        allow(self.add, self._teaching.table is None, why)
        self.hint.setVisible(self._teaching.table is None)
        if self._teaching.table is not None:
            self.table = TableCard(self._app, self._teaching, self._teaching.table)
            self._flow.addWidget(self.table)
            return
        self.cards = [
            ClassCard(self._app, self._teaching, each, key)
            for key, each in enumerate(self._teaching.classes, 1)
        ]
        for card in self.cards:
            self._flow.addWidget(card)
            card.held.connect(self._holder(card.shown))
        self._offer_camera()

    def _holder(self, shown: TaughtClass) -> Callable[[bool], None]:
        def hold(on: bool) -> None:  # noqa: FBT001 - a Qt slot
            self.hold(shown if on else None)

        return hold

    def hold(self, shown: TaughtClass | None) -> None:
        """Start capturing frames for a class; None stops."""
        self._capturing = shown
        if shown is None:
            self._timer.stop()
        elif self._app.live.delivers:
            self._capture()
            self._timer.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Capture frames of a class while its number key is held."""
        place = event.key() - Qt.Key.Key_1
        known = 0 <= place < min(_MOST_KEYS, len(self.cards))
        if not known:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self.hold(self.cards[place].shown)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Stop capturing."""
        if not event.isAutoRepeat():
            self.hold(None)
        super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Stop capturing when another window comes forward, which gets the release."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.hold(None)
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the camera and the button above the cards in a narrow window."""
        narrow = event.size().width() < self._app.look.px(_NARROW)
        self.side.set_wide(wide=narrow)
        self._line.setDirection(
            QBoxLayout.Direction.BottomToTop
            if narrow
            else QBoxLayout.Direction.LeftToRight
        )
        super().resizeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Release the camera."""
        self.hold(None)
        self.side.turn_off()
        super().hideEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Take the focus, for the keys that capture."""
        self.setFocus()
        super().showEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept images, folders and tables; networks are the window's."""
        if any(map(_is_example, event.mimeData().urls())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped beside the cards, images as a class of their own."""
        urls = event.mimeData().urls()
        self._teaching.drop(None, [each.toLocalFile() for each in urls])
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def _capture(self) -> None:
        last = self._app.live.last
        if self._capturing is not None and last is not None:
            self._teaching.capture(self._capturing, last.image)

    def _offer_camera(self) -> None:
        """Offer to capture while frames come; a stopped source ends what is held."""
        live = self._app.live
        if not live.delivers:
            self.hold(None)
        why = self.tr("Turn the camera on first")
        if live.running and live.status is not None:
            silent = self.tr("{0} sends no images").format(live.status.title)
            why = live.status.error.text if live.status.error else silent
        for card in self.cards:
            allow(card.hold, live.delivers, literal(why))

    def _update(self) -> None:
        for card in self.cards:
            card.update_images()


def _is_example(url: QUrl) -> bool:
    """Return whether a file is an image or a table by its name, or may be a folder."""
    suffix = Path(url.toLocalFile()).suffix.lower()
    return url.isLocalFile() and (not suffix or suffix in IMAGES or suffix in TABLES)


class _TeachSide(QWidget):
    """Column with the camera, the Teach button, and the head's accuracy."""

    def __init__(self, app: AppContext, teaching: Teaching) -> None:
        super().__init__()
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app, self._teaching = app, teaching
        self._watching = self._wide = False
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(self.tr("Camera"))
        keep_size(app.look, self, self._resize)
        self.camera = button(self.tr("Turn camera on"), self._toggle_camera)
        self.source = label(style="muted", wrap=True)
        self.bars = Bars(4)
        self.bars.setVisible(False)
        self.name = named(QLineEdit(teaching.name), name=self.tr("Network name"))
        self.name.editingFinished.connect(self._rename)
        self.backbone = label(style="muted", wrap=True)
        self.options = TeachOptionsForm(teaching, self)
        self.go = button(self.tr("Teach"), self._toggle, "primary")
        self.bar = named(QProgressBar(), name=self.tr("Progress of teaching"))
        self.bar.setTextVisible(False)
        self.state = label(wrap=True)
        self.files = label(style="muted", wrap=True)
        self.live = button(self.tr("Use in Live"), self._go_live)
        self._lay_out()
        teaching.changed.connect(self._show)
        app.selection.model_changed.connect(self._show)
        app.live.shown.connect(self._see)
        app.live.status_changed.connect(self._hear)
        self._hear(None)
        self._show()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.canvas)
        column.addWidget(self.source)
        column.addLayout(flow(self.camera))
        column.addWidget(self.bars)
        column.addWidget(label(self.tr("Network name"), "muted"))
        column.addWidget(self.name)
        column.addWidget(self.backbone)
        self.options.lay_out(column)
        column.addLayout(flow(self.go, self.live))
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addWidget(self.files)
        column.addStretch(1)

    def set_wide(self, *, wide: bool) -> None:
        """Use the full width, or a column of fixed width."""
        self._wide = wide
        self._resize()

    def _resize(self) -> None:
        """Follow the text size."""
        side, wide = self._app.look.px(_SIDE), self._wide
        self.setMinimumWidth(0 if wide else side)
        self.setMaximumWidth(_LARGEST_WIDTH if wide else side)
        self.canvas.setFixedHeight(self._app.look.px(_PREVIEW))

    def turn_off(self) -> None:
        """Close the camera if this page opened it."""
        if self._watching:
            self._watching = False
            self._app.live.leave()
            self._hear(None)

    def _toggle_camera(self) -> None:
        if self._watching:
            self.turn_off()
            return
        self._watching = True
        self._app.live.enter()
        self._app.live.ask(self._teaching.template())

    def _see(self, shown: Shown) -> None:
        if not self._watching:
            return
        self.canvas.set_image(seen(shown.image))
        self.bars.setVisible(shown.bars is not None)
        if shown.bars is not None:
            self.bars.show_ranking(shown.bars)

    def _hear(self, status: SourceStatus | None) -> None:
        on = self._watching and self._app.live.running
        self.camera.setText(
            self.tr("Turn camera off") if on else self.tr("Turn camera on")
        )
        self.canvas.setVisible(on)
        self.source.setVisible(on and status is not None)
        if status is not None:
            words = self.tr("Source: {0}; choose another in Live.")
            self.source.setText(words.format(status.title))
        if not on:
            self.canvas.set_image(None)
            self.bars.setVisible(False)
        elif status is not None and status.error and not self._app.live.delivers:
            self.canvas.set_message(status.error.text)

    def _toggle(self) -> None:
        if self._teaching.running:
            self._teaching.stop()
        else:
            self._rename()
            self._teaching.teach()

    def _rename(self) -> None:
        name = "".join(c for c in self.name.text() if c.isalnum() or c in "-_ ")
        self._teaching.name = name.strip() or self._teaching.name
        self.name.setText(self._teaching.name)

    def _go_live(self) -> None:
        self.turn_off()
        self._app.choice.prefer("predictions")
        self._app.live_wanted.emit()

    def _show(self) -> None:
        teaching, taught = self._teaching, self._teaching.taught
        title = self._app.captions.model(teaching.backbone.reference)
        self.backbone.setText(self.tr("Learns from the features of {0}").format(title))
        self.go.setText(self.tr("Stop") if teaching.running else self.tr("Teach"))
        why = self.tr("Add images to two classes, then Teach.")
        allow(self.go, teaching.ready or teaching.running, why)
        allow(self.live, taught is not None, self.tr("Teach a network first"))
        self.bar.setVisible(teaching.running)
        progress = teaching.progress
        if progress is not None and progress.total:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(1000 * (progress.fraction or 0)))
        else:
            self.bar.setRange(0, 0)
        self.state.setText(self._words(taught))
        skipped = taught.skipped if taught is not None else ()
        self.state.setToolTip(literal("\n".join(skipped)))
        self.files.setText(self._saved(None if teaching.running else taught))
        folder = Path(taught.path).parent if taught is not None else ""
        self.files.setToolTip(literal(str(folder)))
        if taught is not None and self._watching:
            self._app.live.ask(teaching.template())

    def _words(self, taught: TaughtHead | None) -> str:
        teaching = self._teaching
        if teaching.running:
            return teaching.progress.what if teaching.progress else self.tr("Starting…")
        if taught is None:
            if teaching.ready:
                return self.tr("Ready: this takes a few seconds.")
            return self.tr("Add images to two classes, then Teach.")
        learned = self.tr("Learned {0} images in {1:.1f} s.").format(
            sum(taught.images), taught.seconds
        )
        if taught.skipped:
            passed_over = self.tr("{0} could not be read.").format(len(taught.skipped))
            learned = f"{learned} {passed_over}"
        if taught.error is not None:
            return f"{learned} {self._error(taught)}"
        if taught.accuracy is None:
            return learned
        held = self.tr("{0:.0f} % accuracy on {1} held-out images.")
        if taught.learned_all:
            held = self.tr("{0:.0f} % accuracy on {1} of them before it learned these.")
        return f"{learned} " + held.format(100 * taught.accuracy, taught.held_out)

    def _error(self, taught: TaughtHead) -> str:
        words = self.tr(
            "Mean error {0:.3g} {1} on {2} held-out images; {3:.3g} if the mean "
            "were always predicted."
        )
        usual = taught.usual_error or 0.0
        return words.format(taught.error, taught.unit, taught.held_out, usual)

    def _saved(self, taught: TaughtHead | None) -> str:
        if taught is None:
            return ""
        words = self.tr("Saved as {0}").format(Path(taught.path).name)
        if taught.program:
            use = self.tr("Without nnviz: python {0} image.jpg")
            words += "\n" + use.format(Path(taught.program).name)
        return words
