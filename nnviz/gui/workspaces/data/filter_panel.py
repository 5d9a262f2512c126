"""Filters and order of the open data set, and facts about it."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from nnviz.gui.layout.combo_box import ComboBox
from nnviz.gui.layout.flow import flow
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.dataset import (
    CENTER,
    CONFIDENCE,
    ENTROPY,
    LABEL,
    LOSS,
    MARGIN_COLUMN,
    PREDICTED,
    SPLIT,
    DataSet,
    title_of,
)
from nnviz.gui.state.record_query import ANY, ORIGINAL, SORTS, RecordQuery
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import (
    MARGIN,
    allow,
    button,
    label,
    named,
    row,
    search_field,
    toggle_button,
)

_LETTERS = 8
_LISTED = 20
"""Number of unreadable images listed in a tool tip."""
_PERCENT = 100


class FilterPanel(QWidget):
    """Panel that describes the data set, and filters it for every page."""

    def __init__(self, app: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._app = app
        self.title = label(style="heading", wrap=True)
        self.facts = label(style="muted", wrap=True)
        self._make_fields()
        self.reset = button(self.tr("Reset filters"), self._reset)
        self.close_set = button(self.tr("Close data set"), app.datasets.close)
        self.form = QFormLayout()
        self._fields = QWidget()
        self._fill_form()
        self._lay_out()
        self._connect()
        self._fill(app.datasets.dataset)

    def _make_fields(self) -> None:
        self.text = search_field(self.tr("Search paths"), self.tr("Search paths"))
        self.label = _combo(self.tr("Class"))
        self.predicted = _combo(self.tr("Predicted class"))
        self.answers = _combo(self.tr("Correctness"))
        self.split = _combo(self.tr("Split"))
        self.least = self._make_box(self.tr("Lowest confidence"), 0)
        self.most = self._make_box(self.tr("Highest confidence"), _PERCENT)
        self.sort = _combo(self.tr("Sort by"))
        look = self._app.look
        self.descending = toggle_button(look, "arrow-down", self.tr("Highest first"))

    def _make_box(self, name: str, value: float) -> QDoubleSpinBox:
        box = named(QDoubleSpinBox(), name=name)
        box.setRange(0, _PERCENT)
        box.setDecimals(0)
        box.setSingleStep(5)
        box.setSuffix(" %")
        box.setKeyboardTracking(False)
        box.setValue(value)
        return box

    def _fill_form(self) -> None:
        form = self.form
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(GRID)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Class"), self.label)
        form.addRow(self.tr("Predicted"), self.predicted)
        form.addRow(self.tr("Correctness"), self.answers)
        form.addRow(self.tr("Split"), self.split)
        between = row(self.least, label("–"), self.most)
        between.setStretch(0, 1)
        between.setStretch(2, 1)
        form.addRow(self.tr("Confidence"), between)
        order = row(self.sort, self.descending)
        order.setStretch(0, 1)
        form.addRow(self.tr("Sort by"), order)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 2 * GRID, MARGIN, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.title)
        column.addWidget(self.facts)
        inside = QVBoxLayout(self._fields)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(2 * GRID)
        inside.addWidget(self.text)
        inside.addLayout(self.form)
        inside.addLayout(flow(self.reset, self.close_set))
        column.addWidget(self._fields)
        column.addStretch(1)

    def _connect(self) -> None:
        datasets = self._app.datasets
        datasets.opened.connect(self._fill)
        datasets.grown.connect(self._fill)
        datasets.query_changed.connect(self._show)
        self.text.textChanged.connect(lambda text: datasets.change(text=text.strip()))
        for combo, field in (
            (self.label, "label"),
            (self.predicted, "predicted"),
            (self.split, "split"),
            (self.answers, "right"),
        ):
            combo.activated.connect(
                lambda _, combo=combo, field=field: datasets.change(
                    **{field: combo.currentData()}
                )
            )
        self._connect_numbers()

    def _connect_numbers(self) -> None:
        datasets = self._app.datasets
        for box in (self.least, self.most):
            box.valueChanged.connect(lambda _: self._set_confidence())
        self.sort.activated.connect(
            lambda _: datasets.change(sort=self.sort.currentData())
        )
        self.descending.toggled.connect(lambda on: datasets.change(descending=on))

    def _reset(self) -> None:
        self._app.datasets.show_list(None)

    def _set_confidence(self) -> None:
        low, high = sorted((self.least.value(), self.most.value()))
        confidence = low / _PERCENT, high / _PERCENT
        self._app.datasets.change(confidence=confidence)

    # --- state

    def _fill(self, dataset: DataSet | None) -> None:
        """Fill the fields with the categories and columns of the data set."""
        self._fields.setVisible(dataset is not None)
        self.title.setText(dataset.title if dataset else self.tr("No data set"))
        self.facts.setText(self._facts(dataset) if dataset else "")
        self.facts.setToolTip(literal(self._skipped(dataset) if dataset else ""))
        self.facts.setVisible(dataset is not None)
        if dataset is not None:
            self._offer_names(dataset)
            self._offer_sorts(dataset)
            self._show()

    def _offer_names(self, dataset: DataSet) -> None:
        for combo, column in (
            (self.label, LABEL),
            (self.predicted, PREDICTED),
            (self.split, SPLIT),
        ):
            names = dataset.names_of(column)
            counted = sorted(dataset.present(column), key=lambda each: names[each[0]])
            entries = [(f"{names[n]} ({many:,})", n) for n, many in counted]
            _offer(combo, [(self.tr("All"), ANY), *entries])
            self.form.setRowVisible(combo, len(entries) > 1)
        answers = ((self.tr("All"), None), (self.tr("Right"), True))
        _offer(self.answers, [*answers, (self.tr("Wrong"), False)])
        self.form.setRowVisible(self.answers, dataset.labeled)

    def _offer_sorts(self, dataset: DataSet) -> None:
        sorts = [(self._sort_name(each), each) for each in SORTS]
        there = [(n, s) for n, s in sorts if s in (ORIGINAL, *dataset.columns)]
        _offer(self.sort, [*there, *((title_of(each), each) for each in dataset.given)])

    def _facts(self, dataset: DataSet) -> str:
        facts = dataset.index.facts
        parts = [self.tr("{0:,} images").format(dataset.count)]
        if dataset.index.skipped:
            skipped = len(dataset.index.skipped)
            parts.append(self.tr("{0:,} could not be read").format(skipped))
        parts.append(facts.model)
        return " · ".join(part for part in parts if part)

    def _skipped(self, dataset: DataSet) -> str:
        """Return the unreadable images with reasons, up to ``_LISTED``, as text."""
        skipped = dataset.index.skipped
        lines = [f"{path}: {reason}" for path, reason in skipped[:_LISTED]]
        if len(skipped) > _LISTED:
            lines.append(self.tr("and {0:,} more").format(len(skipped) - _LISTED))
        return "\n".join(lines)

    def _sort_name(self, column: str) -> str:
        return {
            ORIGINAL: self.tr("Original order"),
            CONFIDENCE: self.tr("Confidence"),
            MARGIN_COLUMN: self.tr("Margin to the second class"),
            ENTROPY: self.tr("Entropy"),
            LOSS: self.tr("Loss"),
            CENTER: self.tr("Distance to class center (typical first)"),
        }[column]

    def _show(self) -> None:
        """Show the query in the fields."""
        query: RecordQuery = self._app.datasets.query
        if self.text.text().strip() != query.text:
            with QSignalBlocker(self.text):
                self.text.setText(query.text)
        for combo, value in (
            (self.label, query.label),
            (self.predicted, query.predicted),
            (self.split, query.split),
            (self.answers, query.right),
            (self.sort, query.sort),
        ):
            combo.setCurrentIndex(max(0, combo.findData(value)))
        for box, share in zip((self.least, self.most), query.confidence, strict=True):
            with QSignalBlocker(box):
                box.setValue(share * _PERCENT)
        with QSignalBlocker(self.descending):
            self.descending.setChecked(query.descending)
        changed = query != RecordQuery() or self._app.datasets.listed is not None
        allow(
            self.reset,
            changed,
            self.tr("All images are shown, in their original order"),
        )


def _combo(name: str) -> QComboBox:
    combo = ComboBox.narrow(name, _LETTERS)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return combo


def _offer(combo: QComboBox, entries: Sequence[tuple[str, object]]) -> None:
    """Set the entries of a combo box, if they have changed."""
    there = [(combo.itemText(n), combo.itemData(n)) for n in range(combo.count())]
    if there == list(entries):
        return
    combo.clear()
    for title, value in entries:
        combo.addItem(title, value)
    full = Qt.ItemDataRole.ToolTipRole
    for n, (title, _) in enumerate(entries):
        combo.setItemData(n, literal(title), full)
