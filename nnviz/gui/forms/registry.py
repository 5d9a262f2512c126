"""Which control edits which kind of parameter."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from nnviz.base.parameters import Kind, Parameter
from nnviz.gui.forms.channel import ChannelControl
from nnviz.gui.forms.choice import choice_control
from nnviz.gui.forms.control import Control
from nnviz.gui.forms.flag import FlagControl
from nnviz.gui.forms.integer import integer_control
from nnviz.gui.forms.layer import LayerControl
from nnviz.gui.forms.number import NumberControl
from nnviz.gui.forms.target import TargetControl
from nnviz.gui.forms.text import TextControl

_CONTROLS: dict[Kind, Callable[[Parameter, QWidget | None], Control]] = {
    Kind.FLAG: FlagControl,
    Kind.INTEGER: integer_control,
    Kind.NUMBER: NumberControl,
    Kind.CHOICE: choice_control,
    Kind.TEXT: TextControl,
    Kind.LAYER: LayerControl,
    Kind.CHANNEL: ChannelControl,
    Kind.TARGET: TargetControl,
}


def make_control(parameter: Parameter, parent: QWidget | None = None) -> Control:
    """Return the control for a parameter."""
    return _CONTROLS[parameter.kind](parameter, parent)
