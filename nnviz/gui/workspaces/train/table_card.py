"""Card of a table: images with a number each, to train a regression on."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout

from nnviz.base.measures.training import ExampleTable
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, icon_button, keep_width, label, named, row
from nnviz.gui.views.widgets.elided import ElidedLabel
from nnviz.gui.workspaces.train.class_card import WIDTH
from nnviz.gui.workspaces.train.teaching import Teaching
from nnviz.gui.workspaces.train.thumbnails import Thumbnails


class TableCard(QFrame):
    """Card of a table, in place of the cards of classes."""

    def __init__(
        self, app: AppContext, teaching: Teaching, table: ExampleTable
    ) -> None:
        super().__init__()
        title = Path(table.path).name
        named(self, "card", title)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        name = ElidedLabel(align=Qt.AlignmentFlag.AlignLeft)
        name.setText(title)
        name.setToolTip(literal(table.path))
        thumbnails = Thumbnails(app)
        thumbnails.show_files(list(table.files))
        self.count = label(self._words(table), "muted", wrap=True)
        words = self.tr("Remove this table")
        remove = icon_button(app.look, "x", words, teaching.remove_table)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(row(name, remove))
        column.addWidget(thumbnails)
        column.addWidget(self.count)
        keep_width(app.look, self, WIDTH)

    def _words(self, table: ExampleTable) -> str:
        """Return the number of images, and the range of their numbers."""
        numbers = table.numbers
        return self.tr("{0} images, {1} from {2:.4g} to {3:.4g}").format(
            len(table.files), table.quantity, min(numbers), max(numbers)
        )
