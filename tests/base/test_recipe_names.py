"""Titles and file names of recipes.

Truth: the network's title in the shipped list of networks; the names by hand.
"""

import pytest

from nnviz.base.catalogue import network_title
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe


def recipe(method, model="bundled:imagenet", **fields):
    return Recipe(
        **{
            "method": method,
            "values": {},
            "model": model,
            "model_sha256": "0" * 64,
            "preprocess": Preprocess(),
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ("bundled:imagenet", "EfficientNet-Lite0"),
        ("C:\\nets\\mine.pt", "mine.pt"),
        ("/nets/mine.onnx", "mine.onnx"),
        ("zoo:resnet18@random", "zoo:resnet18@random"),
    ],
)
def test_networks_are_called_by_their_titles(reference, title):
    assert network_title(reference) == title


def test_a_figure_names_the_network_as_the_window_does():
    title = recipe("grad_cam", image="cat.jpg").title
    assert title == "Grad-CAM · EfficientNet-Lite0 · cat.jpg"


@pytest.mark.parametrize(
    ("made", "stem"),
    [
        (
            recipe("deep_dream", image="my cat.jpg"),
            "deep_dream-EfficientNet-Lite0-my_cat",
        ),
        (
            recipe("style_transfer", values={"style": "strokes"}, image="a:b.png"),
            "style_transfer-strokes-a_b",
        ),
        (recipe("gradient_descent", model=""), "gradient_descent"),
    ],
)
def test_a_recording_proposes_what_it_is_of_as_the_name_of_a_file(made, stem):
    assert made.file_stem == stem
