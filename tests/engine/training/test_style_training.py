"""Learning a style: it comes nearer, goes on as if never stopped, and can be opened.

Truth: what the recipe promises, and an unbroken run where a broken one must equal it.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from skimage import data
from support.jobs import finish, never

from nnviz.base.errors import InputError, UsageError
from nnviz.base.requests import ModelRequest
from nnviz.engine.data.folders import load_photos
from nnviz.engine.jobs import Session
from nnviz.engine.style.losses import Region
from nnviz.engine.training.fitting import Assignment, Epoch, load_trained
from nnviz.engine.training.style import (
    StyleRecipe,
    fit_style,
    judge_of,
    style_course,
    style_image,
)

RECIPE = StyleRecipe(
    epochs=3, steps=6, batch=2, side=64, size=64, style_size=64, held_out=2
)


@pytest.fixture(scope="module")
def judge():
    session = Session()
    request = ModelRequest(reference="bundled:objects", device="cpu")
    model = finish(session.store.open(request, never))
    yield judge_of(model, style_image(model, "mosaic", RECIPE), RECIPE)
    session.close()


def photos(count=4):
    cat = torch.from_numpy(data.chelsea().transpose(2, 0, 1).copy())
    return [cat[:, 20 * place : 20 * place + 150] for place in range(count)]


def epochs_of(judge, stem, recipe=RECIPE):
    watched = torch.stack([each[:, :64, :64] / 255 for each in photos(2)])
    stands = fit_style(judge, photos(), watched, recipe, stem)
    return [stand for stand in stands if isinstance(stand, Epoch)]


def test_the_style_comes_nearer_and_the_preview_shows_it(judge, tmp_path):
    epochs = epochs_of(judge, tmp_path / "style")
    assert epochs[-1].scores["style"] < 0.9 * epochs[0].scores["style"]
    with PillowImage.open(tmp_path / "style.png") as preview:
        assert preview.size == (2 * 64, 2 * 64)


def test_goes_on_as_if_never_stopped(judge, tmp_path):
    epochs_of(judge, tmp_path / "whole")
    stands = fit_style(
        judge, photos(), torch.zeros(1, 3, 64, 64), RECIPE, tmp_path / "broken"
    )
    next(stand for stand in stands if isinstance(stand, Epoch))
    stands.close()
    epochs_of(judge, tmp_path / "broken")
    whole, broken = (
        load_trained(tmp_path / name).weights for name in ("whole.ckpt", "broken.ckpt")
    )
    assert all(torch.equal(whole[key], broken[key]) for key in whole)


def test_another_style_of_the_same_name_is_learnt_anew(judge, tmp_path):
    recipe = replace(RECIPE, epochs=1, steps=1)
    epochs_of(judge, tmp_path / "style", recipe)
    assert not epochs_of(judge, tmp_path / "style", recipe)
    grams = {layer: 2 * each for layer, each in judge.region.grams.items()}
    other = replace(judge, region=Region(grams))
    assert [each.number for each in epochs_of(other, tmp_path / "style", recipe)] == [1]


def test_photographs_are_found_below_a_folder_and_split_by_their_bytes(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(20):
        folder = tmp_path / f"{number % 2}"
        folder.mkdir(exist_ok=True)
        pixels = rng.integers(0, 255, (40, 60, 3), np.uint8)
        PillowImage.fromarray(pixels).save(folder / f"{number}.png")
    train, held_out = load_photos(tmp_path, 32, 100)
    assert len(train) + len(held_out) == 20
    assert {tuple(each.shape) for each in train} == {(3, 32, 48)}
    assert sum(map(len, load_photos(tmp_path, 32, 10))) == 10


def test_what_is_missing_is_asked_for(tmp_path):
    with pytest.raises(UsageError, match="--data"):
        next(style_course(Assignment(None, tmp_path / "style")))
    with pytest.raises(InputError, match="too few"):
        next(style_course(Assignment(tmp_path, tmp_path / "style")))
