"""Command-line parsing: argparse with nnviz's own errors."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from nnviz.base.errors import UsageError, unknown
from nnviz.base.host.reading import parse_object
from nnviz.base.info import MethodInfo
from nnviz.base.notation.numerals import is_whole
from nnviz.base.parameters import Kind, Parameter, Value
from nnviz.base.preprocess import Preprocess
from nnviz.base.shipped.defaults import DEFAULT_MODEL, default_model
from nnviz.cli import console
from nnviz.media.files import read_text

_LARGEST_PREPROCESS = 1 << 20
_LONGEST_DEFAULT = 60
"""Characters of a default that the help tells; a text to learn from has thousands."""


class Option:
    """A declared option or positional argument: its name and argparse's settings."""

    def __init__(self, name: str, **settings: Any) -> None:
        self.name = name
        self.settings = settings


def text_option(name: str, metavar: str, text: str, default: str = "") -> Option:
    """Declare an option with a text value."""
    return Option(name, metavar=metavar, default=default, help=text)


def whole_option(name: str, default: int, text: str, metavar: str = "N") -> Option:
    """Declare an option with a whole number of 0 or more."""
    reader = whole_number(name)
    return Option(name, metavar=metavar, type=reader, default=default, help=text)


def number_option(
    name: str, default: float | None, text: str, metavar: str = "N"
) -> Option:
    """Declare an option with a number."""
    reader = number(name)
    return Option(name, metavar=metavar, type=reader, default=default, help=text)


def flag_option(name: str, text: str) -> Option:
    """Declare a flag."""
    return Option(name, action="store_true", help=text)


def repeated_option(name: str, metavar: str, text: str) -> Option:
    """Declare an option with a text value that may be repeated."""
    return Option(name, metavar=metavar, action="append", default=[], help=text)


def choice_option(
    name: str, choices: Sequence[str], text: str, default: str | None = None
) -> Option:
    """Declare an option with a choice of values."""
    return Option(name, choices=choices, default=default, help=text)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises UsageError, naming the nearest option."""

    def __init__(
        self, command: str, description: str, *, usage: str = "", add_help: bool = True
    ) -> None:
        super().__init__(
            f"nnviz {command}",
            usage=f"nnviz {command} {usage}".strip(),
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            add_help=False,
        )
        self._general = self.add_argument_group("general")
        if add_help:
            self.add_general("-h", "--help", action="help", help="show this help")
        self.add_general(
            "--debug", action="store_true", help="show the traceback of an error"
        )

    def add(self, options: Iterable[Option], group: str = "") -> None:
        """Add declared options, in a titled group of the help if one is named."""
        to = self.add_argument_group(group) if group else self
        for each in options:
            to.add_argument(each.name, **each.settings)

    def add_general(self, *names: str, **settings: Any) -> None:
        """Add an option to the help's last group, the general options."""
        self._general.add_argument(*names, **settings)

    def format_help(self) -> str:
        """Return the help with the general options last."""
        self._action_groups.remove(self._general)
        self._action_groups.append(self._general)
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Raise an argparse error as a UsageError.

        Raises:
            UsageError: always.
        """
        raise UsageError("", message, f"see {self.prog} --help")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse options and positional arguments in any order.

        Raises:
            UsageError: an option does not exist (names the nearest), or a value is
                missing or malformed.
        """
        options, rest = self.parse_known_intermixed_args(list(words))
        for word in rest:
            if word.startswith("--"):
                raise unknown("option", word.partition("=")[0], self.options())
        if rest:
            raise UsageError(rest[0], "not expected here", f"see {self.prog} --help")
        for name in ("model", "models"):
            asked = f"--{name}" in self._option_string_actions
            if asked and getattr(options, name, "") is None:
                setattr(options, name, usual_model())
        return options

    def options(self) -> list[str]:
        """Return the long names of all options."""
        return [name for name in self._option_string_actions if name.startswith("--")]


def add_model_options(
    parser: Parser, *, with_reference: bool = True, with_task: bool = True
) -> None:
    """Add the options that name a network and override its settings."""
    wanted = {"--model": with_reference, "--task": with_task}
    parser.add([each for each in _NETWORK if wanted.get(each.name, True)], "network")


def add_seed(
    parser: Parser, text: str = "seed of the random number generator (default 0)"
) -> None:
    """Add ``--seed`` to the general options."""
    parser.add_general(
        "--seed", type=whole_number("--seed"), default=0, metavar="N",
        help=text,
    )  # fmt: skip


def usual_model() -> str:
    """Return the default network; remark when its fallback is used."""
    model = default_model()
    if model != DEFAULT_MODEL:
        console.remark(
            f"{DEFAULT_MODEL}: the package with its weights is not installed; "
            f"{model} stands in for it"
        )
    return model


def add_out(parser: Parser, folder: str = ".") -> None:
    """Add ``--out``."""
    parser.add_general(
        "--out",
        metavar="DIR",
        default=folder,
        help="folder to write to"
        + (" (default: this one)" if folder == "." else " (default %(default)s)"),
    )


def whole_number(option: str) -> Callable[[str], int]:
    """Return a parser of whole numbers that raises UsageError."""

    def read(text: str) -> int:
        if not is_whole(text, digits=19):
            raise UsageError(
                option, f"{text[:40]!r} is not a whole number", "0 or more"
            )
        return int(text)

    return read


def number(option: str) -> Callable[[str], float]:
    """Return a parser of numbers that raises UsageError."""

    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            raise UsageError(option, f"{text!r} is not a number") from None

    return read


def add_cluster_options(parser: Parser) -> None:
    """Add ``--cluster`` and ``--workers``."""
    group = parser.add_argument_group("cluster")
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        default="",
        help=(
            "distribute the work with Dask: local for processes on this machine, or "
            "the tcp://HOST:PORT of a scheduler whose workers see the images under "
            "the same paths"
        ),
    )
    group.add_argument(
        "--workers",
        metavar="N",
        type=whole_number("--workers"),
        default=0,
        help="processes of a local cluster (default: one per core)",
    )


def add_json_option(parser: Parser) -> None:
    """Add ``--json``."""
    parser.add_general("--json", action="store_true", help="print JSON, for programs")


def add_method(parser: Parser, method: MethodInfo) -> None:
    """Add a method's parameters and its presets as options."""
    add_parameters(parser, method.parameters)
    if method.presets:
        parser.add_argument(
            "--preset",
            metavar="NAME",
            default="",
            help="initial parameters, except those named here: "
            + ", ".join(method.presets),
        )


def method_values(options: argparse.Namespace, method: MethodInfo) -> dict[str, Value]:
    """Return a method's parameters: those of the preset, overridden by the options.

    Raises:
        UsageError: there is no such preset; names the nearest.
    """
    preset = getattr(options, "preset", "")
    if preset and preset not in method.presets:
        raise unknown("preset", preset, method.presets)
    return {
        **method.presets.get(preset, {}),
        **parameter_values(options, method.parameters),
    }


def add_parameters(parser: Parser, parameters: Iterable[Parameter]) -> None:
    """Add an option for each parameter of a method."""
    given = list(parameters)
    folded = any(not each.essential for each in given)
    group = parser.add_argument_group("parameters")
    more = parser.add_argument_group("more parameters") if folded else group
    for each in given:
        (group if each.essential else more).add_argument(
            each.option,
            metavar=_METAVARS.get(each.kind, "TEXT"),
            type=_reader(each),
            default=argparse.SUPPRESS,
            help=_help_of(each),
        )
        _add_aliases(group, each)


class _FormerName(argparse.Action):
    """Accept a parameter under its former name, with a remark on the current one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Store the value, and remark on the current name."""
        del parser
        setattr(namespace, self.dest, values)
        now = "--" + self.dest.replace("_", "-")
        sys.stderr.write(f"nnviz: {option_string}: is called {now} now\n")


def _add_aliases(group: argparse._ArgumentGroup, parameter: Parameter) -> None:
    """Add a parameter's former names as hidden options."""
    for alias in parameter.aliases:
        group.add_argument(
            "--" + alias.replace("_", "-"),
            action=_FormerName,
            dest=parameter.name,
            type=_reader(parameter),
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
        )


def parameter_values(
    options: argparse.Namespace, parameters: Iterable[Parameter]
) -> dict[str, Value]:
    """Return the parameters given on the command line."""
    given = vars(options)
    return {each.name: given[each.name] for each in parameters if each.name in given}


def preprocess_from(text: str) -> dict[str, Any]:
    """Parse preprocessing fields from JSON text or from a JSON file.

    Fields that are left out keep the network's own values.

    Raises:
        InputError: the file does not exist, or holds no JSON.
        UsageError: a field does not exist, or a value is not allowed.
    """
    source = "--preprocess"
    if not text.lstrip().startswith(("{", "[")):
        source = text
        remedy = "give a JSON file or JSON text"
        text = read_text(Path(text), _LARGEST_PREPROCESS, "a preprocessing", remedy)
    values = dict(parse_object(text, source, '{"mean": [...], "std": [...]}'))
    # Reject what is invalid for any network; the network's own fields come later.
    Preprocess().with_fields(values)
    return values


_NETWORK = (
    Option(
        "--model",
        metavar="REF",
        help="bundled:imagenet, zoo:resnet50, zoo:resnet18@random, or a file "
        f"(default {DEFAULT_MODEL})",
    ),
    text_option("--labels", "FILE", "class names, one per line"),
    Option(
        "--preprocess",
        metavar="FILE|JSON",
        type=preprocess_from,
        help=(
            "preprocessing to use instead of the network's own: a JSON file or JSON "
            "text"
        ),
    ),
    text_option(
        "--task",
        "TASK",
        "task of the network, if its output does not tell: classify, multi-label, "
        "regress, detect, segment, image-to-image, embed, generic",
    ),
    text_option(
        "--outputs",
        "NAME",
        "output to use if there are several, such as logits, out or 1",
    ),
    text_option("--unit", "UNIT", "unit of a regression's output"),
    flag_option(
        "--trust",
        "run the network's own code if it is a program (TorchScript, .pt2, a "
        "pickled module, Python); remembered for exactly this file",
    ),
    text_option(
        "--device", "D", "auto, cpu, cuda, cuda:1 or mps (default %(default)s)", "auto"
    ),
)
"""Options that select and configure the network."""

_METAVARS = {
    Kind.FLAG: "YES|NO",
    Kind.INTEGER: "N",
    Kind.NUMBER: "X",
    Kind.CHOICE: "CHOICE",
    Kind.LAYER: "LAYER",
    Kind.CHANNEL: "INDEX",
    Kind.LAYERS: "LAYERS",
    Kind.CHANNELS: "INDICES",
    Kind.TARGET: "TARGET",
    Kind.CLASSES: "CLASSES",
    Kind.IMAGE: "FILE",
    Kind.MASK: "FILE",
    Kind.FOLDER: "FOLDER",
    Kind.TEXT_FILE: "FILE",
    Kind.NETWORK_FILE: "FILE",
    Kind.COLOR: "COLOR",
    Kind.STICKERS: "STICKERS",
    Kind.BOXES: "BOXES",
    Kind.NUMBERS: "NUMBERS",
    Kind.POINTS: "POINTS",
    Kind.CELLS: "CELLS",
    Kind.WORDS: "WORDS",
    Kind.ARCHITECTURE: "LAYERS",
}


def _reader(parameter: Parameter) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        return parameter.parse(text)

    return read


def _help_of(parameter: Parameter) -> str:
    facts = f"default {default_of(parameter)}"
    if parameter.kind in {Kind.INTEGER, Kind.NUMBER, Kind.CHOICE, Kind.CHANNEL}:
        facts = f"{parameter.expected()}; {facts}"
    return f"{parameter.help} [{facts}]".replace("%", "%%")


def default_of(parameter: Parameter) -> str:
    """Return a default as text for the help."""
    if parameter.kind is Kind.FLAG:
        return "yes" if parameter.default else "no"
    if parameter.kind is Kind.LAYER and not parameter.default:
        return "chosen by the method"
    if parameter.kind is Kind.TARGET and not parameter.default:
        return "the predicted class"
    text = str(parameter.default) if parameter.default != "" else "none"
    return text if len(text) <= _LONGEST_DEFAULT else f"{text[:_LONGEST_DEFAULT]}…"
