"""Results, recipes, images and errors keep what they promise.

Truth: worked by hand.
"""

import json

import numpy as np
import pytest

from nnviz.base.errors import InputError, UsageError, unknown
from nnviz.base.images import image_from_array, to_float
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.results import Curves, Mosaic, Report, Table


def test_arrays_are_named_as_an_archive_names_them():
    mosaic = Mosaic(
        tiles=np.zeros((2, 3, 3)),
        order=np.array([1, 0]),
        signed=True,
        shared_scale=True,
        unit="weight",
        noun="filter",
        layer="conv1",
    )
    histogram = Curves(
        x=np.arange(3.0), series={"all": np.ones(2)}, x_label="w", y_label="n"
    )
    table = Table(columns=("name", "value"), rows=(("mean", 0.5),))
    report = Report({"filters": mosaic, "histogram": histogram, "statistics": table})
    assert set(report.arrays()) == {
        "data", "filters.order", "histogram", "histogram.x",
        "statistics", "statistics.columns",
    }  # fmt: skip
    assert report.main is mosaic
    with pytest.raises(ValueError, match="read-only"):
        mosaic.tiles[0] = 1


def test_integer_pixels_are_divided_by_their_maximum():
    assert to_float(np.array([[[255]]], np.uint8)) == 1
    assert to_float(np.array([[[65535]]], np.uint16)) == 1
    assert to_float(np.array([[[51]]], np.uint8)) == pytest.approx(0.2)


def test_image_from_array_copies_and_hashes_shape_and_type():
    pixels = np.zeros((4, 2), np.uint8)
    image = image_from_array(pixels)
    pixels[:] = 9
    assert image.pixels.shape == (4, 2, 1)
    assert image.pixels.max() == 0
    other = image_from_array(np.zeros((2, 4), np.uint8))
    assert image.sha256 != other.sha256


def test_recipe_round_trip_and_broken_recipes():
    recipe = Recipe(
        method="activations",
        values={"layer": "stage1", "channel": 3},
        model="bundled:objects",
        model_sha256="ab",
        preprocess=Preprocess(),
        chunks=(8, 4),
        changes=((3, {"channel": 5}),),
        versions={"torch": "2"},
    )
    assert Recipe.from_json(recipe.to_json(), "x.json") == recipe
    newer = json.loads(recipe.to_json()) | {"format": 99}
    for text in ("", "[]", "{}", "null", json.dumps(newer)):
        with pytest.raises(InputError, match=r"x\.json"):
            Recipe.from_json(text, "x.json")


def test_error_line_names_thing_reason_and_remedy():
    error = UsageError("--window", "0 is out of range", "allowed is 1 to 256 px")
    assert str(error) == "--window: 0 is out of range; allowed is 1 to 256 px"


def test_unknown_names_come_with_the_nearest():
    assert "did you mean layer2.1" in str(
        unknown("layer", "layer2_1", ["conv1", "layer2.1", "fc"])
    )
    assert "known: a, b" in str(unknown("layer", "zzz", ["a", "b"]))
