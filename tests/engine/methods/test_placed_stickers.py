"""Stickers laid by hand.  Truth: a plain paste with numpy, and a bare pass."""

import json

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from nnviz import api
from nnviz.base.errors import NnvizError
from nnviz.base.stickers.placed import Cut, Placed, placed_text
from nnviz.base.stickers.placement import Placement
from nnviz.cli import main

SQUARE = Placed(Cut("square", "#00ff00"), Placement(0.5, 0.5, 0.5, 0))


@pytest.fixture(scope="module")
def model():
    return api.load("bundled:objects")


def test_the_answer_is_that_to_the_pasted_picture(model, cat):
    """Truth: the square drawn with numpy, and a bare pass of the network."""
    plain = api.open_image(cat)
    result = api.run("placed_stickers", model, plain, stickers=SQUARE.text)
    height, width = plain.size
    side = min(height, width) // 2
    top, left = (height - side) // 2, (width - side) // 2
    drawn = plain.pixels.copy()
    drawn[top : top + side, left : left + side] = (0, 255, 0)
    found = (255 * result.data).round().astype(int)
    differs = (found != drawn).any(2)
    assert differs.mean() < 0.01  # the edge may fall between two pixels
    with torch.no_grad():
        logits = model.pixel_module()(model.pixel_input(api.open_image(result.data)))
    first = int(
        result.report["after"].indices[np.argmax(result.report["after"].values)]
    )
    assert first == int(logits.argmax())
    share = f"{100 * side * side / (height * width):.2g} %"
    assert share in result.report.notes[0]


def test_no_sticker_changes_nothing(model, cat):
    """Truth: the photograph itself, and the same answer."""
    result = api.run("placed_stickers", model, cat, stickers="")
    np.testing.assert_array_equal(result.data, api.open_image(cat).as_float())
    np.testing.assert_array_equal(
        result.report["before"].values, result.report["after"].values
    )


def test_the_answers_alone_are_the_same(model, cat):
    """Truth: the whole report."""
    whole = api.run("placed_stickers", model, cat, stickers=SQUARE.text)
    quick = api.run("placed_stickers", model, cat, stickers=SQUARE.text, picture=False)
    assert list(quick.report) == ["after", "before"]
    np.testing.assert_array_equal(
        whole.report["after"].values, quick.report["after"].values
    )


def test_a_result_is_made_again_beside_its_stickers(cat, tmp_path):
    """Truth: the same bytes, by the command line, from hashes and no folder."""
    stickers = []
    for name, level in (("a.png", 40), ("b.png", 200)):
        path = tmp_path / name
        PillowImage.fromarray(np.full((9, 9, 3), level, np.uint8)).save(path)
        stickers.append(Placed(Cut("round", str(path)), Placement(width=0.3)))
    text = placed_text(stickers)
    out = tmp_path / "out"
    words = ["run", "placed_stickers", str(cat), "--stickers", text]
    assert main([*words, "--out", str(out)]) == 0
    saved = out / "cat.placed_stickers.png"
    recipe = json.loads((out / "cat.placed_stickers.json").read_text())
    assert str(tmp_path) not in recipe["values"]["stickers"]
    again = tmp_path / "again"
    replay = ["replay", str(saved), "--image", str(cat), "--out", str(again)]
    assert main(replay) == 0
    assert (again / saved.name).read_bytes() == saved.read_bytes()


@pytest.mark.parametrize("text", ["cat", "none.png @ 0.5 0.5 0.2 0", "#zz @ 0 0 1 0"])
def test_what_is_no_sticker_is_told_in_a_line(model, cat, text):
    """Truth: an error of the user, in one line."""
    with pytest.raises(NnvizError) as caught:
        api.run("placed_stickers", model, cat, stickers=text)
    assert "\n" not in str(caught.value)


def test_a_quick_answer_is_nearly_the_same(model, cat):
    """Truth: the exact one: of a small photograph equal, of a large one close."""
    text = SQUARE.text
    exact = api.run("placed_stickers", model, cat, stickers=text, picture=False)
    quick = api.run("placed_stickers", model, cat, stickers=text, quick=True)
    first, second = (_shares(each) for each in (exact, quick))
    for name in first.keys() & second.keys():
        assert second[name] == pytest.approx(first[name], abs=0.03)
    small = api.open_image(api.open_image(cat).pixels[:200, :200].copy())
    pair = [
        api.run("placed_stickers", model, small, stickers=text, quick=quick)
        for quick in (False, True)
    ]
    np.testing.assert_array_equal(pair[0].data, pair[1].data)


def _shares(result):
    after = result.report["after"]
    return dict(zip(after.labels, after.values, strict=True))


def test_what_survives_is_told_of_the_whole_picture(model, cat):
    """Truth: the PNG row is the answer itself; PNG changes nothing."""
    result = api.run("placed_stickers", model, cat, stickers=SQUARE.text)
    (name, fooled, answer, percent), *rest = result.report["survival"].rows
    after = result.report["after"]
    assert name == "saved as PNG"
    assert answer == after.labels[0]
    assert percent == pytest.approx(100 * after.values[0], abs=3)  # of a smaller copy
    was = result.report["before"].labels[0]
    assert all((row[2] != was) == (row[1] == "yes") for row in rest)
    assert (answer != was) == (fooled == "yes")


def test_of_a_network_that_does_not_classify_the_picture_alone(cat):
    """Truth: the same picture as with a classifier."""
    faces = api.load("bundled:faces")
    result = api.run("placed_stickers", faces, cat, stickers=SQUARE.text, picture=False)
    assert list(result.report) == ["adversarial"]


def test_a_picture_of_four_channels_is_told_in_a_line(model):
    """Truth: stickers have red, green and blue."""
    with pytest.raises(NnvizError, match="4 channels"):
        api.run("placed_stickers", model, np.zeros((40, 40, 4), np.uint8))
