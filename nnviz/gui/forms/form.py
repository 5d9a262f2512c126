"""Form of a method's parameters, built from their declarations, with undo."""

from collections.abc import Callable, Mapping
from itertools import pairwise

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from nnviz.base.errors import unknown
from nnviz.base.info import LayerInfo
from nnviz.base.parameters import Kind, Parameter, Value
from nnviz.gui.forms.control import FolderMemory
from nnviz.gui.forms.row import Row

_PAUSE = 60
"""Milliseconds between two ``changed`` while a slider is dragged or text is typed."""
_SPACE = 8
_COMMAND_ID = 1
Apply = Callable[[Mapping[str, Value]], None]


class Change(QUndoCommand):
    """Undo command that changes values; the changes of one drag merge into one.

    Args:
        text: name in the menu: "window".
        old: values before.
        new: values after.
        apply: sets the form's values.
        stroke: equal for the changes of one drag; 0 never merges.
    """

    def __init__(
        self,
        text: str,
        old: Mapping[str, Value],
        new: Mapping[str, Value],
        apply: Apply,
        stroke: int = 0,
    ) -> None:
        super().__init__(text)
        self._old = dict(old)
        self.new = dict(new)
        self._apply = apply
        self.stroke = stroke

    def id(self) -> int:
        """Return an id that lets Qt merge changes."""
        return _COMMAND_ID

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Merge a later change of the same drag."""
        if not isinstance(other, Change) or not self.stroke:
            return False
        same = other.stroke == self.stroke and other.new.keys() == self.new.keys()
        if same:
            self.new = other.new
        return same

    def undo(self) -> None:
        """Restore the values before the change."""
        self._apply(self._old)

    def redo(self) -> None:
        """Apply the values after the change."""
        self._apply(self.new)


class Form(QWidget):
    """The form of a method's parameters.

    A parameter that depends on other values is hidden while it has no effect; its value
    is kept.  Rows are created when first shown: some methods have forty parameters, of
    which six are essential.

    Signals:
        changed: all values by name, after a change by the user or by undo.  Not emitted
            by ``set_values``.
        unfolded: whether the user shows all parameters or only the essential ones.
    """

    changed = Signal(dict)
    unfolded = Signal(bool)

    def __init__(
        self, parameters: tuple[Parameter, ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.history = QUndoStack(self)
        self._parameters = {each.name: each for each in parameters}
        self._rows: dict[str, Row] = {}
        self._unmade: dict[str, Value] = self._defaults()
        """Values of the parameters whose rows are not yet created."""
        self._layers: tuple[LayerInfo, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._target_hint = ""
        self._folders: FolderMemory | None = None
        self._helps = False
        self._stroke = 1
        self._announced = self._current = self.values()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._announce)
        self._more = self._make_more()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_SPACE)
        self._column.addWidget(self._more)
        for each in parameters:
            if each.kind is Kind.CHANNEL:  # a layer without that channel resets it
                self.row(each.name)
        self._refresh()

    def values(self) -> dict[str, Value]:
        """Return all values by name, including those of hidden parameters."""
        return {
            name: self._rows[name].control.value()
            if name in self._rows
            else self._unmade[name]
            for name in self._parameters
        }

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Show some values; the others are kept.

        The undo history is cleared and ``changed`` is not emitted.

        Raises:
            UsageError: an unknown name or a value that is not allowed; nothing changed.
        """
        self._show(self._checked(values))
        self.history.clear()
        self._announced = self.values()

    def set_layers(self, layers: tuple[LayerInfo, ...]) -> None:
        """Set the layers of the opened network."""
        self._layers = layers
        for row in self._rows.values():
            row.control.set_layers(layers)
        self._refresh()
        self._announced = self.values()

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Set the classes of the opened network."""
        self._labels = labels
        for row in self._rows.values():
            row.control.set_labels(labels)

    def set_target_hint(self, words: str) -> None:
        """Set what an empty target means with the opened network."""
        self._target_hint = words
        for row in self._rows.values():
            row.control.set_hint(words)

    def set_folders(self, folders: FolderMemory) -> None:
        """Set the memory of folders for file dialogs."""
        self._folders = folders
        for row in self._rows.values():
            row.control.set_folders(folders)

    def apply_preset(self, title: str, values: Mapping[str, Value]) -> None:
        """Apply a preset, with defaults for everything else; undoable.

        Raises:
            UsageError: as ``set_values``.
        """
        self._change(title, self._defaults() | self._checked(values))

    def reset(self, name: str = "") -> None:
        """Reset one parameter, or all; undoable."""
        defaults = self._defaults()
        if name:
            title = self._parameters[name].title
            self._change(self.tr("reset %s") % title, {name: defaults[name]})
        else:
            self._change(self.tr("reset all"), defaults)

    def retire(self) -> None:
        """Block all signals, since another method's form replaces this one."""
        self._pause.stop()
        self.blockSignals(True)

    def set_help_visible(self, visible: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show or hide each parameter's help as a line below it."""
        self._helps = visible
        for row in self._rows.values():
            row.set_help_visible(visible)

    def set_unfolded(self, unfolded: bool) -> None:  # noqa: FBT001 - a Qt slot
        """Show all parameters, or only the essential ones."""
        self._more.setChecked(unfolded)

    def _make_more(self) -> QPushButton:
        """Build the button below the essential parameters."""
        more = QPushButton(self)
        more.setObjectName("fold")
        more.setCheckable(True)
        more.toggled.connect(self._refresh)
        more.clicked.connect(self.unfolded)
        return more

    def _show_more(self, values: Mapping[str, Value]) -> None:
        """Update the button: how many parameters are hidden, and how many changed."""
        rest = [
            each
            for each in self._parameters.values()
            if not each.essential and each.matters(values)
        ]
        self._more.setVisible(bool(rest))
        changed = sum(values[each.name] != each.default for each in rest)
        words = self.tr("Less") if self._more.isChecked() else self.tr("More")
        words += f" ({len(rest)})"
        if changed and not self._more.isChecked():
            words += self.tr(" · %s changed") % changed
        self._more.setText(words)

    def row(self, name: str) -> Row:
        """Return a parameter's row, built on first use."""
        if name not in self._rows:
            self._make_row(self._parameters[name])
        return self._rows[name]

    def _make_row(self, parameter: Parameter) -> None:
        name, value = parameter.name, self._unmade.pop(parameter.name)
        row = self._rows[name] = Row(parameter, self)
        row.hide()
        row.control.set_layers(self._layers)
        row.control.set_labels(self._labels)
        if self._target_hint:
            row.control.set_hint(self._target_hint)
        if self._folders is not None:
            row.control.set_folders(self._folders)
        if row.control.value() != value:
            row.control.set_value(value)
        row.set_help_visible(self._helps)
        row.reset_wanted.connect(lambda: self.reset(name))
        row.control.edited.connect(
            lambda value, settled: self._edited(name, value, settled)
        )
        self._column.insertWidget(self._made_in_order().index(row), row)

    def _made_in_order(self) -> list[QWidget]:
        """Return the rows built so far, with the button after the essential ones."""
        order = sorted(self._parameters.values(), key=lambda each: not each.essential)
        made = [each for each in order if each.name in self._rows]
        place = sum(each.essential for each in made)
        rows: list[QWidget] = [self._rows[each.name] for each in made]
        return [*rows[:place], self._more, *rows[place:]]

    def _edited(self, name: str, value: Value, settled: bool) -> None:  # noqa: FBT001
        old = self._current[name]
        if value != old:
            title = self._parameters[name].title
            self.history.push(
                Change(title, {name: old}, {name: value}, self._replay, self._stroke)
            )
        if settled:
            self._stroke += 1
            self._announce()

    def _change(self, title: str, new: Mapping[str, Value]) -> None:
        values = self.values()
        different = {key: value for key, value in new.items() if value != values[key]}
        if different:
            old = {key: values[key] for key in different}
            self.history.push(Change(title, old, different, self._replay))
            self._announce()

    def _replay(self, values: Mapping[str, Value]) -> None:
        """Show values from the undo stack, and announce them after a pause."""
        self._show(values)
        if not self._pause.isActive():
            self._pause.start()

    def _show(self, values: Mapping[str, Value]) -> None:
        for name, value in values.items():
            if name not in self._rows:
                self._unmade[name] = value
                continue
            control = self._rows[name].control
            if control.value() != value or type(control.value()) is not type(value):
                control.set_value(value)
        self._refresh()

    def _refresh(self) -> None:
        """Update visibility, channels and reset buttons."""
        values, made = self.values(), len(self._rows)
        layer = self._chosen_layer(values)
        for name, parameter in self._parameters.items():
            seen = parameter.essential or self._more.isChecked()
            seen = seen and parameter.matters(values)
            if not seen and name not in self._rows:
                continue
            row = self.row(name)
            row.setVisible(seen)
            row.control.set_layer(layer)
            row.mark_changed()
        self._show_more(values)
        self._current = self.values()
        if len(self._rows) > made:
            self._order_tabs()

    def _order_tabs(self) -> None:
        """Set the tab order to the visual order of the rows."""
        stops = [each for row in self._made_in_order() for each in _tab_stops(row)]
        for one, other in pairwise(stops):
            QWidget.setTabOrder(one, other)

    def _chosen_layer(self, values: Mapping[str, Value]) -> LayerInfo | None:
        chosen = {
            values[name]
            for name, parameter in self._parameters.items()
            if parameter.kind is Kind.LAYER
        }
        return next((layer for layer in self._layers if layer.name in chosen), None)

    def _announce(self) -> None:
        self._pause.stop()
        values = self.values()
        if values != self._announced:
            self._announced = values
            self.changed.emit(values)

    def _checked(self, values: Mapping[str, Value]) -> dict[str, Value]:
        for name in values:
            if name not in self._parameters:
                raise unknown("parameter", name, self._parameters)
        return {
            name: self._parameters[name].check(value) for name, value in values.items()
        }

    def _defaults(self) -> dict[str, Value]:
        return {name: each.default for name, each in self._parameters.items()}


def _tab_stops(widget: QWidget) -> list[QWidget]:
    """Return the tab stops within a widget, in order."""
    return [
        each
        for each in (widget, *widget.findChildren(QWidget))
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and each.focusProxy() is None
        and each.window() is widget.window()
    ]
