"""What a target's text means.  Truth: the notation as the module describes it."""

import pytest

from nnviz.base.errors import UsageError, unknown
from nnviz.base.notation.targets import (
    BoxTarget,
    ChannelTarget,
    ClassTarget,
    DifferenceTarget,
    LikenessTarget,
    SegmentTarget,
    parse_target,
)
from nnviz.base.parameters import Help, TargetText, make

LABELS = (
    "tabby, tabby cat",
    "tiger cat",
    "crane",
    "crane",
    "T - shirt",
    "shirt",
    "7",
    "T",
    "box:0",
)
LAYERS = {"layer4", "layer1.0.conv1", "features"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ClassTarget(None)),
        ("  ", ClassTarget(None)),
        ("tabby", ClassTarget(0)),
        ("Tabby Cat", ClassTarget(0)),
        ("tabby, tabby cat", ClassTarget(0)),
        ("3", ClassTarget(3)),
        ("7", ClassTarget(6)),  # a name comes before an index
        ("class:7", ClassTarget(7)),
        ("class:tiger cat", ClassTarget(1)),
        ("class:3", ClassTarget(3)),
        ("tabby - tiger cat", DifferenceTarget(0, 1)),
        ("0 - 3", DifferenceTarget(0, 3)),
        ("T - shirt", ClassTarget(4)),  # a whole name comes before a minus
        ("T - T - shirt", DifferenceTarget(7, 4)),
        ("T - shirt - tabby", DifferenceTarget(4, 0)),
        ("probability(tabby)", ClassTarget(0, probability=True)),
        ("probability()", ClassTarget(None, probability=True)),
        ("probability(T - shirt)", ClassTarget(4, probability=True)),
        ("layer4:12", ChannelTarget("layer4", 12)),
        ("layer1.0.conv1:0@3,14", ChannelTarget("layer1.0.conv1", 0, (3, 14))),
        ("box:0", ClassTarget(8)),
        ("box:2", BoxTarget(2)),
        ("segment:tiger cat", SegmentTarget(1)),
        ("like:a folder/b.jpg", LikenessTarget("a folder/b.jpg")),
    ],
)
def test_reads(text, expected):
    assert parse_target(text, LABELS, LAYERS) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("taby", ["taby", "did you mean tabby"]),
        ("crane", ["2 classes", "class:2 or class:3"]),
        ("900", ["no class 900", "0 to 8"]),
        ("tabby - tiger", ["tiger", "no such class", "tiger cat"]),
        ("tabbi - tiger cat", ["tabbi", "no such class"]),
        ("layer5:3", ["layer5", "did you mean layer4"]),
        ("box:best", ["'best'", "box:0"]),
        ("probability(nothing)", ["nothing"]),
        ("zzzzzz", ["no such class", "class - class"]),
    ],
)
def test_refuses_in_words(text, words):
    with pytest.raises(UsageError) as caught:
        parse_target(text, LABELS, LAYERS)
    for word in words:
        assert word in str(caught.value)


def test_a_number_from_python_is_an_index():
    from dataclasses import dataclass
    from typing import Annotated

    @dataclass(frozen=True)
    class Params:
        target: Annotated[TargetText, Help("What.")] = ""

    assert make(Params, {"target": 3}).target == "class:3"
    assert make(Params, {"target": "tabby"}).target == "tabby"
    for wrong in (True, 1.5, None):
        with pytest.raises(UsageError):
            make(Params, {"target": wrong})


@pytest.mark.parametrize("text", ["{0}", "class:{0}", "layer:{0}", "layer:1@{0},2"])
def test_numbers_of_thousands_of_digits_are_refused_in_words(text):
    """Truth: no class, channel or place has such an index."""
    asked = text.format("9" * 5000)
    if text.startswith("layer"):
        target = parse_target(asked, ("cat", "dog"), {"layer"})
        assert "9" * 19 not in str(target)
    else:
        with pytest.raises(UsageError):
            parse_target(asked, ("cat", "dog"), {"layer"})


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("crab", "king crab or Dungeness crab or cab?"),
        ("kign crab", "king crab or"),
        ("Crab", "king crab or Dungeness crab or"),
    ],
)
def test_names_that_hold_the_word_are_meant_before_those_that_are_spelled_alike(
    name, near
):
    """Truth: by hand; the shortest first."""
    known = ["cab", "crib", "crate", "Dungeness crab", "king crab"]
    error = unknown("class", name, known)
    assert error.remedy.startswith(f"did you mean {near}")
