"""List of the course's lessons by section."""

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from nnviz.base.documents.guides import Guide, shipped_guides
from nnviz.base.errors import InputError
from nnviz.base.info import SECTIONS, MethodInfo
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, keep_size, named, search_field

_NAME, _GUIDE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class CoursePanel(QWidget):
    """Tree of lessons in teaching order, with a search field."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.search = search_field(self.tr("Search lessons"), self.tr("Search lessons"))
        self.search.textChanged.connect(self._filter)
        self.tree = named(QTreeWidget(), name=self.tr("Lessons"))
        self.tree.setHeaderHidden(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        keep_size(app.look, self.tree, self._indent)
        self.tree.currentItemChanged.connect(self._choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        top = QVBoxLayout()
        top.setContentsMargins(MARGIN, GRID, MARGIN, GRID)
        top.addWidget(self.search)
        column.addLayout(top)
        column.addWidget(self.tree, 1)
        app.models.listed.connect(lambda _: self._fill())
        app.choice.offered_changed.connect(self._fill)
        app.choice.method_changed.connect(self._mark)
        self._fill()

    def _indent(self) -> None:
        self.tree.setIndentation(self._app.look.px(2 * GRID))

    def lessons(self) -> list[MethodInfo]:
        """Return the listed lessons, in the order of the course."""
        found = [
            info
            for info in self._app.models.catalogue.methods
            if info.capabilities.section
        ]
        order = {section: index for index, section in enumerate(SECTIONS)}
        return sorted(
            found,
            key=lambda info: (
                order.get(info.capabilities.section, len(order)),
                info.capabilities.place,
                info.title,
            ),
        )

    def _fill(self) -> None:
        with QSignalBlocker(self.tree):
            self.tree.clear()
            heads: dict[str, QTreeWidgetItem] = {}
            self._add_guides()
            for info in self.lessons():
                section = info.capabilities.section
                if section not in heads:
                    heads[section] = self._heading(section)
                item = QTreeWidgetItem(heads[section], [info.title])
                item.setData(0, _NAME, info.name)
                item.setToolTip(0, literal(info.shows))
        self._filter(self.search.text())
        self._mark()

    def _add_guides(self) -> None:
        """List the guided lessons first."""
        try:
            guides = shipped_guides()
        except (InputError, FileNotFoundError):
            return  # shipped lessons are tested, so one was damaged later
        head = self._heading(self.tr("Guided lessons"))
        for guide in guides:
            item = QTreeWidgetItem(head, [guide.title])
            item.setData(0, _GUIDE, guide)
            item.setToolTip(0, literal(guide.about))

    def _heading(self, title: str) -> QTreeWidgetItem:
        head = QTreeWidgetItem(self.tree, [title])
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        head.setExpanded(True)
        font = head.font(0)
        font.setWeight(QFont.Weight.DemiBold)
        head.setFont(0, font)
        return head

    def _heads(self) -> list[QTreeWidgetItem]:
        count = self.tree.topLevelItemCount()
        found = (self.tree.topLevelItem(index) for index in range(count))
        return [head for head in found if head is not None]

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for head in self._heads() for item in _children(head)]

    def _mark(self, _info: MethodInfo | None = None) -> None:
        """Select the current lesson in the tree."""
        method = self._app.choice.method
        for item in self._items():
            if method is not None and item.data(0, _NAME) == method.name:
                with QSignalBlocker(self.tree):
                    self.tree.setCurrentItem(item)

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items():
            head = item.parent()
            section = head.text(0) if head is not None else ""
            told = f"{section} {item.text(0)} {item.toolTip(0)}".lower()
            item.setHidden(not all(word in told for word in words))
        for head in self._heads():
            head.setHidden(all(child.isHidden() for child in _children(head)))

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        if item is None:
            return
        guide, name = item.data(0, _GUIDE), item.data(0, _NAME)
        if isinstance(guide, Guide):
            self._app.open_guide(guide)
        elif name:
            self._app.choice.choose(str(name))


def _children(head: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    found = (head.child(index) for index in range(head.childCount()))
    return [child for child in found if child is not None]
