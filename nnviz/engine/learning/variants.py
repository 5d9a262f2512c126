"""Variants of a training run: all combinations of some hyperparameters' values."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from nnviz.base.errors import UsageError, unknown
from nnviz.base.parameters import Kind, Parameter, Value

_OPTION = "--vary"
_EXAMPLE = "batch_norm = no, yes; depth = 20, 56"
_MOST = 6
"""Maximum number of runs that can be told apart and that finish within a lecture."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the runs to compare.

    Attributes:
        name: the values in which it differs from the others, for people.
        values: of the varied settings, by parameter.
    """

    name: str
    values: Mapping[str, Value]


def parse_variants(
    text: str, parameters: Mapping[str, Parameter]
) -> tuple[Variant, ...]:
    """Parse hyperparameters with their values; return all combinations.

    Args:
        text: such as "batch_norm = no, yes; depth = 20, 56".
        parameters: that may be varied, by name.

    Raises:
        UsageError: the text has another form, names an unknown parameter or value, or
            defines fewer than two runs or more than six.
    """
    axes = [_read_axis(each, parameters) for each in text.split(";") if each.strip()]
    found = tuple(
        Variant(", ".join(w for w, _ in chosen), dict(v for _, v in chosen))
        for chosen in product(*axes)
    )
    if not 1 < len(found) <= _MOST:
        raise UsageError(
            _OPTION, f"asks for {len(found)} runs", f"2 to {_MOST}: {_EXAMPLE}"
        )
    if len({each.name for each in found}) < len(found):
        raise UsageError(_OPTION, "names a value twice", _EXAMPLE)
    return found


_Choice = tuple[str, tuple[str, Value]]
"""Displayed text of a value, and its parameter with the value."""


def _read_axis(text: str, parameters: Mapping[str, Parameter]) -> list[_Choice]:
    name, sign, values = (part.strip() for part in text.partition("="))
    if not sign:
        raise UsageError(_OPTION, f"{text.strip()!r} has no values", _EXAMPLE)
    name = name.replace(" ", "_").replace("-", "_").lower()
    if name not in parameters:
        raise unknown(f"switch of {_OPTION}", name, parameters)
    parameter = parameters[name]
    found = [parameter.parse(each.strip()) for each in values.split(",")]
    return [(_words(parameter, value), (name, value)) for value in found]


def _words(parameter: Parameter, value: Value) -> str:
    """Describe a value: "no batch norm", "residual", "depth 20"."""
    name = parameter.name.replace("_", " ")
    match parameter.kind:
        case Kind.FLAG:
            return f"with {name}" if value else f"no {name}"
        case Kind.CHOICE:
            return str(value)
        case _:
            return (
                f"{name} {value:g}" if isinstance(value, float) else (f"{name} {value}")
            )
