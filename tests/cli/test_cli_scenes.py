"""``nnviz scenes``: what it writes is what COCO's own program reads.

Truth: pycocotools, which the project did not write; pictures read by Pillow.
"""

import contextlib
import io
import json

import numpy as np
import pytest
from PIL import Image as PillowImage
from pycocotools.coco import COCO

from nnviz.engine.data.scenes import CLASSES, make_scene
from nnviz.engine.data.scenes.coco import run_lengths


@pytest.fixture
def written(nnviz, tmp_path):
    out = tmp_path / "scenes"
    status, answer, _ = nnviz("scenes", "--out", out, "--count", 12, "--seed", 40)
    assert status == 0
    assert answer.strip() == str(out / "annotations.json")
    return out


# pycocotools' masks are older than numpy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_coco_reads_the_masks_boxes_and_names(written):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(written / "annotations.json")
    assert [c["name"] for c in coco.loadCats(coco.getCatIds())] == list(CLASSES)
    assert coco.getImgIds() == list(range(40, 52))
    for seed in coco.getImgIds():
        scene = make_scene(seed)
        facts = coco.imgs[seed]
        with PillowImage.open(written / "images" / facts["file_name"]) as picture:
            assert np.array_equal(np.asarray(picture), scene.pixels)
        assert facts["caption"] == scene.sentence
        objects = coco.loadAnns(coco.getAnnIds(seed))
        assert len(objects) == len(scene.labels)
        for index, each in enumerate(objects):
            mask = coco.annToMask(each)
            assert np.array_equal(mask, scene.instances == index + 1)
            assert each["area"] == mask.sum()
            assert each["category_id"] == scene.labels[index] + 1
            rows, columns = np.nonzero(mask)
            left, top, width, height = each["bbox"]
            assert (left, top) == (columns.min(), rows.min())
            assert (left + width, top + height) == (
                columns.max() + 1,
                rows.max() + 1,
            )


def test_run_lengths_begin_with_what_is_off():
    # By hand: column by column off, on on, off / on, off, off.
    assert run_lengths(np.array([[0, 1], [1, 0], [1, 0]], bool)) == [1, 3, 2]
    assert run_lengths(np.array([[1], [0]], bool)) == [0, 1, 1]
    assert run_lengths(np.ones((2, 2), bool)) == [0, 4]


def test_marks_and_one_large_shape_can_be_asked_for(nnviz, tmp_path):
    words = ["--count", 30, "--dominant", "--shortcut", "planted", "--size", 64]
    assert nnviz("scenes", "--out", tmp_path, *words)[0] == 0
    facts = json.loads((tmp_path / "annotations.json").read_text())["images"]
    assert {each["width"] for each in facts} == {64}
    for each in facts:
        with PillowImage.open(tmp_path / "images" / each["file_name"]) as picture:
            marked = picture.getpixel((61, 61)) == (0, 0, 0)
        assert marked == (CLASSES[each["category_id"] - 1] == "star")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--size", "8"], "at least 32 px"),
        (["--shapes", "3", "1"], "shapes"),
        (["--shortcut", "plantd"], "shortcut"),
        (["--count", "few"], "--count"),
    ],
)
def test_wrong_words_are_one_line(refused, tmp_path, words, what):
    status, line = refused("scenes", "--out", tmp_path, *words)
    assert status == 2
    assert what in line
