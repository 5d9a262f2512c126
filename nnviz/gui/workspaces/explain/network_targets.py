"""Targets of a board by network, since a class may have another name in each."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from nnviz.base.documents.boards import Network
from nnviz.base.errors import UsageError
from nnviz.base.info import ModelInfo
from nnviz.base.notation.targets import parse_target
from nnviz.base.parameters import Kind, Parameter
from nnviz.gui.forms.target import TargetControl
from nnviz.gui.theme.manager import GRID
from nnviz.gui.theme.parts import label
from nnviz.gui.views.widgets.elided import ElidedLabel


class NetworkTargets(QWidget):
    """A field for the own target of each of several networks.

    Signals:
        changed: another target was entered.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controls: dict[str, TargetControl] = {}
        self._targets: dict[str, str] = {}
        self._known: dict[str, ModelInfo] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)

    def learn(self, info: ModelInfo) -> None:
        """Set the classes of a network."""
        self._known[info.reference] = info
        control = self.controls.get(info.reference)
        if control is not None:
            _offer(control, info)

    def show_networks(self, networks: Sequence[Network]) -> None:
        """Show a field for each network; none for a single network."""
        references = [each.request.reference for each in networks]
        if references == list(self.controls):
            return
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.controls = {
            network.request.reference: self._add(network) for network in networks
        }

    def apply(self, networks: Sequence[Network]) -> tuple[Network, ...]:
        """Return the networks with the entered targets."""
        return tuple(
            replace(each, target=self._targets.get(each.request.reference, ""))
            for each in networks
        )

    def lacking(self, networks: Sequence[Network], target: str) -> list[str]:
        """Return the titles of networks that are known to lack the target."""
        return [
            each.title
            for each in self.apply(networks)
            if not self._has(each, each.target or target)
        ]

    def _add(self, network: Network) -> TargetControl:
        reference = network.request.reference
        title = ElidedLabel(self)
        title.setText(network.title)
        parameter = Parameter(
            name="target",
            kind=Kind.TARGET,
            default="",
            title=self.tr("Target"),
            help=self.tr("Target for this network only; empty: the board's target."),
        )
        control = TargetControl(parameter, self)
        control.set_hint(self.tr("the target above"))
        control.set_value(self._targets.get(reference, ""))
        control.field().setAccessibleName(
            self.tr("Target for {0}").format(network.title)
        )
        refusal = label(style="muted", wrap=True)
        refusal.hide()
        for widget in (title, control, refusal):
            self._column.addWidget(widget)

        def refuse(words: str) -> None:
            refusal.setText(words)
            refusal.setVisible(bool(words))

        control.refused.connect(refuse)
        control.edited.connect(lambda value, _: self._take(reference, str(value)))
        if reference in self._known:
            _offer(control, self._known[reference])
        return control

    def _take(self, reference: str, target: str) -> None:
        self._targets[reference] = target
        self.changed.emit()

    def _has(self, network: Network, target: str) -> bool:
        """Return whether a network has a target, as far as its classes are known."""
        info = self._known.get(network.request.reference)
        if info is None:
            return True
        try:
            parse_target(target, info.labels, {layer.name for layer in info.layers})
        except UsageError:
            return False
        return True


def _offer(control: TargetControl, info: ModelInfo) -> None:
    control.set_labels(info.labels)
    control.set_layers(info.layers)
