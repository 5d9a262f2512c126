"""Page of concepts: TCAV, NMF parts, linear probes, channel ablation."""

from PySide6.QtWidgets import QButtonGroup, QPushButton, QVBoxLayout, QWidget

from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.page_stack import PageStack
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, named
from nnviz.gui.workspaces.data.concepts.channel_ablation import ChannelAblationPane
from nnviz.gui.workspaces.data.concepts.concept_test import ConceptTestPane
from nnviz.gui.workspaces.data.concepts.layer_parts import LayerPartsPane
from nnviz.gui.workspaces.data.concepts.layer_probes import LayerProbePane


class Concepts(QWidget):
    """Page with four panes, one at a time."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.test = ConceptTestPane(app)
        self.parts = LayerPartsPane(app)
        self.probes = LayerProbePane(app)
        self.ablation = ChannelAblationPane(app)
        self._tabs, self._pages = QButtonGroup(self), PageStack()
        tabs = flow(spacing=GRID)
        for index, (title, pane) in enumerate(
            (
                (self.tr("Concept test"), self.test),
                (self.tr("Parts"), self.parts),
                (self.tr("Probes"), self.probes),
                (self.tr("Ablation"), self.ablation),
            )
        ):
            tabs.addWidget(self._make_tab(index, title))
            self._pages.addWidget(pane)
        self._tabs.idClicked.connect(self._pages.setCurrentIndex)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(tabs)
        column.addWidget(self._pages, 1)

    def show_pane(self, place: int) -> None:
        """Show one of the four panes."""
        self._tabs.button(place).click()

    def _make_tab(self, place: int, title: str) -> QPushButton:
        tab = named(QPushButton(title), "segment")
        tab.setCheckable(True)
        tab.setAutoExclusive(True)
        tab.setChecked(place == 0)
        self._tabs.addButton(tab, place)
        return tab
