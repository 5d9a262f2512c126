"""A method's parameters, declared once as an annotated frozen dataclass.

The declaration is read here and becomes a tuple of ``Parameter``: the GUI's form, the
command line's options, the help page, checks and JSON all come from it.
"""

import dataclasses
import math
import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from nnviz.base.errors import UsageError, unknown
from nnviz.base.notation.numerals import described

Value = bool | int | float | str
"""A parameter's value."""
Number = TypeVar("Number", int, float)
Params = TypeVar("Params")
Given = TypeVar("Given")
_COLOR = re.compile(r"\s*(#[0-9a-fA-F]{6})?\s*")


class Kind(StrEnum):
    """Kinds of parameters: a closed list, one form control each."""

    FLAG = "flag"
    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"
    LAYER = "layer"
    """Name of a layer; empty means that the method chooses."""
    CHANNEL = "channel"
    """Index of a channel of the chosen layer; -1 means all."""
    CHANNELS = "channels"
    """Several channels, or a direction: "3, 7, 12-20", "3 - 7 + 0.5*12"."""
    LAYERS = "layers"
    """Names of layers with commas between, each with a weight where the method takes
    one: "layer2, layer3*0.5"."""
    TARGET = "target"
    """The target, as ``notation.targets`` parses it; empty means the predicted class.
    """
    CLASSES = "classes"
    """Names of classes."""
    IMAGE = "image"
    """Path of an image file; empty means none."""
    MASK = "mask"
    """Path of an image file, white where changes are allowed; empty means everywhere.
    """
    FOLDER = "folder"
    """Path of a folder of images; empty means none."""
    TEXT_FILE = "text_file"
    """Path of a text file; empty means none."""
    NETWORK_FILE = "network_file"
    """Path of a saved network; empty means none."""
    COLOR = "color"
    """A color as "#rrggbb"; empty means that the method chooses."""
    STICKERS = "stickers"
    """Placed stickers, as ``stickers.placed`` parses them."""
    BOXES = "boxes"
    """Annotated boxes of images, as ``notation.boxes`` parses them."""
    NUMBERS = "numbers"
    """Rows of numbers with semicolons between, "1 0 -1; 2 0 -2": a matrix."""
    POINTS = "points"
    """Points with a class each, "1 2 1; -1 2 0", as ``nnviz.base.kinds.planes`` parses
    them; the window lets the user drag them.
    """
    CELLS = "cells"
    """A small drawing, "#.#/.#.", as ``nnviz.base.kinds.matrices`` parses it; the
    window lets the user flip its cells.
    """
    WORDS = "words"
    """Text that is itself the data: letters to store, a text to learn."""
    ARCHITECTURE = "architecture"
    """Layers of a small network in words: "conv 6 5, relu, pool, linear 84"."""

    @property
    def names_file(self) -> bool:
        """Whether the value is the path of a file or a folder."""
        files = {Kind.IMAGE, Kind.MASK, Kind.FOLDER, Kind.TEXT_FILE, Kind.NETWORK_FILE}
        return self in files


LayerName = Annotated[str, Kind.LAYER]
ChannelIndex = Annotated[int, Kind.CHANNEL]
ChannelList = Annotated[str, Kind.CHANNELS]
LayerList = Annotated[str, Kind.LAYERS]
TargetText = Annotated[str, Kind.TARGET]
ClassList = Annotated[str, Kind.CLASSES]
ImageFile = Annotated[str, Kind.IMAGE]
MaskFile = Annotated[str, Kind.MASK]
ImageFolder = Annotated[str, Kind.FOLDER]
TextFile = Annotated[str, Kind.TEXT_FILE]
NetworkFile = Annotated[str, Kind.NETWORK_FILE]
ColorText = Annotated[str, Kind.COLOR]
StickersText = Annotated[str, Kind.STICKERS]
BoxList = Annotated[str, Kind.BOXES]
NumberRows = Annotated[str, Kind.NUMBERS]
PointList = Annotated[str, Kind.POINTS]
CellDrawing = Annotated[str, Kind.CELLS]
Words = Annotated[str, Kind.WORDS]
ArchitectureText = Annotated[str, Kind.ARCHITECTURE]


@dataclass(frozen=True, slots=True)
class Range:
    """The allowed range of a number; ``log`` asks for a logarithmic slider."""

    minimum: float
    maximum: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number: px, %, /255."""

    text: str


@dataclass(frozen=True, slots=True)
class Title:
    """The label in the form, where the field's name does not suffice."""

    text: str


@dataclass(frozen=True, slots=True)
class Help:
    """One sentence for the tool tip and ``--help``."""

    text: str


@dataclass(frozen=True, slots=True)
class Steerable:
    """Marker: a new value takes effect at the next safe point of a running job."""


@dataclass(frozen=True, slots=True)
class Essential:
    """Marker: the parameter is among the few that most people change.

    Where a declaration marks some, all others are folded away under "More".
    """


@dataclass(frozen=True, slots=True)
class ZeroKeepsSize:
    """Marker: the number is the result's longest side, px; 0 keeps the image's."""


@dataclass(frozen=True, slots=True)
class Lowest:
    """Meaning of a whole number's lowest value, in a word: "auto", "all"."""

    word: str


@dataclass(frozen=True, slots=True)
class Formerly:
    """Names that the parameter had before; they still work and are not shown."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True, slots=True)
class FormerChoices:
    """Choices by the names that they had before, which still work and are not shown."""

    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class When:
    """The parameter matters only while ``field`` has one of ``values``."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Along:
    """The number is a position along an axis of the image, in [0, 1].

    A click on the image sets it.
    """

    axis: Literal["x", "y"]


@dataclass(frozen=True, slots=True)
class LayerKinds:
    """The kinds of layers that a layer parameter offers.

    ``"any"``, ``"filters"`` (layers with kernels to show) or ``"spatial"``.
    """

    offered: Literal["any", "filters", "spatial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter as read from its declaration; plain values that JSON can hold."""

    name: str
    kind: Kind
    default: Value
    title: str
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    log: bool = False
    choices: tuple[str, ...] = ()
    steerable: bool = False
    layers: str = "any"
    along: str = ""
    when: tuple[str, tuple[Value, ...]] | None = None
    aliases: tuple[str, ...] = ()
    former_choices: tuple[tuple[str, str], ...] = ()
    essential: bool = True
    zero_keeps_size: bool = False
    lowest: str = ""

    @property
    def option(self) -> str:
        """The command line's spelling, ``--like-this``."""
        return "--" + self.name.replace("_", "-")

    def matters(self, values: Mapping[str, Value]) -> bool:
        """Return whether the parameter has an effect, given the other values."""
        return self.when is None or values[self.when[0]] in self.when[1]

    def check(self, value: object) -> Value:
        """Validate a value and return it as the declared type.

        Raises:
            UsageError: the value has the wrong type, is out of range, or is no valid
                choice.
        """
        value = self.current_choice(value)
        plain = _TYPE_OF_KIND[self.kind]
        if self.kind is Kind.TARGET and type(value) is int:
            value = f"class:{value}"
        # True is an int to Python, but not a number to a user.
        other = isinstance(value, bool) and plain is not bool
        if other or not isinstance(value, plain):
            reason = f"{described(value)} is not valid"
            raise UsageError(self.option, reason, self.expected())
        if self.kind is Kind.NUMBER:
            return self._in_range(_as_float(value))
        if isinstance(value, int):
            return self._in_range(value)
        if self.choices and value not in self.choices:
            raise unknown(f"value of {self.option}", str(value), self.choices)
        if self.kind is Kind.COLOR and not _COLOR.fullmatch(str(value)):
            raise UsageError(self.option, f"{value!r} is not a color", self.expected())
        return typing.cast("Value", value)

    def current_choice(self, value: object) -> object:
        """Return the current name of a choice; any other value as it is."""
        known = dict(self.former_choices)
        return known.get(value, value) if isinstance(value, str) else value

    def parse(self, text: str) -> Value:
        """Parse and validate the value that a user typed.

        Raises:
            UsageError: as ``check``.
        """
        try:
            match self.kind:
                case Kind.FLAG:
                    return self.check(_FLAG_WORDS[text.lower()])
                case Kind.INTEGER | Kind.CHANNEL:
                    return self.check(int(text))
                case Kind.NUMBER:
                    return self.check(float(text))
                case (
                    Kind.CHOICE
                    | Kind.TEXT
                    | Kind.LAYER
                    | Kind.LAYERS
                    | Kind.CHANNELS
                    | Kind.TARGET
                    | Kind.CLASSES
                    | Kind.IMAGE
                    | Kind.MASK
                    | Kind.FOLDER
                    | Kind.TEXT_FILE
                    | Kind.NETWORK_FILE
                    | Kind.COLOR
                    | Kind.STICKERS
                    | Kind.BOXES
                    | Kind.NUMBERS
                    | Kind.POINTS
                    | Kind.CELLS
                    | Kind.WORDS
                    | Kind.ARCHITECTURE
                ):
                    return self.check(text)
        except (KeyError, ValueError):
            reason = f"{text!r} is not valid"
            raise UsageError(self.option, reason, self.expected()) from None

    def expected(self) -> str:
        """Describe the allowed values, for an error's remedy."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.minimum is not None:
            return f"{self.minimum:g} to {self.maximum:g}{_spaced(self.unit)}"
        return _EXPECTED.get(self.kind, "text")

    def _in_range(self, value: Number) -> Number:
        low, high = self.minimum, self.maximum
        # Not-a-number fails every comparison, so test for the valid range.
        if low is None or high is None or low <= value <= high:
            return value
        whole = self.kind is not Kind.NUMBER
        shown = described(value) if whole else f"{value:g}"
        raise UsageError(
            self.option, f"{shown} is out of range", f"allowed is {self.expected()}"
        )


def _as_float(value: Any) -> float:
    """Return a number as float, infinite where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def parameters_of(declaration: type) -> tuple[Parameter, ...]:
    """Read the parameters of a parameter dataclass.

    Raises:
        TypeError: a field has an unsupported type or no ``Help``.
    """
    return _read_fields(declaration)


def make(declaration: type[Params], values: Mapping[str, object]) -> Params:
    """Build a parameter dataclass from values, each checked; the rest are defaults.

    Raises:
        UsageError: an unknown name or a value that is not allowed.
    """
    parameters = parameters_of(declaration)
    known = {parameter.name: parameter for parameter in parameters}
    values = with_current_names(parameters, values)
    for name in values:
        if name not in known:
            raise unknown("parameter", name, known)
    return declaration(
        **{name: known[name].check(value) for name, value in values.items()}
    )


def with_current_names(
    parameters: Iterable[Parameter], values: Mapping[str, Given]
) -> dict[str, Given]:
    """Rename parameters and choices from their former names to current ones.

    Args:
        parameters: declared parameters, with their former names.
        values: values by name, old or new; unknown names are kept.
    """
    declared = {each.name: each for each in parameters}
    current = former_names(declared.values())
    renamed = {current.get(name, name): value for name, value in values.items()}
    for name in declared.keys() & renamed.keys():
        chosen = declared[name].current_choice(renamed[name])
        renamed[name] = typing.cast("Given", chosen)
    return renamed


def former_names(parameters: Iterable[Parameter]) -> dict[str, str]:
    """Return current parameter names by former name."""
    return {old: each.name for each in parameters for old in each.aliases}


def values_of(params: Any) -> dict[str, Value]:
    """Return the values of a parameter dataclass by name."""
    return {
        field.name: getattr(params, field.name) for field in dataclasses.fields(params)
    }


_FLAG_WORDS = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}
_EXPECTED = {
    Kind.FLAG: "yes or no",
    Kind.INTEGER: "a whole number",
    Kind.CHANNEL: "a channel's index, or -1 for all",
    Kind.NUMBER: "a number",
    Kind.LAYER: "a layer's name",
    Kind.LAYERS: "names of layers separated by commas",
    Kind.CHANNELS: "channels' indices, such as 3, 7, 12-20",
    Kind.TARGET: "a class's name or index",
    Kind.CLASSES: "names of classes",
    Kind.IMAGE: "the path of an image file",
    Kind.MASK: "the path of a mask, white where it applies",
    Kind.FOLDER: "the path of a folder of images",
    Kind.TEXT_FILE: "the path of a text file",
    Kind.NETWORK_FILE: "the path of a saved network",
    Kind.COLOR: "a color such as #ff0000, or empty",
    Kind.ARCHITECTURE: "layers such as conv 16, relu, pool, linear 64, relu",
    Kind.NUMBERS: "rows of numbers such as 1 0 -1; 2 0 -2",
    Kind.POINTS: "points such as 1 2 1; -1 2 0: x, y and class",
    Kind.CELLS: "rows of # and . with slashes between",
    Kind.STICKERS: "stickers such as round:#e53935 @ 0.5 0.5 0.25 0",
    Kind.BOXES: "boxes such as cat 12 30 200 240 @ cat.jpg",
}
"""Allowed values of a kind without choices or a range, for an error's remedy."""

_TYPE_OF_KIND: dict[Kind, Any] = dict.fromkeys(Kind, str) | {
    Kind.FLAG: bool,
    Kind.INTEGER: int,
    Kind.CHANNEL: int,
    Kind.NUMBER: int | float,
}
_KIND_OF_TYPE = {
    bool: Kind.FLAG,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
    str: Kind.TEXT,
}


@cache
def _read_fields(declaration: type) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(declaration, include_extras=True)
    fields = dataclasses.fields(declaration)
    marked = {
        field.name
        for field in fields
        if any(
            isinstance(each, Essential) for each in typing.get_args(hints[field.name])
        )
    }
    return tuple(
        _read_field(
            field, hints[field.name], essential=not marked or field.name in marked
        )
        for field in fields
    )


def _read_field(
    field: "dataclasses.Field[Any]", hint: Any, *, essential: bool
) -> Parameter:
    if typing.get_origin(hint) is not Annotated:
        raise TypeError(f"parameter {field.name} needs Annotated[..., Help(...)]")
    plain, *extras = typing.get_args(hint)
    choices: tuple[str, ...] = ()
    if typing.get_origin(plain) is Literal:
        kind, choices = Kind.CHOICE, typing.get_args(plain)
    else:
        kind = next(
            (extra for extra in extras if isinstance(extra, Kind)), _KIND_OF_TYPE[plain]
        )
    found = {type(extra): extra for extra in extras}
    limits = found.get(Range)
    when = found.get(When)
    return Parameter(
        name=field.name,
        kind=kind,
        default=typing.cast("Value", field.default),
        title=found.get(Title, Title(field.name.replace("_", " ").capitalize())).text,
        help=found[Help].text,
        unit=found.get(Unit, Unit("")).text,
        minimum=limits.minimum if limits else None,
        maximum=limits.maximum if limits else None,
        log=bool(limits and limits.log),
        choices=choices,
        steerable=Steerable in found,
        layers=found.get(LayerKinds, LayerKinds("any")).offered,
        along=found[Along].axis if Along in found else "",
        when=(when.field, when.values) if when else None,
        aliases=found.get(Formerly, Formerly()).names,
        former_choices=tuple(found.get(FormerChoices, FormerChoices({})).names.items()),
        essential=essential,
        zero_keeps_size=ZeroKeepsSize in found,
        lowest=found.get(Lowest, Lowest("")).word,
    )


def _spaced(unit: str) -> str:
    return f" {unit}" if unit else ""
