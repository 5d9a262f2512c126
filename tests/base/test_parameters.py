"""Parameters: the declaration is read as written; values outside it are refused.

Truth: the declaration below, worked by hand.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.errors import UsageError
from nnviz.base.parameters import (
    ChannelIndex,
    ColorText,
    FormerChoices,
    Formerly,
    Help,
    Kind,
    LayerKinds,
    LayerName,
    Range,
    Title,
    Unit,
    When,
    make,
    parameters_of,
    values_of,
    with_current_names,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    window: Annotated[int, Range(1, 256), Unit("px"), Help("Side.")] = 32
    rate: Annotated[float, Range(1e-4, 1, log=True), Help("Rate.")] = 0.1
    fill: Annotated[Literal["gray", "blur"], Help("Fill.")] = "gray"
    sigma: Annotated[float, Help("Blur."), When("fill", ("blur",))] = 2.0
    signed: Annotated[bool, Title("With sign"), Help("Keep signs.")] = False
    layer: Annotated[LayerName, LayerKinds("filters"), Help("Layer.")] = ""
    channel: Annotated[ChannelIndex, Help("Channel.")] = -1


PARAMETERS = {parameter.name: parameter for parameter in parameters_of(Example)}


def test_declaration_is_read_as_written():
    window = PARAMETERS["window"]
    assert (window.kind, window.default, window.unit) == (Kind.INTEGER, 32, "px")
    assert (window.minimum, window.maximum) == (1, 256)
    assert window.option == "--window"
    assert PARAMETERS["rate"].log
    assert PARAMETERS["fill"].choices == ("gray", "blur")
    assert PARAMETERS["signed"].title == "With sign"
    assert PARAMETERS["layer"].kind is Kind.LAYER
    assert PARAMETERS["layer"].layers == "filters"
    assert PARAMETERS["channel"].kind is Kind.CHANNEL


def test_parameter_matters_only_beside_its_condition():
    assert PARAMETERS["sigma"].matters({"fill": "blur"})
    assert not PARAMETERS["sigma"].matters({"fill": "gray"})
    assert PARAMETERS["window"].matters({})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("window", 0, "out of range"),
        ("window", 257, "allowed is 1 to 256 px"),
        ("window", 3.5, "is not valid"),
        ("window", True, "is not valid"),
        ("rate", float("nan"), "out of range"),
        ("rate", "fast", "is not valid"),
        ("fill", "grey", "did you mean gray?"),
        ("signed", 1, "is not valid"),
        ("windw", 3, "did you mean window?"),
    ],
)
def test_wrong_values_name_parameter_and_remedy(name, value, words):
    with pytest.raises(UsageError, match=words):
        make(Example, {name: value})


def test_whole_numbers_are_numbers():
    assert make(Example, {"rate": 1}).rate == 1.0


@pytest.mark.parametrize("text", ["yes", "True", "on", "1"])
def test_words_for_yes(text):
    assert PARAMETERS["signed"].parse(text) is True


def test_text_that_is_no_number_says_what_is_expected():
    with pytest.raises(UsageError, match="1 to 256 px"):
        PARAMETERS["window"].parse("wide")


@given(
    st.fixed_dictionaries(
        {
            "window": st.integers(1, 256),
            "rate": st.floats(1e-4, 1),
            "fill": st.sampled_from(["gray", "blur"]),
            "signed": st.booleans(),
            "layer": st.text(),
        }
    )
)
def test_values_survive_text_and_declaration(values):
    texts = {name: str(value) for name, value in values.items()}
    parsed = {name: PARAMETERS[name].parse(text) for name, text in texts.items()}
    assert parsed == values
    assert values_of(make(Example, values)) == {
        "sigma": 2.0,
        "channel": -1,
        **values,
    }


@dataclass(frozen=True)
class Renamed:
    """What was called ``rate`` and ``speed`` before."""

    learning_rate: Annotated[
        float, Range(0, 1), Formerly("rate", "speed"), Help("H.")
    ] = 0.5


def test_names_of_before_still_work_and_are_not_shown():
    assert make(Renamed, {"rate": 0.25}) == make(Renamed, {"learning_rate": 0.25})
    assert make(Renamed, {"speed": 0.25}).learning_rate == 0.25
    (parameter,) = parameters_of(Renamed)
    assert parameter.option == "--learning-rate"
    assert values_of(make(Renamed, {"rate": 0.25})) == {"learning_rate": 0.25}
    with pytest.raises(UsageError, match="pace"):
        make(Renamed, {"pace": 1.0})


@dataclass(frozen=True)
class Respelled:
    """What was spelled ``grey`` before."""

    fill: Annotated[
        Literal["gray", "blur"], FormerChoices({"grey": "gray"}), Help("Fill.")
    ] = "blur"


def test_choices_of_before_still_work_and_are_not_shown():
    assert make(Respelled, {"fill": "grey"}) == Respelled(fill="gray")
    (parameter,) = parameters_of(Respelled)
    assert parameter.parse("grey") == "gray"
    assert "grey" not in parameter.expected()
    assert with_current_names([parameter], {"fill": "grey", "x": "grey"}) == {
        "fill": "gray",
        "x": "grey",
    }


@dataclass(frozen=True)
class Painted:
    """What has a color."""

    color: Annotated[ColorText, Help("H.")] = ""


@pytest.mark.parametrize("text", ["#ff0000", "#00aB9f", ""])
def test_a_color_is_taken(text):
    assert make(Painted, {"color": text}).color == text


@pytest.mark.parametrize("text", ["red", "#ff00", "#gg0000", "ff0000"])
def test_what_is_no_color_is_refused(text):
    with pytest.raises(UsageError, match="is not a color"):
        make(Painted, {"color": text})
