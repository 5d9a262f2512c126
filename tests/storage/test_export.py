"""Saved results: three files, whole, that other programs can read."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from nnviz.base.errors import InputError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import Heatmap, Report, Text
from nnviz.render.maps.heatmaps import Ground, MapLook
from nnviz.render.report import paint_report
from nnviz.storage import results as export
from nnviz.storage.results import save_run


def a_run(image: str = "cat.jpg", model: str = "zoo:resnet18@random:0") -> Run:
    photo = image_from_array(np.full((8, 10, 3), 0.5), image) if image else None
    values = np.linspace(0, 1, 80).reshape(8, 10)
    report = Report(
        {
            "map": Heatmap(values=values, signed=False, unit="activation"),
            "remark": Text(text="nothing"),
        }
    )
    recipe = Recipe(
        method="activations",
        values={"layer": "layer2"},
        model=model,
        model_sha256="0" * 64,
        preprocess=Preprocess(),
        image=image,
    )
    return Run(report, recipe, photo)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_three_files_that_pillow_numpy_and_json_read(tmp_path: Path) -> None:
    run = a_run()
    picture, numbers, recipe = save_run(run, tmp_path / "new" / "folder")
    assert picture.name == "cat.activations.png"
    with PillowImage.open(picture) as opened:
        opened.load()
        assert opened.mode == "RGB"
        assert opened.text["nnviz.recipe"] == run.recipe.to_json()
    with np.load(numbers) as arrays:
        assert next(iter(arrays)) == "data"
        assert np.array_equal(arrays["data"], np.linspace(0, 1, 80).reshape(8, 10))
        assert arrays["remark"].tolist() == ["nothing"]
    assert json.loads(recipe.read_text("utf-8"))["method"] == "activations"
    assert names(picture.parent) == [
        "cat.activations.json",
        "cat.activations.npz",
        "cat.activations.png",
    ]


def test_a_map_is_saved_as_it_is_shown(tmp_path: Path) -> None:
    """Truth: the page painted with the same look; on white, the low end is white."""
    run, look = a_run(), MapLook(ground=Ground.WHITE)
    (picture, *_) = save_run(run, tmp_path, looks={"map": look})
    with PillowImage.open(picture) as opened:
        saved = np.asarray(opened)
    wanted = paint_report(run.report, run.image, 1600, run.recipe.title, {"map": look})
    assert np.array_equal(saved, wanted)
    plain = paint_report(run.report, run.image, 1600, run.recipe.title)
    white = (saved == 255).all(2).sum()
    assert white > 100 + (plain == 255).all(2).sum()


def test_saving_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in save_run(a_run(), tmp_path / "a")]
    second = [path.read_bytes() for path in save_run(a_run(), tmp_path / "b")]
    assert first == second


def test_the_command_line_overwrites_and_the_window_numbers(tmp_path: Path) -> None:
    save_run(a_run(), tmp_path)
    save_run(a_run(), tmp_path)
    assert len(names(tmp_path)) == 3
    # One taken name is enough: the three files of a result share theirs.
    (tmp_path / "cat.activations-2.npz").write_text("somebody's")
    saved = save_run(a_run(), tmp_path, overwrite=False)
    assert [path.name for path in saved] == [
        "cat.activations-3.png",
        "cat.activations-3.npz",
        "cat.activations-3.json",
    ]
    assert (tmp_path / "cat.activations-2.npz").read_text() == "somebody's"


@pytest.mark.parametrize(
    ("image", "model", "stem", "expected"),
    [
        ("cat.1.jpg", "zoo:x", None, "cat.1"),
        ("", "zoo:resnet18@random:0", None, "resnet18@random_0"),
        ("", "/folder/weights.pt", None, "weights"),
        ("", "bundled:objects", None, "objects"),
        ('a<b>:"c|?*.png', "zoo:x", None, "a_b_c_"),
        ("cat.jpg", "zoo:x", "../../up", "up"),
        ("cat.jpg", "zoo:x", "..", "result"),
        ("cat.jpg", "zoo:x", "katzenfoto-größe", "katzenfoto-größe"),
    ],
)
def test_names_are_legal_everywhere(
    tmp_path: Path, image: str, model: str, stem: str | None, expected: str
) -> None:
    (picture, *_) = save_run(a_run(image, model), tmp_path / "out", stem)
    assert picture.name == f"{expected}.activations.png"
    assert picture.parent == tmp_path / "out"


def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of three files fails: neither the first nor half of it appears."""
    before = [path.read_bytes() for path in save_run(a_run(), tmp_path)]

    def full(path: Path, _arrays: object) -> None:
        raise InputError(str(path), "the disk is full, nothing was written", "free it")

    monkeypatch.setattr(export, "write_npz", full)
    with pytest.raises(InputError, match="the disk is full") as caught:
        save_run(a_run(model="zoo:other"), tmp_path)
    assert caught.value.what == str(tmp_path)
    assert len(names(tmp_path)) == 3
    paths = [tmp_path / name for name in names(tmp_path)]
    assert sorted(path.read_bytes() for path in paths) == sorted(before)


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "cat.activations.npz").mkdir()
    with pytest.raises(InputError, match=r"cat.activations\.npz is a folder"):
        save_run(a_run(), tmp_path)
    assert names(tmp_path) == ["cat.activations.npz"]


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("taken")
    with pytest.raises(InputError, match="file"):
        save_run(a_run(), tmp_path / "file" / "out")
