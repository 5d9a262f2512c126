"""The target of an explanation: a line with completion over the network's classes."""

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSignalBlocker,
    QStringListModel,
    Qt,
)
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QWidget

from nnviz.base.errors import UsageError
from nnviz.base.info import LayerInfo
from nnviz.base.notation.targets import parse_target
from nnviz.base.parameters import Parameter, Value
from nnviz.gui.forms.completion import NameCompleter
from nnviz.gui.forms.control import Control

_MINUS = " - "


class TargetControl(Control):
    """Edits a ``Kind.TARGET``; empty means the predicted class.

    Typing offers the classes whose names contain the text, after " - " those to
    subtract.  Other forms (layer4:12, box:0) are typed as they are.  What is no target
    of the opened network is kept in the line and said, but not taken.
    """

    def __init__(self, parameter: Parameter, parent: QWidget | None = None) -> None:
        super().__init__(parameter, parent)
        self._labels: tuple[str, ...] = ()
        self._layers: frozenset[str] = frozenset()
        self._line = QLineEdit(self)
        self.setup(self._line)
        self._line.setPlaceholderText(self.tr("predicted class"))
        self._line.setClearButtonEnabled(True)
        self._names = QStringListModel(self)
        self._completer = _ClassCompleter(self._names, self)
        self._completer.activated.connect(lambda _: self._finished())
        self._line.setCompleter(self._completer)
        self._list = QToolButton(self)
        self._list.setObjectName("dropdown")
        self._list.setArrowType(Qt.ArrowType.DownArrow)
        self._list.setAccessibleName(self.tr("Classes of the network"))
        self._list.setToolTip(self.tr("Choose a class"))
        self._list.clicked.connect(self._offer_all)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._list)
        self.set_value(parameter.default)
        self._line.editingFinished.connect(self._finished)
        self._line.textEdited.connect(self._edited)

    def set_hint(self, words: str) -> None:
        """Say what an empty line means here."""
        self._line.setPlaceholderText(words)

    def field(self) -> QWidget:
        """Return the line."""
        return self._line

    def set_layers(self, layers: tuple[LayerInfo, ...]) -> None:
        """Know the layers that a channel may be of."""
        self._layers = frozenset(layer.name for layer in layers)
        self._judge(self._line.text())

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Offer the network's classes; the value stays."""
        self._labels = labels
        self._names.setStringList(list(dict.fromkeys(labels)))
        self._list.setVisible(bool(labels))
        self._judge(self._line.text())

    def show_value(self, value: Value) -> None:
        """Write the value."""
        with QSignalBlocker(self._line):
            if self._line.text() != value:
                self._line.setText(str(value))
        self._judge(str(value))

    def _offer_all(self) -> None:
        """Show all classes in a list below the line."""
        self._line.setFocus()
        self._completer.offer_all()

    def _edited(self, text: str) -> None:
        if not text:
            self._finished()

    def _finished(self) -> None:
        text = self._line.text().strip()
        if self._judge(text) and text != self._value:
            self.take(text)

    def _judge(self, text: str) -> bool:
        """Tell whether the text is a target, and say why not."""
        if not self._labels:  # the network may still be loading
            return True
        try:
            parse_target(text, self._labels, self._layers)
        except UsageError as error:
            self.refused.emit(str(error))
            return False
        self.refused.emit("")
        return True


class _ClassCompleter(NameCompleter):
    """Completes the class behind the last " - "."""

    def __init__(self, names: QStringListModel, parent: QObject) -> None:
        self._before = ""
        super().__init__(names, parent)

    def splitPath(self, path: str) -> list[str]:
        """Return what is to be completed; remember what stands before it."""
        before, minus, rest = path.rpartition(_MINUS)
        self._before = before + minus
        return [rest]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """Return the whole line with the chosen class at its end."""
        return self._before + super().pathFromIndex(index)
