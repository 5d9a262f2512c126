"""Registry of form controls by kind of parameter."""

from PySide6.QtWidgets import QWidget

from nnviz.base.parameters import Kind, Parameter
from nnviz.gui.forms.channel import ChannelControl
from nnviz.gui.forms.choice import choice_control
from nnviz.gui.forms.color import ColorControl
from nnviz.gui.forms.control import Control
from nnviz.gui.forms.flag import FlagControl
from nnviz.gui.forms.integer import integer_control
from nnviz.gui.forms.layer import LayerControl
from nnviz.gui.forms.number import NumberControl
from nnviz.gui.forms.path import PathControl
from nnviz.gui.forms.target import TargetControl
from nnviz.gui.forms.text import TextControl


def make_control(  # noqa: C901, PLR0911  one case a kind: mypy finds what is missing
    parameter: Parameter, parent: QWidget | None = None
) -> Control:
    """Build the control of a parameter."""
    match parameter.kind:
        case Kind.FLAG:
            return FlagControl(parameter, parent)
        case Kind.INTEGER:
            return integer_control(parameter, parent)
        case Kind.NUMBER:
            return NumberControl(parameter, parent)
        case Kind.CHOICE:
            return choice_control(parameter, parent)
        case Kind.LAYER:
            return LayerControl(parameter, parent)
        case Kind.CHANNEL:
            return ChannelControl(parameter, parent)
        case Kind.TARGET:
            return TargetControl(parameter, parent)
        case Kind.IMAGE | Kind.MASK | Kind.FOLDER | Kind.TEXT_FILE | Kind.NETWORK_FILE:
            return PathControl(parameter, parent)
        case Kind.COLOR:
            return ColorControl(parameter, parent)
        case (
            Kind.TEXT
            | Kind.LAYERS
            | Kind.CHANNELS
            | Kind.CLASSES
            | Kind.STICKERS
            | Kind.BOXES
            | Kind.NUMBERS
            | Kind.POINTS
            | Kind.CELLS
            | Kind.WORDS
            | Kind.ARCHITECTURE
        ):
            return TextControl(parameter, parent)
