"""List of all networks that can be opened, grouped by source."""

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.catalogue import Catalogue
from nnviz.base.file_formats import NETWORKS, PROGRAMS
from nnviz.base.info import ModelEntry, ModelInfo, ModelSource, Task
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.panels.dialogs.files import WEIGHTS, ask_file
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, allow, button, label, named, row, search_field
from nnviz.render.text.words import short_bytes, short_number

_REFERENCE = Qt.ItemDataRole.UserRole
_WIDTH_FOR_FIGURES, _WIDTH_FOR_ACCURACY = 360, 230
_NO_BREAK = "\N{NO-BREAK SPACE}"
_ENDINGS = " ".join(f"*{ending}" for ending in (*NETWORKS, *PROGRAMS))


class ModelPanel(QWidget):
    """Searchable list of networks; a double click or Enter opens one."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self._rows: list[QTreeWidgetItem] = []
        self._groups: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self.search = search_field(
            self.tr("Search networks"), self.tr("Search the networks")
        )
        self.list = named(QTreeWidget(), name=self.tr("Networks"))
        self.list.setHeaderLabels(
            [
                self.tr("Network"),
                self.tr("Params"),
                self.tr("Score"),
                self.tr("Weights"),
            ]
        )
        self.list.setUniformRowHeights(True)
        self.list.setIndentation(2 * GRID)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.activated.connect(self._open)
        self.list.currentItemChanged.connect(lambda *_: self._offer())
        self._open_button = button(self.tr("Open"), self._open, "primary")
        self._random_button = button(self.tr("Open untrained"), self.open_untrained)
        self._random_button.setToolTip(
            self.tr("The same architecture with random weights; needs no download")
        )
        self._fetch_button = button(self.tr("Download"), self._fetch)
        self.summary = label(style="muted", wrap=True)
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._open_first)
        app.models.listed.connect(self._fill)
        app.models.opened.connect(self._mark)
        app.style_training.learned.connect(lambda _: self._fill(app.models.catalogue))
        self._fill(app.models.catalogue)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * GRID, 0, 2 * GRID)
        column.setSpacing(2 * GRID)
        files = button(self.tr("File…"), self.open_file)
        files.setToolTip(
            self.tr("Open a network from a file (.safetensors, .pt, .pth, .onnx)")
        )
        head = row(self.search, files)
        head.setContentsMargins(MARGIN, 0, MARGIN, 0)
        foot = flow(self._open_button, self._random_button, self._fetch_button, None)
        foot.setContentsMargins(MARGIN, 0, MARGIN, 0)
        column.addLayout(head)
        column.addWidget(self.list)
        about = row(self.summary)
        about.setContentsMargins(MARGIN, 0, MARGIN, 0)
        column.addLayout(about)
        column.addLayout(foot)
        self._offer()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide columns of figures in a narrow panel, to leave room for names."""
        super().resizeEvent(event)
        width, px = event.size().width(), self._app.look.px
        self.list.setColumnHidden(1, width < px(_WIDTH_FOR_FIGURES))
        self.list.setColumnHidden(2, width < px(_WIDTH_FOR_ACCURACY))

    def open_file(self) -> None:
        """Ask for a file and open it."""
        settings, title = self._app.settings, self.tr("Open a network")
        kinds = f"{self.tr('Networks')} ({_ENDINGS})"
        path = ask_file(self, settings, WEIGHTS, title, kinds)
        if path:
            self._app.open_model(path)

    def _fill(self, catalogue: Catalogue) -> None:
        chosen = self._reference()
        self._rows.clear()
        self._groups.clear()
        self.list.clear()
        titles = {
            ModelSource.BUNDLED: self.tr("Bundled"),
            ModelSource.YOURS: self.tr("Yours"),
            ModelSource.TORCHVISION: self.tr("torchvision"),
        }
        for source, title in titles.items():
            entries = [entry for entry in catalogue.models if entry.source is source]
            if source is ModelSource.YOURS:
                entries += self._own_files()
            if entries:
                self._add_group(title, entries)
        for column, width in ((1, 60), (2, 56), (3, 66)):
            self.list.setColumnWidth(column, self._app.look.px(width))
        self._select(chosen)
        self._filter(self.search.text())

    def _add_group(self, title: str, entries: list[ModelEntry]) -> None:
        group = QTreeWidgetItem(self.list, [title])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        group.setExpanded(True)
        for entry in entries:
            item = QTreeWidgetItem(group, self._texts(entry))
            self._rows.append(item)
            item.setData(0, _REFERENCE, entry.reference)
            item.setToolTip(0, literal(self._tip(entry)))
            for column in (1, 2, 3):
                item.setTextAlignment(
                    column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                )
        group.setExpanded(True)
        self._groups.append((group, self._rows[-len(entries) :]))

    def _own_files(self) -> list[ModelEntry]:
        """Return the networks trained here and files opened before, as entries."""
        taught = Path(self._app.settings.networks).glob("*.safetensors")
        paths = dict.fromkeys([*map(str, sorted(taught)), *self._app.settings.recent])
        return [
            ModelEntry(
                reference=path,
                title=path.replace("\\", "/").rpartition("/")[2],
                family=self.tr("file"),
                source=ModelSource.YOURS,
                parameters=0,
                file_size=0,
            )
            for path in paths
            if path.lower().endswith((*NETWORKS, *PROGRAMS))
        ]

    def _mark(self, info: ModelInfo) -> None:
        if info.source is ModelSource.YOURS:
            self._fill(self._app.models.catalogue)
        self._select(info.reference)

    def _select(self, reference: str) -> None:
        for item in self._rows:
            if item.data(0, _REFERENCE) in (reference, reference.partition("@")[0]):
                self.list.setCurrentItem(item)
                return

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._rows:
            name = f"{item.text(0)} {item.data(0, _REFERENCE)}".lower()
            item.setHidden(not all(word in name for word in words))
        for group, members in self._groups:
            group.setHidden(all(member.isHidden() for member in members))
        current = self.list.currentItem()
        if current is None or current.isHidden():
            self._choose_first()

    def _choose_first(self) -> None:
        """Select the first search result, so that card and buttons refer to it."""
        first = next((item for item in self._rows if not item.isHidden()), None)
        if first is None:
            self.list.setCurrentIndex(QModelIndex())
        elif self.search.text():
            self.list.setCurrentItem(first)

    def _open_first(self) -> None:
        self._choose_first()
        self._open()

    def _reference(self) -> str:
        item = self.list.currentItem()
        return str(item.data(0, _REFERENCE) or "") if item else ""

    def _open(self, _index: QModelIndex | None = None) -> None:
        if self._reference():
            self._app.open_model(self._reference())

    def open_untrained(self) -> None:
        """Open the selected torchvision network with random weights."""
        reference = self._reference().partition("@")[0]
        if reference.startswith("zoo:"):
            self._app.open_model(reference + "@random")
        else:
            words = self.tr("choose a torchvision network in Models first")
            self._app.messages.say(words)

    def _fetch(self) -> None:
        self._app.models.fetch(self._reference())

    def _offer(self) -> None:
        """Enable the buttons that apply to the selected network."""
        reference = self._reference()
        zoo = reference.startswith("zoo:")
        here = self._app.models.is_present(reference)
        allow(self._open_button, bool(reference), self.tr("Choose a network first"))
        why = self.tr("Only torchvision networks can be opened with random weights")
        allow(self._random_button, zoo, why)
        self._fetch_button.setVisible(zoo and not here)
        entry = self._app.models.entry(reference)
        self.summary.setVisible(entry is not None)
        if entry is not None:
            self.summary.setText(self._summary(entry))

    def _texts(self, entry: ModelEntry) -> list[str]:
        return [
            entry.title,
            short_number(entry.parameters) if entry.parameters else "",
            f"{entry.accuracy:.1f} %" if entry.accuracy else "",
            self._weights(entry),
        ]

    def _summary(self, entry: ModelEntry) -> str:
        """Return a summary of a network: its purpose, accuracy and architecture."""
        purposes = {
            Task.CLASSIFY: self.tr("classifies images"),
            Task.DETECT: self.tr("detects objects"),
            Task.SEGMENT: self.tr("segments images"),
            Task.REPAINT: self.tr("repaints images"),
            Task.MULTILABEL: self.tr("predicts several labels"),
            Task.REGRESS: self.tr("predicts numbers"),
            Task.EMBED: self.tr("extracts features"),
            Task.GENERIC: self.tr("other output"),
        }
        says = [f"{entry.title}: {purposes[entry.task]}"]
        if entry.accuracy:
            says.append(f"{entry.metric} {entry.accuracy:.1f}{_NO_BREAK}%")
        if entry.parameters:
            number = short_number(entry.parameters).replace(" ", _NO_BREAK)
            says.append(self.tr("{0} parameters").format(number))
        about = entry.about.replace("`", "")
        return f"{', '.join(says)}\n{about}".strip()

    def _weights(self, entry: ModelEntry) -> str:
        """Return whether the weights are installed, or their download size."""
        if not entry.file_size or self._app.models.is_present(entry.reference):
            return self.tr("installed")
        return short_bytes(entry.file_size)

    def _tip(self, entry: ModelEntry) -> str:
        """Return the tool tip that explains a row's abbreviations."""
        lines = [entry.reference, f"{entry.family} {entry.year or ''}".strip()]
        if entry.accuracy:
            lines.append(f"{entry.metric} {entry.accuracy:.1f} %")
        if entry.file_size and not self._app.models.is_present(entry.reference):
            size = short_bytes(entry.file_size)
            lines.append(self.tr("weights: {0} to download").format(size))
        else:
            lines.append(self.tr("weights: on this machine"))
        return "\n".join(lines)
