"""Editor of a network's preprocessing."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from PySide6.QtCore import QEvent, QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.errors import UsageError
from nnviz.base.preprocess import (
    PRESET_USERS,
    PRESETS,
    ChannelOrder,
    Fit,
    Interpolation,
    Preprocess,
)
from nnviz.gui.layout.plain_text import literal
from nnviz.gui.layout.text_fields import indent
from nnviz.gui.layout.wheel_guard import WheelGuard

_LARGEST_SIDE = 4096
_MOST_CHANNELS = 64
_COLORS = 3
_NUMBER_LIMIT = 1e6
_DECIMALS = 12
_COLUMNS = 3
_RANGES = (1.0, 255.0)
_SPACE = 8
_LETTERS = 6
"""Minimum width of a field for a number, in average letters."""

Choice = TypeVar("Choice", bound=StrEnum)


class PreprocessForm(QWidget):
    """Form that edits a ``Preprocess``, with errors and warnings below the fields.

    Signals:
        changed: the new ``Preprocess``, after the user changed something valid.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._original = self._value = Preprocess()
        self.preset = self._make_presets()
        self._height = self._spin(self.tr("Input height"), _LARGEST_SIDE, "px")
        self._width = self._spin(self.tr("Input width"), _LARGEST_SIDE, "px")
        self._resize = self._spin(
            self.tr("Shorter side after resizing"), _LARGEST_SIDE, "px"
        )
        self._channels = self._spin(self.tr("Channels"), _MOST_CHANNELS, "")
        self._fit = self._combo(self.tr("Fit"), Fit)
        self._interpolation = self._combo(self.tr("Interpolation"), Interpolation)
        self._order = self._combo(self.tr("Channel order"), ChannelOrder)
        self._range = QComboBox(self)
        WheelGuard(self._range)
        for white in _RANGES:
            self._range.addItem(f"0 – {white:g}", white)
        self._range.setAccessibleName(self.tr("Pixel range"))
        self._range.activated.connect(self._edited)
        self._mean = _Numbers(self.tr("mean"), self)
        self._std = _Numbers(self.tr("standard deviation"), self)
        self._mean.edited.connect(self._edited)
        self._std.edited.connect(self._edited)
        self._remark = QLabel(self)
        self._remark.setTextFormat(Qt.TextFormat.PlainText)
        self._remark.setObjectName("warning")
        self._remark.setWordWrap(True)
        self._remark.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self._remark.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum
        )
        self._reset = QPushButton(self.tr("Reset to the network's own"), self)
        self._reset.clicked.connect(self.reset)
        self._arrange()
        self._show(self._value)

    def value(self) -> Preprocess:
        """Return the last valid value."""
        return self._value

    def set_value(self, value: Preprocess, original: Preprocess | None = None) -> None:
        """Show a value without emitting ``changed``.

        Args:
            value: the current preprocessing.
            original: the network's own, for reset; ``value`` if None.
        """
        self._original = original or value
        self._value = value
        self._show(value)

    def reset(self) -> None:
        """Restore the network's own preprocessing."""
        self._show(self._original)
        self._edited()

    def _make_presets(self) -> QComboBox:
        made = QComboBox(self)
        WheelGuard(made)
        made.addItem(self.tr("Custom"), "")
        for name in PRESETS:
            made.addItem(name, name)
            users = PRESET_USERS[name]
            made.setItemData(
                made.count() - 1, literal(users), Qt.ItemDataRole.ToolTipRole
            )
        made.setAccessibleName(self.tr("Preset"))
        made.setToolTip(
            self.tr("Mean, standard deviation, order and range of usual networks")
        )
        made.activated.connect(self._take_preset)
        return made

    def _take_preset(self) -> None:
        """Apply a preset's mean, std, order and range; size and fit stay."""
        name = str(self.preset.currentData())
        if name:
            self._show(self._value.colored_as(PRESETS[name]))
            self._edited()

    def remark(self) -> str:
        """Return the error or warnings; "" if there are none."""
        return self._remark.text()

    def _edited(self) -> None:
        """Apply the fields if they are valid; else show the error."""
        self._mean.set_count(self._channels.value())
        self._std.set_count(self._channels.value())
        try:
            value = self._read()
        except UsageError as error:
            self._say(str(error))
            return
        self._judge(value)
        if value != self._value:
            self._value = value
            self.changed.emit(value)

    def _read(self) -> Preprocess:
        padding = self._value.padding  # it has no field in this form
        return Preprocess(
            input_size=(self._height.value(), self._width.value()),
            resize=self._resize.value(),
            fit=_chosen(self._fit, Fit),
            interpolation=_chosen(self._interpolation, Interpolation),
            mean=self._mean.values(),
            std=self._std.values(),
            order=_chosen(self._order, ChannelOrder),
            value_range=float(self._range.currentData()),
            padding=padding if len(padding) == len(self._mean.values()) else (),
        )

    def _show(self, value: Preprocess) -> None:
        for spin, number in (
            (self._height, value.input_size[0]),
            (self._width, value.input_size[1]),
            (self._resize, value.resize),
            (self._channels, value.channels),
        ):
            with QSignalBlocker(spin):
                spin.setValue(number)
        self._fit.setCurrentIndex(list(Fit).index(value.fit))
        self._interpolation.setCurrentIndex(
            list(Interpolation).index(value.interpolation)
        )
        self._order.setCurrentIndex(list(ChannelOrder).index(value.order))
        self._show_range(value.value_range)
        self._mean.show_values(value.mean)
        self._std.show_values(value.std)
        self._judge(value)

    def _show_range(self, white: float) -> None:
        """Select the value range, adding an unusual one to the list."""
        index = self._range.findData(white)
        if index < 0:
            self._range.addItem(f"0 – {white:g}", white)
            index = self._range.count() - 1
        self._range.setCurrentIndex(index)

    def _judge(self, value: Preprocess) -> None:
        fitting = (
            name for name, each in PRESETS.items() if value.colored_as(each) == value
        )
        self.preset.setCurrentIndex(self.preset.findData(next(fitting, "")))
        self.preset.setEnabled(value.channels == _COLORS)
        self._say("\n".join(value.warnings()))
        self._resize.setEnabled(value.fit in {Fit.CROP, Fit.SQUASH, Fit.WHOLE})
        self._order.setEnabled(value.channels == _COLORS)
        self._reset.setEnabled(value != self._original)

    def _say(self, text: str) -> None:
        self._remark.setText(text)
        self._remark.setVisible(bool(text))

    def _spin(self, title: str, maximum: int, unit: str) -> QSpinBox:
        spin = QSpinBox(self)
        spin.setRange(1, maximum)
        spin.setSuffix(f" {unit}" if unit else "")
        spin.setKeyboardTracking(False)
        indent(spin)
        WheelGuard(spin)
        spin.setAccessibleName(title)
        spin.setToolTip(literal(title))
        spin.valueChanged.connect(self._edited)
        return spin

    def _combo(self, title: str, choices: type[StrEnum]) -> QComboBox:
        combo = QComboBox(self)
        WheelGuard(combo)
        for choice in choices:
            combo.addItem(choice.value, choice.value)
        combo.setAccessibleName(title)
        combo.activated.connect(self._edited)
        return combo

    def _arrange(self) -> None:
        size = QWidget(self)
        line = QHBoxLayout(size)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._height, 1)
        line.addWidget(QLabel("×", size))
        line.addWidget(self._width, 1)
        size.setFocusProxy(self._height)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(_SPACE)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(self.tr("Preset"), self.preset)
        form.addRow(self.tr("Input size"), size)
        form.addRow(self.tr("Fit"), self._fit)
        form.addRow(self.tr("Resize to"), self._resize)
        form.addRow(self.tr("Filter"), self._interpolation)
        form.addRow(self.tr("Channels"), self._channels)
        form.addRow(self.tr("Order"), self._order)
        form.addRow(self.tr("Pixels run"), self._range)
        form.addRow(self.tr("Mean"), self._mean)
        form.addRow(self.tr("Std"), self._std)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_SPACE)
        column.addLayout(form)
        column.addWidget(self._remark)
        column.addWidget(self._reset)


class _Numbers(QWidget):
    """Fields for one number per channel, three in a line.

    Signals:
        edited: the user changed a number.
    """

    edited = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._fields: list[QLineEdit] = []
        self._values: list[float] = []
        self._rows: list[QHBoxLayout] = []
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(_SPACE // 2)

    def values(self) -> tuple[float, ...]:
        """Return the numbers exactly as they were shown or entered."""
        return tuple(self._values)

    def show_values(self, values: tuple[float, ...]) -> None:
        """Show the numbers, one field for each."""
        self.set_count(len(values))
        self._values = list(values)
        for field, value in zip(self._fields, values, strict=True):
            field.setText(_written(value))

    def set_count(self, count: int) -> None:
        """Set the number of fields, repeating the last number in new ones."""
        while len(self._fields) < count:
            self._add()
        while len(self._fields) > count:
            field = self._fields.pop()
            self._values.pop()
            # A removed field loses the focus, which would finish its editing.
            field.blockSignals(True)
            self._rows[len(self._fields) // _COLUMNS].removeWidget(field)
            field.hide()
            field.deleteLater()

    def changeEvent(self, event: QEvent) -> None:
        """Adapt the fields' widths to the font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            for field in self._fields:
                _fit(field)

    def _add(self) -> None:
        index = len(self._fields)
        if len(self._rows) <= index // _COLUMNS:
            self._rows.append(QHBoxLayout())
            self._lines.addLayout(self._rows[-1])
        value = self._values[-1] if self._values else 1.0
        field = QLineEdit(_written(value), self)
        allowed = QDoubleValidator(-_NUMBER_LIMIT, _NUMBER_LIMIT, _DECIMALS, field)
        allowed.setLocale(QLocale.c())
        field.setValidator(allowed)
        _fit(field)
        name = self.tr("{0}, channel {1}").format(self._title, index + 1)
        field.setAccessibleName(name)
        field.setToolTip(literal(field.accessibleName()))
        field.editingFinished.connect(self._taker(index))
        self._rows[index // _COLUMNS].addWidget(field)
        self._fields.append(field)
        self._values.append(value)

    def _taker(self, index: int) -> Callable[[], None]:
        def take() -> None:
            field = self._fields[index]
            # Leaving a field unchanged must not round its value.
            if field.text() != _written(self._values[index]):
                self._values[index] = float(field.text())
                self.edited.emit()

        return take


def _fit(field: QLineEdit) -> None:
    field.setMinimumWidth(_LETTERS * field.fontMetrics().averageCharWidth())


def _written(value: float) -> str:
    return f"{value:.6g}"


def _chosen(combo: QComboBox, kinds: type[Choice]) -> Choice:
    return kinds(combo.currentData())
