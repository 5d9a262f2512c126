"""``nnviz run sticker|patch|universal``: folders, stickers as files, and again."""

import shutil

import numpy as np
import pytest
from PIL import Image as PillowImage
from skimage import data

DIGITS = ("--model", "bundled:digits")


@pytest.fixture
def folder(tmp_path):
    """Crops of a photograph, in a folder and one below it."""
    made = tmp_path / "crops"
    (made / "more").mkdir(parents=True)
    camera = data.camera()
    for place in range(20):
        where = made / "more" if place % 2 else made
        crop = camera[20 * place : 20 * place + 64, 100:164]
        PillowImage.fromarray(crop).save(where / f"{place}.png")
    return made


@pytest.mark.parametrize("method", ["universal", "patch"])
def test_a_folder_is_found_again(nnviz, cat, folder, tmp_path, method):
    """The truth is the first run; the folder is moved beside the results."""
    out, again = tmp_path / "out", tmp_path / "again"
    few = ["--steps", "2", "--batch", "2"]
    few += ["--trials", "4", "--side", "8"] if method == "patch" else []
    status, _, err = nnviz(
        "run", method, cat, *DIGITS, "--image-folder", folder, *few, "--out", out
    )
    assert (status, err) == (0, "")
    recipe = out / f"cat.{method}.json"
    assert '"image_folder": "crops"' in recipe.read_text()
    shutil.move(folder, out / "crops")
    status, _, err = nnviz("replay", recipe, "--out", again)
    assert (status, err) == (0, "")
    for path in again.iterdir():
        assert path.read_bytes() == (out / path.name).read_bytes()


def test_another_folder_is_refused(nnviz, cat, folder, tmp_path):
    """One photograph is missing in it."""
    out = tmp_path / "out"
    nnviz(
        "run", "universal", cat, *DIGITS, "--image-folder", folder, "--steps", "1",
        "--out", out,
    )  # fmt: skip
    (folder / "4.png").unlink()
    status, _, err = nnviz("replay", out / "cat.universal.json", "--out", out)
    assert status == 1
    assert "crops: " in err


def test_a_learned_patch_is_a_sticker(nnviz, cat, tmp_path):
    """Read by Pillow; ``sticker`` and ``placed_stickers`` take the file."""
    status, _, _ = nnviz(
        "run", "patch", cat, *DIGITS, "--steps", "2", "--batch", "2", "--trials", "2",
        "--side", "16", "--out", tmp_path,
    )  # fmt: skip
    assert status == 0
    path = tmp_path / "cat.patch.sticker.png"
    with PillowImage.open(path) as picture:
        assert picture.mode == "RGBA"
        assert picture.info["Warning"].startswith("Adversarial")
        assert "nnviz.made" in picture.info
        rgba = np.asarray(picture)
    assert rgba.shape == (16, 16, 4)
    assert rgba[0, 0, 3] == 0
    assert rgba[8, 8, 3] == 255
    status, out, err = nnviz(
        "run", "sticker", cat, *DIGITS, "--sticker", path, "--outline", "square",
        "--queries", "8", "--out", tmp_path,
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert "8 queries" in out or "fool" in out


def test_a_folder_that_is_none(refused, cat, tmp_path):
    """It says which."""
    status, err = refused(
        "run", "universal", cat, *DIGITS, "--image-folder", tmp_path / "none",
        "--out", tmp_path,
    )  # fmt: skip
    assert status == 1
    assert "none" in err
