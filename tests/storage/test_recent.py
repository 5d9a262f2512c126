"""Pictures are found again.  Truth: a pasted one comes back pixel by pixel."""

import numpy as np
import pytest

from nnviz.base.errors import InputError
from nnviz.base.images import Image, image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.storage import recent
from nnviz.storage.replay import find_image


def pasted(seed: int) -> Image:
    colors = np.random.default_rng(seed).integers(0, 256, (6, 9, 3))
    return image_from_array(colors.astype(np.uint8), "pasted picture")


def recipe_of(image: Image) -> Recipe:
    return Recipe(
        method="saliency",
        values={},
        model="fake:net",
        model_sha256="0",
        preprocess=Preprocess(),
        image=image.name,
        image_sha256=image.sha256,
    )


def test_a_pasted_picture_is_found_again(tmp_path):
    image = pasted(0)
    with pytest.raises(InputError):
        find_image(recipe_of(image), tmp_path / "result.json")
    recent.remember(image)
    found = find_image(recipe_of(image), tmp_path / "result.json")
    assert found.sha256 == image.sha256
    assert found.name == "pasted picture"
    assert np.array_equal(found.pixels, image.pixels)


def test_few_copies_are_kept(tmp_path):
    for seed in range(23):
        recent.remember(pasted(seed), tmp_path)
    assert len(list((tmp_path / "pasted").iterdir())) == 20
    assert recent.find(pasted(22).sha256, tmp_path) is not None
    assert recent.find(pasted(0).sha256, tmp_path) is None


def test_a_disk_that_refuses_is_no_error(tmp_path):
    (tmp_path / "pasted").write_text("in the way", "utf-8")
    recent.remember(pasted(0), tmp_path)
    assert recent.find(pasted(0).sha256, tmp_path) is None
