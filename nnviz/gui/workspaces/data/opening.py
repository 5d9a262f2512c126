"""Opening of a data set, and the progress of indexing."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QLabel,
    QLayout,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.dataset.requests import STAGES
from nnviz.base.info import ModelInfo
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.layout.plain_text import breakable
from nnviz.gui.panels.dialogs.files import ask_dataset, ask_image_list
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.indexing import IndexOrder
from nnviz.gui.state.settings import Settings
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, label, named, row
from nnviz.gui.views.widgets.elided import ElidedLabel

_LETTERS = 24


class OpeningPane(QWidget):
    """Pane that opens a data set, or indexes a folder."""

    cancelled = Signal()
    """The user declined to index the offered folder."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self._app = app
        self._folder = ""
        self._pages = PageStack()
        self._make_welcome()
        self._make_question()
        self.waiting = _centered("")
        self._lay_out()
        self._connect()

    def _make_welcome(self) -> None:
        self.words = _centered(
            self.tr(
                "Drop a folder of images, COCO annotations or a CSV file here to "
                "see all its images as a network does: predictions, nearest "
                "neighbors and mistakes."
            )
        )
        self.open = button(self.tr("Open folder…"), self.ask, "primary")
        self.open_list = button(self.tr("Open list…"), lambda: self.ask(ask_image_list))
        self.open_list.setToolTip(
            self.tr("COCO annotations, or a CSV file: path, label, numbers")
        )
        self.sample = button(
            self.tr("Try generated scenes"), self._app.indexing.start_sample
        )
        self.sample.setToolTip(
            self.tr("600 generated scenes; in one class, a color gives the class away")
        )

    def _make_question(self) -> None:
        self.question = _centered("")
        words = self.tr("Layer whose features are kept")
        self.layer = ComboBox.narrow(words, _LETTERS)
        self.begin = button(self.tr("Build index"), self._begin, "primary")
        self.other = button(self.tr("Another folder…"), self.ask)
        self.cancel = button(self.tr("Cancel"), self._cancel)

    def _connect(self) -> None:
        app = self._app
        app.datasets.offered.connect(self.offer)
        app.datasets.opening.connect(self._wait)
        app.selection.model_changed.connect(lambda _: self._ask_again())
        app.indexing.changed.connect(self._follow)
        self._follow()

    def ask(self, how: Callable[[QWidget, Settings], str] = ask_dataset) -> None:
        """Ask for a data set and open it."""
        source = how(self, self._app.settings)
        if source:
            self._app.open_dataset(source)

    def offer(self, folder: str) -> None:
        """Offer to index a folder of images."""
        self._folder = folder
        self._ask_again()
        self._pages.setCurrentIndex(1)
        self.begin.setFocus()

    def _lay_out(self) -> None:
        chosen = flow(label(self.tr("Features of layer")), self.layer)
        ways = self.open, self.open_list, self.sample
        self._pages.addWidget(_stacked(self.words, *ways))
        ways = self.begin, self.other, self.cancel
        self._pages.addWidget(_stacked(self.question, chosen, *ways))
        self._pages.addWidget(_stacked(self.waiting))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)

    def _ask_again(self) -> None:
        """Describe what would be indexed, and by which network."""
        model = self._app.selection.model
        allow(self.begin, model is not None, self.tr("Open a network first."))
        self._offer_layers(model)
        if model is None:
            self.question.setText(self.tr("Open a network first."))
            return
        words = self.tr(
            "Run {0} over all images of {1}? The index keeps their thumbnails, "
            "features and predictions; the images stay as they are."
        )
        name = breakable(Path(self._folder).name or self._folder)
        self.question.setText(words.format(model.title, name))

    def _offer_layers(self, model: ModelInfo | None) -> None:
        self.layer.clear()
        self.layer.addItem(self.tr("Deepest layer with maps"), ())
        self.layer.addItem(self.tr("One layer per map size"), (STAGES,))
        if model is None:
            return
        spatial = [each for each in model.layers if each.spatial]
        for each in spatial or [each for each in model.layers if each.suits("any")]:
            self.layer.addItem(each.name, (each.name,))

    def _cancel(self) -> None:
        self._folder = ""
        self._pages.setCurrentIndex(0)
        self.cancelled.emit()

    def _begin(self) -> None:
        layers = self.layer.currentData() or ()
        self._app.indexing.start(IndexOrder(self._folder, tuple(layers)))

    def _wait(self, folder: str) -> None:
        """Show the name of what is being opened; "" for nothing."""
        words = self.tr("Opening {0}…").format(breakable(Path(folder).name))
        self.waiting.setText(words)
        self._pages.setCurrentIndex(2 if folder else 0)

    def _follow(self) -> None:
        """Show a placeholder until an index in progress has its first records."""
        if self._app.indexing.running:
            self.waiting.setText(self.tr("The first images appear in a moment…"))
            self._pages.setCurrentIndex(2)
        elif self._pages.currentIndex() == 2:  # noqa: PLR2004 - the page of waiting
            self._pages.setCurrentIndex(1 if self._folder else 0)


class IndexingBar(QWidget):
    """Progress of indexing; hidden while there is none."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app = app
        self.words = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
        self.bar = named(QProgressBar(), name=self.tr("Progress of the index"))
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.stop = button(self.tr("Stop"), app.indexing.stop)
        line = row(self.words, self.bar, self.stop, spacing=2 * GRID)
        line.setStretch(0, 2)
        line.setStretch(1, 3)
        line.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        self.setLayout(line)
        app.indexing.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        indexing = self._app.indexing
        self.setVisible(indexing.running)
        progress = indexing.progress
        if progress is None:
            self.words.setText(self.tr("Indexing…"))
            self.bar.setValue(0)
            return
        self.words.setText(self.tr("Indexing: {0}").format(progress.what))
        self.bar.setValue(round(1000 * (progress.fraction or 0)))


def _stacked(*parts: QWidget | QLayout) -> QWidget:
    """Stack widgets in the center of a page."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(2 * MARGIN, MARGIN, 2 * MARGIN, MARGIN)
    column.setSpacing(3 * GRID)
    column.addStretch(1)
    column.addWidget(parts[0] if isinstance(parts[0], QWidget) else QWidget())
    ways = QVBoxLayout()
    ways.setSpacing(2 * GRID)
    for part in parts[1:]:
        if isinstance(part, QWidget):
            ways.addWidget(part)
        else:
            ways.addLayout(part)
    line = row(None, None)
    line.insertLayout(1, ways)
    column.addLayout(line)
    column.addStretch(1)
    return page


def _centered(text: str) -> QLabel:
    words = label(text, "muted", wrap=True)
    words.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return words
