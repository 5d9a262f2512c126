"""Teaching a head, from folders to a network that opens.

Truth: images of plain colors, which any features tell apart; the number of a gray is
its brightness; and the exported program, run without nnviz, against nnviz itself.
"""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from support.jobs import finish, never

import nnviz
from nnviz.base.errors import InputError, ModelError
from nnviz.base.requests import ModelRequest, PrepareFeatures
from nnviz.engine.jobs import Session
from nnviz.engine.training.heads import features
from nnviz.engine.training.heads.examples import Examples
from nnviz.engine.training.heads.fine_tuning import _subject

COLORS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 40, 200)}

WITHOUT_NNVIZ = """
import runpy, sys
sys.modules["nnviz"] = None
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


def write(path, color, rng):
    noise = rng.normal(0, 12, (40, 40, 3))
    pixels = np.clip(np.array(color) + noise, 0, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture(scope="module")
def colors(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("colors"), np.random.default_rng(0)
    for name, color in COLORS.items():
        for index in range(14):
            write(folder / name / f"{index}.png", color, rng)
    return folder


@pytest.fixture(scope="module")
def taught(colors, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    return nnviz.teach(colors, out, backbone="bundled:everyday", name="hues")


def test_a_head_is_measured_on_what_it_did_not_see(taught):
    assert taught.classes == ("blue", "green", "red")
    assert sum(taught.images) == 42
    assert taught.learned_all
    assert 0 < taught.held_out < 21
    assert taught.accuracy == 1
    assert np.trace(np.array(taught.confusion)) == taught.held_out


def test_the_file_alone_opens_with_labels_and_preprocessing(taught, colors, tmp_path):
    """Without its side-car: the weights' metadata say the same."""
    path = tmp_path / "moved.safetensors"
    path.write_bytes(Path(taught.path).read_bytes())
    model = nnviz.load(path)
    backbone = nnviz.load("bundled:everyday")
    assert model.info.labels == taught.classes
    assert model.info.preprocess == backbone.info.preprocess
    result = nnviz.run("predictions", model, colors / "green" / "0.png")
    assert result.main.labels[int(result.data.argmax())] == "green"


def test_the_program_needs_no_nnviz(taught, colors, tmp_path):
    image = str(colors / "red" / "3.png")
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    said = subprocess.run(
        [sys.executable, "-P", "-c",
         WITHOUT_NNVIZ, taught.program, image],
        capture_output=True, text=True, check=True, env=clean, cwd=tmp_path,
    )  # fmt: skip
    share, label = said.stdout.splitlines()[0].split(" %  ")
    result = nnviz.run("predictions", taught.path, image)
    assert label == "red"
    assert float(share) == pytest.approx(100 * result.data.max(), abs=2)


def test_numbers_are_learned_from_a_table(tmp_path):
    rng, rows = np.random.default_rng(1), []
    for index in range(40):
        gray = 20 + 5 * index
        write(tmp_path / "images" / f"{index}.png", (gray, gray, gray), rng)
        rows.append((f"images/{index}.png", gray))
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "brightness"), *rows])
    found = nnviz.teach(
        tmp_path / "table.csv", tmp_path, backbone="bundled:everyday",
        regression=True, unit="levels",
    )  # fmt: skip
    assert found.classes == ("brightness",)
    assert found.error < 0.3 * found.usual_error
    model = nnviz.load(found.path)
    assert (model.info.task, model.info.unit) == ("regress", "levels")


def test_fine_tuning_goes_on_to_the_same_weights(colors, tmp_path):
    """A run that is stopped after its first epoch ends as one that is not."""
    whole = nnviz.teach(
        colors, tmp_path / "a", backbone="bundled:digits", name="x", fine_tune=2
    )
    with pytest.raises(KeyboardInterrupt):
        nnviz.teach(
            colors, tmp_path / "b", backbone="bundled:digits", name="x", fine_tune=2,
            progress=stop_after_an_epoch,
        )  # fmt: skip
    assert (tmp_path / "b" / "x.ckpt").exists()
    again = nnviz.teach(
        colors, tmp_path / "b", backbone="bundled:digits", name="x", fine_tune=2
    )
    assert Path(whole.path).read_bytes() == Path(again.path).read_bytes()
    assert not whole.learned_all
    assert sum(whole.images) + whole.held_out == 42


class PathOfAnotherProcess(type(Path())):
    """The hash of a text is another in each process (PYTHONHASHSEED)."""

    def __hash__(self):
        return 5


def test_a_checkpoint_is_known_in_another_process():
    tuning = SimpleNamespace(
        backbone=SimpleNamespace(info=SimpleNamespace(sha256="0")), epochs=2, seed=0
    )
    here = Examples((Path("a.png"),), (1.0,), ("a",), False, (False,))
    there = replace(here, files=(PathOfAnotherProcess("a.png"),))
    assert _subject(tuning, here) == _subject(tuning, there)
    assert _subject(tuning, here) != _subject(tuning, replace(here, targets=(0.0,)))


def stop_after_an_epoch(progress):
    if progress.what.startswith("epoch 2"):
        raise KeyboardInterrupt


def test_damaged_images_are_skipped_and_listed(tmp_path):
    """One damaged file, first of its class, leaves all others to learn from."""
    rng = np.random.default_rng(3)
    for name in ("green", "red"):
        for index in range(6):
            write(tmp_path / "data" / name / f"{index}.png", COLORS[name], rng)
    damaged = tmp_path / "data" / "red" / "0.png"
    damaged.write_bytes(damaged.read_bytes()[:60])
    found = nnviz.teach(tmp_path / "data", tmp_path, backbone="bundled:digits")
    assert sum(found.images) == 11
    assert found.images[1] > 0
    (skipped,) = found.skipped
    assert skipped.startswith(f"{damaged}: ")
    for path in (tmp_path / "data" / "red").iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(InputError, match="red: has no image that can be read"):
        nnviz.teach(tmp_path / "data", tmp_path, backbone="bundled:digits")


def test_too_little_is_refused(colors, tmp_path):
    write(tmp_path / "one" / "red" / "1.png", COLORS["red"], np.random.default_rng(2))
    with pytest.raises(InputError, match="at least two classes"):
        nnviz.teach(tmp_path / "one", tmp_path)
    with pytest.raises(InputError, match="not a number"):
        nnviz.teach(colors, tmp_path, regression=True)
    with pytest.raises(ModelError, match="linear"):
        nnviz.teach(colors, tmp_path, backbone="bundled:scenes-segmenter")


@pytest.mark.parametrize(
    ("side_car", "reason"),
    [
        ('{"architecture": "Evil"}', "unknown architecture"),
        ('{"architecture": "LeNet5", "arguments": {"classes": 1e30}}', "arguments"),
        ('{"architecture": "LeNet5", "arguments": {"classes": 3}}', "does not fit"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused(taught, tmp_path, side_car, reason):
    path = tmp_path / "w.safetensors"
    path.write_bytes(Path(taught.path).read_bytes())
    path.with_suffix(".json").write_text(side_car)
    with pytest.raises((InputError, ModelError), match=reason):
        nnviz.load(path)


@pytest.mark.slow
def test_three_kinds_of_photographs(tmp_path):
    """50 photographs a class to learn from, 20 others a class to be right about."""
    data = Path(os.environ.get("NNVIZ_DATA", "/nowhere")) / "caltech101"
    if not data.is_dir():
        pytest.skip("NNVIZ_DATA names no folder with caltech101")
    others = []
    for name in ("butterfly", "chair", "electric_guitar"):
        files = sorted((data / name).iterdir())
        (tmp_path / "data" / name).mkdir(parents=True)
        for path in files[:50]:
            (tmp_path / "data" / name / path.name).symlink_to(path)
        others += [(name.replace("_", " "), path) for path in files[50:70]]
    found = nnviz.teach(tmp_path / "data", tmp_path, backbone="bundled:imagenet")
    model = nnviz.load(found.path)
    right = 0
    for name, path in others:
        result = nnviz.run("predictions", model, path)
        right += result.main.labels[int(result.data.argmax())] == name
    assert right >= 0.9 * len(others)


def test_features_that_were_prepared_are_not_computed_anew(
    colors, tmp_path, monkeypatch
):
    """Truth: a pass that must not happen; a damaged file is passed over."""
    files = sorted(str(path) for path in colors.rglob("*.png"))[:4]
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no image")
    session = Session()
    model = ModelRequest(reference="bundled:everyday")
    request = PrepareFeatures(model=model, files=(*files[:2], str(damaged), *files[2:]))
    assert finish(session.job(request, never)) == 4
    request = PrepareFeatures(model=model, files=tuple(files))
    monkeypatch.setattr(features, "_pass", lambda *_: pytest.fail("computed again"))
    assert finish(session.job(request, never)) == 4
    session.close()
