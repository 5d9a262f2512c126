"""Recipes that were edited by hand.  Truth: the fields' documented types and ranges."""

import json
from typing import Any

import pytest

from nnviz.base.errors import InputError
from nnviz.base.host.reading import parse_json, printable
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, with_paths

RIGHT: dict[str, Any] = json.loads(
    Recipe(
        method="saliency",
        values={"target": "", "baseline": "a.png"},
        model="bundled:objects",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
        chunks=(1, 2),
        changes=((1, {"target": "cat"}),),
        pictures={"baseline": "0" * 64},
    ).to_json()
)


def test_the_recipe_itself_is_right() -> None:
    """Without this the cases below would prove nothing."""
    assert Recipe.from_json(json.dumps(RIGHT), "a").chunks == (1, 2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("threads", value) for value in (-1, 2**31, "2", 1.5, None, True, [])),
        *(("chunks", value) for value in ([0], [-1], ["1"], 3, None, {"a": 1}, [[1]])),
        *(("changes", value) for value in (3, [3], [[1]], [["1", {}]], [[-1, {}]])),
        *(("changes", value) for value in ([[1, []]], [[1, {"a": [1]}]])),
        *(("values", value) for value in ([], None, {"a": None}, {"a": [1]})),
        *(("pictures", value) for value in ([], {"baseline": 3}, {"gone": "0"})),
        *(("seed", value) for value in (-1, "3", 2**70, None)),
        *(("preprocess", value) for value in ([], None, {}, {"mean": "x"})),
        *(("format", value) for value in ("1", None, [], 99)),
        *(("method", value) for value in (3, None, ["a"])),
        *(("adversarial", value) for value in ("yes", 1)),
        ("unheard_of", 1),
        ("image", "\ud800"),
    ],
)
def test_each_field_is_checked(field: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        Recipe.from_json(json.dumps(RIGHT | {field: value}), "kept.json")
    assert str(caught.value).startswith("kept.json: ")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "9" * 5000, "", "\0", '"\\ud800"', b"\xff\xfe"],
)
def test_text_that_no_reader_takes_is_one_line(text: str | bytes) -> None:
    """Deep nesting, numbers of 5,000 digits, half of a surrogate pair, no UTF-8."""
    with pytest.raises(InputError, match="is not JSON"):
        parse_json(text, "a.json")


def test_names_that_are_no_text_can_be_written() -> None:
    """Python holds a byte that is no UTF-8 as half of a surrogate pair."""
    assert printable("caf\udce9.jpg") == "caf?.jpg"
    error = InputError("caf\udce9.jpg", "x" * 5000, "y")
    assert str(error).encode().startswith(b"caf?.jpg: xxx")
    assert len(str(error)) < 500


def test_paths_are_known_again_by_the_names_of_the_files():
    """By hand: the same name takes the path, another name and other values do not."""
    recorded = {"folder": "cats", "guide": "like:a.png", "epochs": 3, "mask": ""}
    others = {"folder": "/photos/cats", "guide": "like:/b/a.png", "epochs": 9}
    assert with_paths(recorded, others) == {
        "folder": "/photos/cats", "guide": "like:/b/a.png", "epochs": 3, "mask": ""
    }  # fmt: skip
    assert with_paths(recorded, {"folder": "/photos/dogs", "guide": "/b/a.png"}) == (
        recorded
    )
