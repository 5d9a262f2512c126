"""What files are, told without decoding them; saved results with all their parts."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.media.index import write_synthetic_index
from nnviz.storage import files
from nnviz.storage.files import FileKind, images_in, kind_of, look_at

RECIPE = Recipe(
    method="filters",
    values={"layer": "stem"},
    model="bundled:objects",
    model_sha256="0" * 64,
    preprocess=Preprocess(),
    seed=3,
)


@pytest.fixture
def saved(tmp_path):
    """Writes a recipe as the JSON of a saved result."""

    def write(**changes):
        path = tmp_path / "kept.filters.json"
        path.write_text(dataclasses.replace(RECIPE, **changes).to_json())
        return path

    return write


def test_kinds_by_ending_and_by_what_a_file_carries(tmp_path, saved):
    """Truth: files by hand; the PNG with a text chunk is written by Pillow."""
    text = PngImagePlugin.PngInfo()
    text.add_text("nnviz.recipe", RECIPE.to_json())
    Image.new("L", (4, 4)).save(tmp_path / "result.png", pnginfo=text)
    Image.new("L", (4, 4)).save(tmp_path / "photo.png")
    (tmp_path / "names.json").write_text('["a", "b"]')
    (tmp_path / "broken.json").write_text("{")
    kinds = {
        "result.png": FileKind.SAVED,
        "photo.png": FileKind.IMAGE,
        "names.json": FileKind.LABELS,
        "broken.json": FileKind.LABELS,
        "net.SafeTensors": FileKind.MODEL,
        "a.docx": FileKind.UNKNOWN,
        ".": FileKind.FOLDER,
    }
    assert {name: kind_of(tmp_path / name) for name in kinds} == kinds
    assert kind_of(saved()) is FileKind.SAVED


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", '{"model_type": "vit", "architectures": ["ViTModel"]}'),
        ("config.json", '{"architecture": "resnet18", "pretrained_cfg": {}}'),
        ("model.safetensors.index.json", "{}"),
    ],
)
def test_a_folder_that_holds_a_network_is_one(tmp_path, name, text):
    """Truth: keys of transformers' PretrainedConfig and of timm's hub.py."""
    (tmp_path / name).write_text(text)
    (tmp_path / "cat.jpg").touch()
    found = look_at([str(tmp_path)])
    assert (found.models, found.pictures) == ((str(tmp_path),), ())


@pytest.mark.parametrize("text", ['{"classes": 3}', "[1]", "{", "\0"])
def test_a_folder_of_images_with_another_config_stays_one(tmp_path, text):
    """Truth: config.json is a common name; only keys of a network make it one."""
    (tmp_path / "config.json").write_text(text)
    (tmp_path / "cat.jpg").touch()
    assert kind_of(tmp_path) is FileKind.FOLDER


def test_an_index_of_weights_opens_as_a_network(tmp_path):
    """Truth: the name that huggingface_hub's split_torch_state_dict writes."""
    assert kind_of(tmp_path / "model.safetensors.index.json") is FileKind.MODEL


def test_files_are_sorted_and_each_refusal_is_told(tmp_path):
    """Truth: files by hand; a file named twice is one."""
    (tmp_path / "empty").mkdir()
    for name in ("b.png", "a.jpg", "x.pth", "n.txt", "w.docx"):
        (tmp_path / name).touch()
    names = ("b.png", "b.png", "a.jpg", "x.pth", "n.txt", "w.docx", "gone", "empty")
    found = look_at([str(tmp_path / name) for name in names])
    assert found.pictures == (str(tmp_path / "b.png"), str(tmp_path / "a.jpg"))
    assert found.models == (str(tmp_path / "x.pth"),)
    assert found.labels == (str(tmp_path / "n.txt"),)
    words = " ".join(error.text for error in found.errors)
    assert len(found.errors) == 3
    assert "w.docx: nnviz cannot open this kind" in words
    assert "gone: no such file" in words
    assert "empty: holds no images" in words


def test_a_folder_is_listed_by_name_without_hidden_files(tmp_path):
    """Truth: files by hand."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    for name in ("b.png", "a.JPG", ".c.png", ".git/d.png", "sub/e.webp", "f.md"):
        (tmp_path / name).touch()
    wanted = [str(tmp_path / name) for name in ("a.JPG", "b.png", "sub/e.webp")]
    assert images_in(tmp_path) == wanted


def test_a_saved_result_finds_its_photograph_by_hash(tmp_path, saved):
    """Truth: hashlib; the seed and the preprocessing are the recipe's."""
    Image.fromarray(np.full((5, 6, 3), 9, np.uint8)).save(tmp_path / "cat.png")
    digest = hashlib.sha256((tmp_path / "cat.png").read_bytes()).hexdigest()
    (found,) = look_at([str(saved(image="cat.png", image_sha256=digest))]).saved
    assert found.image.sha256 == digest
    assert (found.recipe.seed, found.model.preprocess) == (3, Preprocess())
    assert found.troubles == ()


def test_another_photograph_of_the_same_name_is_not_taken(tmp_path, saved):
    """Truth: its hash is not the recipe's."""
    Image.new("RGB", (5, 6)).save(tmp_path / "cat.png")
    (found,) = look_at([str(saved(image="cat.png", image_sha256="1" * 64))]).saved
    assert found.image is None
    assert "another image than the recipe's" in found.troubles[0]


def test_labels_that_are_gone_are_told_and_left_out(saved):
    """Truth: no such file beside the result."""
    (found,) = look_at([str(saved(labels="names.txt"))]).saved
    assert found.model.labels == ""
    assert found.model.reference == "bundled:objects"
    assert "names.txt" in found.troubles[0]


def test_a_recipe_of_a_newer_version_is_refused(saved):
    """Truth: a format number by hand."""
    path = saved()
    path.write_text(path.read_text().replace('"format": 1', '"format": 99'))
    (error,) = look_at([str(path)]).errors
    assert "update nnviz" in error.text


@pytest.mark.parametrize(
    ("name", "head", "reason"),
    [
        ("a.heic", b"\0\0\0\x18ftypheic", "is a HEIC image"),
        ("a.pdf", b"%PDF-1.7", "is a PDF document"),
        ("a.svgz", b"something", "cannot open this kind"),
    ],
)
def test_foreign_files_are_named(tmp_path, name, head, reason):
    """HEIC (ISO 23008-12) is what telephones write."""
    (tmp_path / name).write_bytes(head)
    (error,) = look_at([str(tmp_path / name)]).errors
    assert reason in error.text


def test_a_folder_is_in_natural_order_and_says_what_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_MAX_IN_FOLDER", 4)
    for number in (1, 2, 10, 9, 100):
        Image.new("L", (2, 2)).save(tmp_path / f"im{number}.png")
    seen = look_at([str(tmp_path)])
    names = [Path(path).name for path in seen.pictures]
    assert names == ["im1.png", "im2.png", "im9.png", "im10.png"]
    assert "holds 5 images; the first 4 are shown" in seen.cut[0].text
    assert seen.errors == ()  # a data set takes them all


def test_lists_of_images_and_the_record_of_an_index_are_told_apart(tmp_path):
    """Truth: a table, annotations and a class index by hand; an index of the writer."""
    write_synthetic_index(tmp_path / "index", 3)
    images = [{"id": 1, "file_name": "a.png"}]
    (tmp_path / "val.json").write_text(json.dumps({"images": images}))
    (tmp_path / "rows.csv").write_text("path,label\na.png,red\n")
    (tmp_path / "names.csv").write_text("0,red\n1,blue\n")
    files_ = ("val.json", "rows.csv", "names.csv", "index/index.json")
    seen = look_at([str(tmp_path / name) for name in files_])
    assert seen.lists == tuple(str(tmp_path / name) for name in files_[:2])
    assert seen.labels == (str(tmp_path / "names.csv"),)
    assert seen.indexes == (str(tmp_path / "index"),)
