"""Stickers on disk.  Truth: files read back by Pillow and PDFium."""

import json

import numpy as np
import pypdfium2
import pytest
from PIL import Image as PillowImage

from nnviz import api
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import ColorImage, Report
from nnviz.base.stickers.placed import Cut, sticker_of
from nnviz.render.printing import Print
from nnviz.storage.stickers.files import keep_learned, keep_stopped, open_sticker
from nnviz.storage.stickers.pages import print_sticker


@pytest.fixture(scope="module")
def learned(tmp_path_factory, cat):
    """A recorded patch after two steps, and its recording."""
    folder = tmp_path_factory.mktemp("recording") / "patch"
    model = api.load("bundled:objects")
    values = {"steps": 2, "batch": 2, "trials": 1, "side": 16}
    return api.run("patch", model, cat, record=folder, **values), folder


def test_a_file_that_cannot_be_opened_says_why(tmp_path):
    """Truth: an answer either way, with the sticker's own text."""
    opened = open_sticker(Cut("round", "#00ff00"))
    assert opened.text == "round:#00ff00"
    assert opened.pixels[256, 256].tolist() == [0, 255, 0, 255]
    assert opened.pixels[0, 0, 3] == 0
    missing = open_sticker(Cut("square", str(tmp_path / "none.png")))
    assert "no such file" in missing.error.text


def test_what_a_stopped_run_had_learned_is_kept_with_its_recipe(learned, tmp_path):
    """Truth: the report's own colors, 8 bits; the recipe that the recording has."""
    result, recording = learned
    picture = sticker_of(result.report)
    path = keep_stopped(picture, recording, tmp_path)
    with PillowImage.open(path) as file:
        pixels = np.asarray(file)
        texts = dict(file.text)
    expected = (255 * picture.pixels).round()
    assert np.abs(pixels[..., :3] - expected).max() <= 1
    assert pixels[0, 0, 3] == 0
    recipe = next(text for text in texts.values() if text.startswith("{"))
    assert json.loads(recipe)["method"] == "patch"
    assert json.loads(recipe)["adversarial"] is True
    assert "Warning" in texts


def test_a_learned_sticker_is_kept_as_a_file_once(tmp_path):
    """Truth: Pillow reads the colors and the transparency back."""
    pixels = np.zeros((8, 8, 3), np.float32)
    pixels[..., 0] = 1
    alpha = np.ones((8, 8), np.float32)
    alpha[0, 0] = 0
    run = learned_run(ColorImage(pixels=pixels, alpha=alpha))
    path = keep_learned(run, tmp_path)
    assert path.name == "patch-toaster.png"
    with PillowImage.open(path) as picture:
        assert picture.getpixel((3, 3)) == (255, 0, 0, 255)
        assert picture.getpixel((0, 0))[3] == 0
        assert any('"patch"' in text for text in picture.text.values())
    assert keep_learned(run, tmp_path) == path
    other = learned_run(ColorImage(pixels=1 - pixels, alpha=alpha))
    assert keep_learned(other, tmp_path).name == "patch-toaster-2.png"


def learned_run(picture):
    recipe = Recipe(
        method="patch",
        values={"target": "toaster"},
        model="fake:net",
        model_sha256="",
        preprocess=Preprocess(),
    )
    return Run(Report({"patch": picture}), recipe, None)


def test_a_page_is_printed(tmp_path):
    """Truth: PDFium's bounds of the picture on the page."""
    out = tmp_path / "page.pdf"
    assert print_sticker(Cut("square", "#00ff00"), out, Print(42)) == out
    with pypdfium2.PdfDocument(out) as document:
        (held,) = document[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
        left, _, right, _ = held.get_bounds()
    assert (right - left) * 25.4 / 72 == pytest.approx(42, abs=0.1)
