"""Stickers, patches and universal noise as methods.

Truth: networks written by hand whose answers are known, and the photographs
themselves.
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from skimage import data
from support.jobs import cat, finish, never
from torch import nn

from nnviz.base.errors import InputError, ModelError, UsageError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.stickers.placed import parse_placed, sticker_of
from nnviz.engine.jobs import Session
from nnviz.media.stickers.placed import open_placed, paste_layers

SIDE = 24
PREPROCESS = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3
)
NAMES = ["dull", "red"]


class Redness(nn.Module):
    """Says "red" where the mean of red minus blue is above 0.1."""

    def forward(self, x):
        red = (x[:, 0] - x[:, 2]).mean((1, 2)) - 0.1
        return torch.stack([-20 * red, 20 * red], 1)


class Blunt(Redness):
    """The same, without gradients."""

    def forward(self, x):
        return super().forward(x.detach())


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def redness(session):
    return session.store.adopt(Redness(), PREPROCESS, NAMES)


@pytest.fixture(scope="module")
def blunt(session):
    return session.store.adopt(Blunt(), PREPROCESS, NAMES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty crops of a gray photograph, of many sizes."""
    made = tmp_path_factory.mktemp("photographs")
    camera = data.camera()
    for place in range(20):
        crop = camera[10 * place : 10 * place + 100 + place, 200:330]
        PillowImage.fromarray(crop).save(made / f"{place}.png")
    return made


def gray(level=128):
    return image_from_array(np.full((60, 60, 3), level, np.uint8), "grey")


def run(session, method, model, image=None, **values):
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=model, device="cpu"),
        image=image or gray(),
        values=values,
    )
    return finish(session.job(request, never))


def answer(ranking):
    return ranking.labels[0]


@pytest.mark.parametrize("which", ["redness", "blunt"])
def test_stickers_become_red(session, request, which):
    """Reddish discs of a sixth of the picture are enough, and no gradient is needed."""
    model = request.getfixturevalue(which)
    report = run(session, "sticker", model, largest=50.0).report
    assert answer(report["before"]) == "dull"
    assert answer(report["after"]) == "red"
    placed = parse_placed(report["placed"].text)
    assert len(placed) == 3
    # Red minus blue must be 0.1 of the range in the mean: that takes a red sticker.
    assert max(each.cut.color[0] - each.cut.color[2] for each in placed) > 0.2
    pixels = paste_layers(gray().pixels, open_placed(placed))
    assert (pixels[..., 0].astype(float) - pixels[..., 2]).mean() > 0.1 * 255


@pytest.mark.parametrize("method", ["square", "one_pixel"])
def test_others_need_no_gradient_either(session, blunt, method):
    """Both are for networks that only answer; what rounding undoes is not repaired."""
    values = {"square": {"epsilon": 60.0}, "one_pixel": {"pixels": 100}}[method]
    reddish = np.full((60, 60, 3), 128, np.uint8)
    reddish[..., 0] += 22
    image = image_from_array(reddish, "reddish")
    report = run(session, method, blunt, image, **values).report
    assert answer(report["after"]) == "red"


def test_one_color_is_kept(session, redness):
    """A white disc is not red: the search asks to the end and says so."""
    report = run(
        session, "sticker", redness, color="#ffffff", number=2, queries=40
    ).report
    assert answer(report["after"]) == "dull"
    assert {each.cut.source for each in parse_placed(report["placed"].text)} == {
        "#ffffff"
    }
    assert any("40 queries" in note for note in report.notes)


def test_stickers_are_cut_from_a_file(session, redness, tmp_path):
    """A red picture, whose left half is transparent."""
    path = tmp_path / "red.png"
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[..., 0], rgba[:, 20:, 3] = 255, 255
    PillowImage.fromarray(rgba).save(path)
    found = run(
        session, "sticker", redness, sticker=str(path), outline="square", number=1,
        largest=80.0,
    )  # fmt: skip
    assert answer(found.report["after"]) == "red"
    assert set(found.recipe.pictures) == {"sticker"}
    (placed,) = parse_placed(found.report["placed"].text)
    assert placed.cut.source == str(path)


def test_the_middle_stays_free(session, redness):
    """By hand: the middle half of 24 px, rows and columns 6 to 17, is untouched."""
    report = run(
        session, "sticker", redness, middle=50.0, number=6, largest=25.0, queries=2000
    ).report
    assert answer(report["after"]) == "red"
    changed = np.abs(report["adversarial"].pixels - 128 / 255).max(2) > 0.2
    assert changed.any()
    assert not changed[7:17, 7:17].any()


def test_no_place_is_left(session, redness):
    """Stickers of half the width, of which nine tenths are kept free."""
    with pytest.raises(UsageError, match="leaves no room for the stickers"):
        run(
            session, "sticker", redness, middle=90.0, smallest=50.0, largest=60.0,
            queries=20,
        )  # fmt: skip


def test_a_patch_becomes_red(session, redness):
    """The steepest change of red minus blue: every pixel red, and none blue."""
    report = run(session, "patch", redness, side=16, steps=40, smallest=50.0).report
    patch = sticker_of(report)
    inside = patch.alpha > 0.99
    assert patch.pixels[..., 0][inside].mean() > 0.85
    assert patch.pixels[..., 2][inside].mean() < 0.15
    assert patch.pixels[0, 0] == pytest.approx([0.5] * 3)
    ((name, places, by_gray, fooled),) = report["test"].rows
    assert (name, places, by_gray, fooled) == ("this image", 96, 0, 100)


def test_a_patch_is_tested_on_pictures_held_out(session, redness, folder):
    """By counting: the split is by hash, and both parts together are the folder."""
    found = run(
        session, "patch", redness, pictures=str(folder), side=8, steps=2, trials=5,
        batch=2,
    )  # fmt: skip
    names = [row[0] for row in found.report["test"].rows]
    assert names[0] == "this image"
    assert 0 < int(names[1].split()[0]) < 20
    # A recipe names no folder.
    assert str(folder.parent) not in found.recipe.to_json()
    assert "image_folder" in found.recipe.pictures


def test_a_patch_needs_gradients(session, blunt):
    """It says what would help."""
    with pytest.raises(ModelError, match="gives no gradients"):
        run(session, "patch", blunt, steps=1)


def test_one_noise_makes_all_pictures_red(session, redness, folder):
    """The mean must move by 0.1: 2/255 cannot do it, 26/255 can, on every picture."""
    for epsilon, expected in ((2.0, "dull"), (30.0, "red")):
        found = run(
            session, "universal", redness, pictures=str(folder), epsilon=epsilon,
            target="dull", steps=20, step=3.0,
        )  # fmt: skip
        assert answer(found.report["after"]) == expected
        noise = found.report["universal"].pixels
        assert noise[..., 0].mean() > 0.9
        assert noise[..., 2].mean() < 0.1
    ((_, pictures, by_random, fooled),) = found.report["test"].rows
    assert 0 < pictures < 20
    assert fooled > by_random


def test_without_a_folder_crops_are_learned_from(session, redness):
    """Said in the table."""
    report = run(session, "universal", redness, image=cat(), steps=3, batch=4).report
    ((name, pictures, *_),) = report["test"].rows
    assert (name, pictures) == ("crops of this image", 8)


def test_a_folder_without_pictures(session, redness, tmp_path):
    """There is nothing to learn from."""
    with pytest.raises(InputError, match="too few"):
        run(session, "universal", redness, pictures=str(tmp_path))
