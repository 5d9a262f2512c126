"""Text field for an explanation's target, with completion of class names."""

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
    """Control of a ``Kind.TARGET``; empty means the predicted class.

    Typing offers the classes whose names contain the text, after " - " those to
    subtract.  Other forms (layer4:12, box:0) are typed without completion.  Text that
    is no target of the open network stays in the field and is reported, but not
    applied.
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
        """Set the placeholder, which says what an empty field means."""
        self._line.setPlaceholderText(words)

    def field(self) -> QWidget:
        """Return the text field."""
        return self._line

    def set_layers(self, layers: tuple[LayerInfo, ...]) -> None:
        """Set the layers whose channels can be targets."""
        self._layers = frozenset(layer.name for layer in layers)
        self._judge(self._line.text())

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Set the classes to complete, keeping the value."""
        self._labels = labels
        self._names.setStringList(list(dict.fromkeys(labels)))
        self._list.setVisible(bool(labels))
        self._judge(self._line.text())

    def show_value(self, value: Value) -> None:
        """Show the value as text."""
        with QSignalBlocker(self._line):
            if self._line.text() != value:
                self._line.setText(str(value))
        self._judge(str(value))

    def _offer_all(self) -> None:
        """Show all classes in the completion list."""
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
        """Return whether the text is a target; if not, show why."""
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
    """Completer of the class after the last " - "."""

    def __init__(self, names: QStringListModel, parent: QObject) -> None:
        self._before = ""
        super().__init__(names, parent)

    def splitPath(self, path: str) -> list[str]:
        """Return the text to be completed, storing what precedes it."""
        before, minus, rest = path.rpartition(_MINUS)
        self._before = before + minus
        return [rest]

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        """Return the whole line, ending with the selected class."""
        return self._before + super().pathFromIndex(index)
