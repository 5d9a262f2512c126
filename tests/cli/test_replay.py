"""``nnviz replay``: the same bytes again, and the picture found or asked for."""

import json
import shutil
from hashlib import sha256

import pytest

from nnviz.base.catalogue import Catalogue
from nnviz.base.shipped.resources import resource

SMALL = "zoo:resnet18@random"


@pytest.fixture
def saved(nnviz, cat, tmp_path):
    """A folder with a picture and a result made of it."""
    folder = tmp_path / "saved"
    folder.mkdir()
    shutil.copy(cat, folder)
    nnviz("run", "activations", folder / "cat.png", "--model", SMALL,
          "--layer", "layer1", "--seed", "3", "--out", folder)  # fmt: skip
    return folder


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.activations.*")}


@pytest.mark.parametrize("suffix", ["png", "json"])
def test_the_same_bytes(nnviz, saved, tmp_path, suffix):
    again = tmp_path / "again"
    status, _, err = nnviz("replay", saved / f"cat.activations.{suffix}",
                           "--out", again)  # fmt: skip
    assert (status, err) == (0, "")
    assert bytes_of(again) == bytes_of(saved)


def test_picture_among_the_recent_ones(nnviz, cat, tmp_path):
    """Results in another folder than the picture's: the run remembered it."""
    first, again = tmp_path / "first", tmp_path / "again"
    nnviz("run", "predictions", cat, "--out", first)
    status, _, _ = nnviz("replay", first / "cat.predictions.png", "--out", again)
    assert status == 0
    for path in first.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes()


def test_picture_with_another_name(nnviz, saved, tmp_path):
    (saved / "cat.png").rename(saved / "moved.png")
    again = tmp_path / "again"
    status, _, err = nnviz("replay", saved / "cat.activations.png",
                           "--image", saved / "moved.png", "--out", again)  # fmt: skip
    assert (status, err) == (0, "")
    assert bytes_of(again) == bytes_of(saved)


def test_picture_nowhere(refused, saved, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "empty"))
    (saved / "cat.png").unlink()
    status, line = refused("replay", saved / "cat.activations.png", "--out", tmp_path)
    assert status == 1
    assert "cat.png" in line
    assert "--image" in line


def test_another_picture_of_the_name(refused, saved, coffee, tmp_path, monkeypatch):
    """A file called cat.png is not the recipe's cat.png: the hash decides."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "empty"))
    shutil.copy(coffee, saved / "cat.png")
    status, line = refused("replay", saved / "cat.activations.json", "--out", tmp_path)
    assert status == 1
    assert "another image" in line


def test_another_picture_on_purpose(nnviz, saved, coffee, tmp_path):
    status, _, err = nnviz("replay", saved / "cat.activations.json",
                           "--image", coffee, "--out", tmp_path)  # fmt: skip
    assert status == 0
    assert "another image" in err
    recipe = json.loads((tmp_path / "cat.activations.json").read_text())
    assert recipe["image"] == "coffee.jpg"


def test_network_that_has_changed(refused, saved, tmp_path):
    recipe = json.loads((saved / "cat.activations.json").read_text())
    recipe["model_sha256"] = "0" * 64
    changed = saved / "changed.json"
    changed.write_text(json.dumps(recipe))
    status, line = refused("replay", changed, "--out", tmp_path / "out")
    assert status == 1
    assert "other weights" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"format": 99}'])
def test_no_recipe(refused, tmp_path, text):
    file = tmp_path / "x.json"
    file.write_text(text)
    status, line = refused("replay", file, "--out", tmp_path)
    assert status == 1
    assert "x.json" in line


def test_a_picture_that_holds_no_recipe(refused, cat, tmp_path):
    assert refused("replay", cat, "--out", tmp_path)[0] == 1


def test_the_catalogue_is_true(nnviz, tmp_path):
    """Truth: the live registry, written by the command that writes the file."""
    nnviz("catalogue", tmp_path / "fresh.json")
    fresh = Catalogue.from_json((tmp_path / "fresh.json").read_text())
    kept = Catalogue.from_json(resource("catalogue.json").read_text())
    assert fresh == kept, "run nnviz catalogue"


def test_other_pictures_are_named_without_their_folder(nnviz, saved, coffee, tmp_path):
    """A recipe may be shown to anyone: it says what a picture is, not where it lay.

    Truth: the bytes that the first run wrote.
    """
    again = tmp_path / "again"
    asked = ("saliency", saved / "cat.png", "--model", SMALL)
    nnviz("run", *asked, "--target", f"like:{coffee}", "--out", saved)
    written = (saved / "cat.saliency.json").read_text()
    recipe = json.loads(written)
    assert recipe["values"]["target"] == f"like:{coffee.name}"
    assert recipe["pictures"]["target"] == sha256(coffee.read_bytes()).hexdigest()
    assert str(coffee.parent) not in written
    status, _, err = nnviz("replay", saved / "cat.saliency.png", "--out", again)
    assert (status, err) == (0, "")
    assert (again / "cat.saliency.json").read_text() == written


def test_a_baseline_of_ones_own_is_sought_by_its_hash(
    nnviz, refused, saved, coffee, tmp_path, monkeypatch
):
    """Truth: another image of the same name is not the one of the recipe."""
    options = ("--baseline", "own", "--file", coffee, "--steps", "2")
    nnviz("run", "integrated_gradients", saved / "cat.png", "--model", SMALL,
          *options, "--out", saved)  # fmt: skip
    stored = saved / "cat.integrated_gradients.json"
    assert json.loads(stored.read_text())["values"]["file"] == coffee.name
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "empty"))
    shutil.copy(saved / "cat.png", saved / coffee.name)
    status, line = refused("replay", stored, "--out", tmp_path / "again")
    assert status == 1
    assert "is another image than the recipe's" in line
    shutil.copy(coffee, saved / coffee.name)
    status, _, _ = nnviz("replay", stored, "--out", tmp_path / "again")
    assert status == 0
