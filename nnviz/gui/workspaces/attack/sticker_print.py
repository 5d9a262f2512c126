"""Printing of the selected sticker: size, paper, number of copies."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QSpinBox,
    QWidget,
)

from nnviz.base.errors import NnvizError
from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.panels.dialogs.files import ask_new_file
from nnviz.gui.panels.stickers.shelf import name_of
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.stickers import StickerLayout
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import MARGIN, button, label, named
from nnviz.render.printing import PAPERS, Print, dots_per_inch, places

_USUAL = 80.0
_LEAST, _MOST = 5.0, 250.0
_COPIES = 200


class PrintBar(QWidget):
    """Bar with the print settings, their outcome, and a button that writes the page."""

    def __init__(
        self, app: AppContext, placing: StickerLayout, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, "header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._app, self._placing = app, placing
        self.width_box = named(QDoubleSpinBox(), name=self.tr("Width on paper"))
        self.width_box.setRange(_LEAST, _MOST)
        self.width_box.setDecimals(1)
        self.width_box.setSuffix(" mm")
        self.width_box.setValue(_USUAL)
        self.paper = named(ComboBox(), name=self.tr("Paper"))
        for name in PAPERS:
            self.paper.addItem(name.title(), name)
        self.copies = named(QSpinBox(), name=self.tr("Copies"))
        self.copies.setRange(0, _COPIES)
        self.copies.setValue(1)
        self.copies.setSpecialValueText(self.tr("full page"))
        self.copies.setSuffix(self.tr(" on the page"))
        self.marks = QCheckBox(self.tr("Crop marks"))
        self.marks.setChecked(True)
        self.words = label(style="muted")
        self.save = button(self.tr("Save PDF…"), self.ask)
        choices = (self.width_box, self.paper, self.copies, self.marks, self.words)
        line = flow(*choices, None, self.save, spacing=2 * GRID)
        line.setContentsMargins(2 * GRID, GRID, MARGIN, GRID)
        self.setLayout(line)
        for changed in (
            self.width_box.valueChanged,
            self.paper.currentIndexChanged,
            self.copies.valueChanged,
            self.marks.toggled,
        ):
            changed.connect(lambda _: self._tell())
        placing.changed.connect(self._tell)
        placing.shelf.changed.connect(self._tell)
        self._tell()

    @property
    def order(self) -> Print:
        """The print settings."""
        return Print(
            width=self.width_box.value(),
            paper=str(self.paper.currentData()),
            copies=self.copies.value(),
            marks=self.marks.isChecked(),
        )

    def ask(self) -> None:
        """Ask for a file and write the page."""
        chosen = self._placing.current
        if chosen is None:
            return
        name = Path(name_of(chosen.cut.text).replace("#", "")).stem
        path, _ = ask_new_file(
            self,
            self._app.settings,
            self.tr("Save the page"),
            f"{name}-{self.width_box.value():g}mm.pdf",
            self.tr("PDF (*.pdf)"),
        )
        if path:
            whole = path if path.lower().endswith(".pdf") else f"{path}.pdf"
            self._app.shelf.print(chosen.cut.text, whole, self.order)

    def _tell(self) -> None:
        """Show the outcome of the settings, or why nothing can be printed."""
        chosen = self._placing.current
        opened = chosen and self._placing.shelf.opened(chosen.cut.text)
        if not opened or opened.image is None:
            self.words.setText(self.tr("Select a sticker on the image"))
            self.save.setEnabled(False)
            return
        rows, columns = opened.image.size
        width = self.width_box.value()
        size = width * rows / columns, width
        try:
            count = len(places(size, self.order))
        except NnvizError as error:
            self.words.setText(str(error))
            self.save.setEnabled(False)
            return
        dots = dots_per_inch(columns, width)
        self.words.setText(
            self.tr("{0} of {1:.4g} × {2:.4g} mm, {3:.0f} dpi").format(
                count, size[1], size[0], dots
            )
        )
        self.save.setEnabled(True)
