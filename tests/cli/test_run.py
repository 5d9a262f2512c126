"""``nnviz run``: what it writes and that the numbers are the network's."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models
from torchvision.transforms import functional

SMALL = "zoo:resnet18@random"


def test_activations_equal_a_hook_that_clones(nnviz, cat, tmp_path):
    """Truth: torchvision's own preset and a plain forward hook, bit for bit."""
    status, out, _ = nnviz(
        "run", "activations", cat, "--model", SMALL, "--layer", "layer2.1",
        "--out", tmp_path,
    )  # fmt: skip
    assert status == 0
    assert str(tmp_path / "cat.activations.png") in out

    torch.manual_seed(0)
    net = models.resnet18(weights=None).eval()
    kept = []
    net.layer2[1].register_forward_hook(lambda _m, _i, y: kept.append(y.clone()))
    picture = functional.resize(Image.open(cat).convert("RGB"), 256)
    pixels = functional.to_tensor(functional.center_crop(picture, 224))
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    with torch.no_grad():
        net(functional.normalize(pixels, mean, std)[None])
    with np.load(tmp_path / "cat.activations.npz") as arrays:
        assert next(iter(arrays)) == "data"
        np.testing.assert_array_equal(arrays["data"], kept[0][0].numpy())


def test_files_and_their_recipe(nnviz, cat, tmp_path):
    """Truth: the names that design.md section 7 promises."""
    nnviz("run", "predictions", cat, "--top-k", "3", "--seed", "7", "--out", tmp_path)
    names = {f"cat.predictions.{suffix}" for suffix in ("png", "npz", "json")}
    assert {path.name for path in tmp_path.iterdir()} == names
    recipe = json.loads((tmp_path / "cat.predictions.json").read_text())
    assert recipe["method"] == "predictions"
    assert recipe["values"] == {"top_k": 3}
    assert recipe["seed"] == 7
    assert recipe["image"] == "cat.png"
    with Image.open(tmp_path / "cat.predictions.png") as picture:
        assert json.loads(picture.text["nnviz.recipe"]) == recipe
    with np.load(tmp_path / "cat.predictions.npz") as arrays:
        assert arrays["data"].shape == (3,)


def test_json_answer(nnviz, cat, tmp_path):
    status, out, _ = nnviz("run", "predictions", cat, "--json", "--out", tmp_path)
    (answer,) = json.loads(out)
    assert status == 0
    assert answer["image"] == "cat.png"
    chances = [row["probability"] for row in answer["data"]]
    assert chances == sorted(chances, reverse=True)
    assert len(answer["files"]) == 3


def test_a_method_without_a_picture(nnviz, tmp_path):
    status, _, _ = nnviz("run", "filters", "--model", SMALL, "--out", tmp_path)
    assert status == 0
    (picture,) = tmp_path.glob("*.filters.png")
    assert picture.stat().st_size > 0


def test_a_folder_means_its_pictures(nnviz, photos, tmp_path):
    status, _, _ = nnviz("run", "predictions", photos, "--out", tmp_path)
    assert status == 0
    stems = {path.name.split(".")[0] for path in tmp_path.iterdir()}
    assert stems == {"cat", "coffee", "astronaut"}


def test_pictures_of_one_name_do_not_overwrite_each_other(nnviz, cat, coffee, tmp_path):
    for folder, picture in (("a", cat), ("b", coffee)):
        (tmp_path / folder).mkdir()
        shutil.copy(picture, tmp_path / folder / "one.png")
    out = tmp_path / "out"
    nnviz("run", "predictions", tmp_path / "a" / "one.png",
          tmp_path / "b" / "one.png", "--out", out)  # fmt: skip
    recipes = [
        json.loads((out / f"{stem}.predictions.json").read_text())
        for stem in ("one", "one-2")
    ]
    assert recipes[0]["image_sha256"] != recipes[1]["image_sha256"]


def test_one_bad_picture_among_many(nnviz, cat, coffee, tmp_path):
    """The others are done, the bad one costs a line, the status says so."""
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    status, out, err = nnviz(
        "run", "predictions", cat, bad, coffee, "--out", tmp_path / "out"
    )
    assert status == 1
    assert "cat.predictions.png" in out
    assert "coffee.predictions.png" in out
    assert err.count("\n") == 1
    assert "bad.png" in err


def test_options_may_stand_anywhere(nnviz, cat, tmp_path):
    status, _, _ = nnviz(
        "run", "--out", tmp_path, "predictions", "--model", "bundled:objects", cat
    )
    assert status == 0
    assert (tmp_path / "cat.predictions.png").is_file()


def test_preprocessing_from_text_and_file(nnviz, cat, tmp_path):
    text = '{"input_size": [64, 64], "resize": 64}'
    file = tmp_path / "small.json"
    file.write_text(text)
    recipes = []
    for given in (text, file):
        nnviz("run", "predictions", cat, "--preprocess", given, "--out", tmp_path)
        recipes.append(json.loads((tmp_path / "cat.predictions.json").read_text()))
    assert recipes[0] == recipes[1]
    assert recipes[0]["preprocess"]["input_size"] == [64, 64]


@pytest.mark.parametrize("method", ["activations", "filters", "predictions"])
def test_help_names_each_parameter_with_range_and_default(nnviz, method):
    """Truth: the declarations that the registry holds."""
    from nnviz import api

    info = api.methods()[method]
    status, out, _ = nnviz("run", method, "--help")
    words = " ".join(out.split())
    assert status == 0
    assert info.shows[:40] in words
    for parameter in info.parameters:
        assert parameter.option in words
        assert parameter.help[:30] in words
        for choice in parameter.choices:
            assert choice in words


def test_a_preset_gives_way_to_what_is_named(nnviz, cat, tmp_path):
    nnviz(
        *("run", "occlusion", cat, "--preset", "demo", "--stride", "32"),
        *("--out", tmp_path),
    )
    recipe = json.loads((tmp_path / "cat.occlusion.json").read_text())
    assert recipe["values"]["window"] == 32  # the preset's
    assert recipe["values"]["stride"] == 32  # in the preset it is 16


def test_no_such_preset(refused, cat):
    status, err = refused("run", "occlusion", cat, "--preset", "fines")
    assert status == 2
    assert "fines: no such preset; did you mean fine" in err
