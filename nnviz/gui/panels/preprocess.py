"""The preprocessing editor: shows at once what a change does to the prediction."""

from enum import StrEnum

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from nnviz.base.errors import UsageError
from nnviz.base.preprocess import ChannelOrder, Fit, Interpolation, Preprocess
from nnviz.gui.parts import MARGIN, button, label, named, row
from nnviz.gui.signs import DASH, TIMES
from nnviz.gui.theme import GRID
from nnviz.gui.workbench import Workbench

_PAUSE = 300
_LARGEST = 4096
_RANGES = {f"0 {DASH} 1": 1.0, f"0 {DASH} 255": 255.0}


class PreprocessPanel(QWidget):
    """Size, fit, mean, std, order and range of what the network is given."""

    def __init__(self, bench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self._bench = bench
        self.height_box, self.width_box = _size_box(), _size_box()
        self.resize_box = _size_box()
        self.fit = _choice(Fit)
        self.interpolation = _choice(Interpolation)
        self.mean = named(QLineEdit(), name=self.tr("Mean of each channel"))
        self.std = named(
            QLineEdit(), name=self.tr("Standard deviation of each channel")
        )
        self.order = _choice(ChannelOrder)
        self.range = QComboBox()
        self.range.addItems(list(_RANGES))
        self.warning = label(style="warning", wrap=True)
        self.reset = button(self.tr("The network's own"), self._reset)
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE)
        self._soon.timeout.connect(self._apply)
        self._lay_out()
        self._listen()
        bench.selection.model_changed.connect(lambda _: self._show())
        bench.models.failed.connect(lambda *_: self._show())
        self._show()

    def read(self) -> Preprocess:
        """Return what the controls say.

        Raises:
            UsageError: it cannot be computed, or is no number.
        """
        return Preprocess(
            input_size=(self.height_box.value(), self.width_box.value()),
            resize=self.resize_box.value(),
            fit=Fit(self.fit.currentText()),
            interpolation=Interpolation(self.interpolation.currentText()),
            mean=_numbers("mean", self.mean.text()),
            std=_numbers("std", self.std.text()),
            order=ChannelOrder(self.order.currentText()),
            value_range=_RANGES[self.range.currentText()],
        )

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(3 * GRID)
        form.setVerticalSpacing(2 * GRID)
        form.addRow(
            self.tr("Input, px"),
            row(self.height_box, label(TIMES), self.width_box, None),
        )
        form.addRow(self.tr("Fit"), self.fit)
        form.addRow(self.tr("Resize to, px"), row(self.resize_box, None))
        form.addRow(self.tr("Filter"), self.interpolation)
        form.addRow(self.tr("Mean"), self.mean)
        form.addRow(self.tr("Std"), self.std)
        form.addRow(self.tr("Channels"), self.order)
        form.addRow(self.tr("Range"), self.range)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(2 * GRID)
        column.addLayout(form)
        column.addWidget(self.warning)
        column.addLayout(row(self.reset, None))
        column.addStretch(1)

    def _listen(self) -> None:
        for box in (self.height_box, self.width_box, self.resize_box):
            box.valueChanged.connect(self._changed)
        for choice in (self.fit, self.interpolation, self.order, self.range):
            choice.currentIndexChanged.connect(self._changed)
        for field in (self.mean, self.std):
            field.textEdited.connect(self._changed)

    def _show(self) -> None:
        info = self._bench.selection.model
        self.setEnabled(info is not None)
        if info is None:
            return
        shown = info.preprocess
        self.blockSignals(True)
        self._put(shown)
        self.blockSignals(False)
        self._soon.stop()
        self._warn(shown.warnings())
        own = self._bench.models.own_preprocess
        self.reset.setEnabled(own is not None and own != shown)

    def _put(self, shown: Preprocess) -> None:
        self.height_box.setValue(shown.input_size[0])
        self.width_box.setValue(shown.input_size[1])
        self.resize_box.setValue(shown.resize)
        self.fit.setCurrentText(shown.fit.value)
        self.interpolation.setCurrentText(shown.interpolation.value)
        for field, values in ((self.mean, shown.mean), (self.std, shown.std)):
            text = ", ".join(f"{value:g}" for value in values)
            if not _same(field.text(), values):
                field.setText(text)
        self.order.setCurrentText(shown.order.value)
        self.order.setEnabled(shown.channels == len("RGB"))
        for name, value in _RANGES.items():
            if value == shown.value_range:
                self.range.setCurrentText(name)
        self.resize_box.setEnabled(shown.fit is Fit.CROP)

    def _changed(self) -> None:
        if not self.signalsBlocked():
            self._soon.start()

    def _apply(self) -> None:
        """Try what the controls say; the impossible is named and nothing changes."""
        info = self._bench.selection.model
        try:
            wanted = self.read()
        except UsageError as error:
            self._warn((str(error),))
            return
        self._warn(wanted.warnings())
        if info is not None and wanted != info.preprocess:
            self._bench.models.set_preprocess(wanted)

    def _reset(self) -> None:
        self._bench.models.set_preprocess(None)

    def _warn(self, warnings: tuple[str, ...]) -> None:
        self.warning.setText("\n".join(warnings))
        self.warning.setVisible(bool(warnings))


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        raise UsageError(
            name, f"{text!r} is no list of numbers", "0.485, 0.456, 0.406 is usual"
        ) from None


def _same(text: str, values: tuple[float, ...]) -> bool:
    """Tell whether the text means these numbers already, however it is written."""
    try:
        return _numbers("", text) == values
    except UsageError:
        return False


def _size_box() -> QSpinBox:
    box = QSpinBox(minimum=1, maximum=_LARGEST)
    box.setKeyboardTracking(False)
    return box


def _choice(kinds: type[StrEnum]) -> QComboBox:
    choice = QComboBox()
    choice.addItems([kind.value for kind in kinds])
    return choice
