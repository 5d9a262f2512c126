"""Check lists of a board: methods, networks and images."""

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.documents.boards import COMPARED, Network, comparable
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Kind, Value
from nnviz.base.requests import ModelRequest
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import label, named
from nnviz.gui.workspaces.explain.workspace import EXPLAIN

_KEY = Qt.ItemDataRole.UserRole


class Ticks(QWidget):
    """A check list with a heading.

    Signals:
        changed: the checked entries have changed.
    """

    changed = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = named(QListWidget(), name=title)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.itemChanged.connect(lambda _: self.changed.emit())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(label(title, "section"))
        self._row = self.list.fontMetrics().height() + 2 * GRID
        column.addWidget(self.list, 1)

    def offer(self, entries: Iterable[tuple[str, str]], usual: Iterable[str]) -> None:
        """Set the entries, keeping the checked ones, or else checking the default ones.

        Args:
            entries: key and title.
            usual: keys checked by default.
        """
        offered = list(entries)
        keys = {key for key, _ in offered}
        ticked = (set(self.ticked()) & keys) or set(usual)
        with QSignalBlocker(self.list):
            self.list.clear()
            for key, title in offered:
                item = QListWidgetItem(title)
                item.setToolTip(literal(title))
                item.setSizeHint(QSize(0, self._row))
                item.setData(_KEY, key)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                on = Qt.CheckState.Checked if key in ticked else Qt.CheckState.Unchecked
                item.setCheckState(on)
                self.list.addItem(item)
        self.changed.emit()

    def ticked(self) -> list[str]:
        """Return the keys of the checked entries, in order."""
        items = [self.list.item(n) for n in range(self.list.count())]
        return [
            str(item.data(_KEY))
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        ]

    def tick(self, keys: Iterable[str]) -> None:
        """Check exactly these entries."""
        wanted = set(keys)
        with QSignalBlocker(self.list):
            for n in range(self.list.count()):
                item = self.list.item(n)
                on = item.data(_KEY) in wanted
                item.setCheckState(
                    Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
                )
        self.changed.emit()


class BoardChoices(QWidget):
    """The three check lists of a board.

    Signals:
        changed: the checked entries have changed.
    """

    changed = Signal()

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self.methods = Ticks(self.tr("Methods"))
        self.networks = Ticks(self.tr("Networks"))
        self.photographs = Ticks(self.tr("Images"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        for ticks, share in (
            (self.methods, 5),
            (self.networks, 3),
            (self.photographs, 2),
        ):
            column.addWidget(ticks, share)
            ticks.changed.connect(self.changed)
        self.settings = QCheckBox(self.tr("Use settings from Explain"))
        self.settings.setChecked(True)
        self.settings.setToolTip(
            self.tr(
                "On: each method uses the parameters set in the Explain workspace "
                "(its layer only if a single network is compared). Off: default "
                "parameters."
            )
        )
        column.addWidget(self.settings)
        app.models.listed.connect(lambda _: self._list())
        app.selection.model_changed.connect(lambda _: self._list())
        app.images.current_changed.connect(self._follow_image)
        for changed in (app.images.added, app.images.removed):
            changed.connect(lambda _: self._list_images())
        self._list()
        self._list_images()

    def chosen_methods(self) -> tuple[MethodInfo, ...]:
        """Return the checked methods."""
        names = self.methods.ticked()
        return tuple(each for each in self._offered() if each.name in names)

    def chosen_networks(self) -> tuple[Network, ...]:
        """Return the checked networks; the open one with its current settings."""
        open_one = self._app.selection.model
        networks = []
        for reference in self.networks.ticked():
            entry = self._app.models.entry(reference)
            title = entry.title if entry else reference
            request = ModelRequest(reference=reference)
            if open_one is not None and open_one.reference == reference:
                title, request = open_one.title, self._app.models.request
            networks.append(Network(request=request, title=title))
        return tuple(networks)

    def chosen_values(self) -> dict[str, dict[str, Value]]:
        """Return the parameters that differ from their defaults, by method.

        Layer names are left out: they mean nothing to another network.
        """
        if not self.settings.isChecked():
            return {}
        several = len(self.networks.ticked()) > 1
        found = {}
        for info in self.chosen_methods():
            layers = {p.name for p in info.parameters if p.kind is Kind.LAYER}
            given = self._app.choice.settings_of(info, EXPLAIN.name)
            values = {
                name: value
                for name, value in given.items()
                if not (several and name in layers)
            }
            if values:
                found[info.name] = values
        return found

    def _offered(self) -> list[MethodInfo]:
        """Return the methods that suit the open network, the usual ones first."""
        model = self._app.selection.model
        if model is None:
            return []
        found = comparable(self._app.models.catalogue.methods, model.task)
        places = {name: n for n, name in enumerate(COMPARED)}
        return sorted(found, key=lambda each: places.get(each.name, len(places)))

    def _list(self) -> None:
        """List the methods, and the networks that are installed."""
        model, models = self._app.selection.model, self._app.models
        self.methods.offer(
            [(each.name, each.title) for each in self._offered()], COMPARED
        )
        if model is None:
            self.networks.offer([], [])
            return
        others = [
            (each.reference, each.title)
            for each in models.catalogue.models
            if each.task == model.task
            and each.reference != model.reference
            and models.is_present(each.reference)
        ]
        self.networks.offer(
            [(model.reference, model.title), *others], [model.reference]
        )

    def _list_images(self) -> None:
        images = self._app.images
        self.photographs.offer(
            [(path, path.rpartition("/")[2]) for path in images.paths],
            [images.current],
        )

    def _follow_image(self, path: str) -> None:
        """Check the open image, unless several are checked."""
        if len(self.photographs.ticked()) <= 1:
            self.photographs.tick([path])
