"""Export of drawn boxes.  Truth: pycocotools, and the format's definition by hand."""

import json

import numpy as np
import pytest
from PIL import Image as PillowImage
from pycocotools.coco import COCO

from nnviz.base.errors import InputError
from nnviz.base.notation.boxes import BoxedImage, LabeledBox, parse_boxes
from nnviz.engine.data.annotated import read_annotations
from nnviz.storage.boxes.annotations import write_annotations


@pytest.fixture
def images(tmp_path):
    """Two images with boxes, one beside the file to write and one elsewhere."""
    paths = tmp_path / "out" / "a.png", tmp_path / "b.png"
    paths[0].parent.mkdir()
    for path in paths:
        PillowImage.fromarray(np.zeros((40, 60, 3), np.uint8)).save(path)
    text = f"dog 1 2 11 22.5, cat 3 4 13 14 @ {paths[0]}; cat 0 0 60 40 @ {paths[1]}"
    return parse_boxes(text)


def test_pycocotools_reads_the_boxes(images, tmp_path, capsys):
    file = write_annotations(images, tmp_path / "out" / "boxes.json")
    coco = COCO(str(file))
    capsys.readouterr()
    assert {each["name"] for each in coco.loadCats(coco.getCatIds())} == {"cat", "dog"}
    (dog,) = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["dog"])))
    assert dog["bbox"] == [1, 2, 10, 20.5]
    assert dog["area"] == 205
    (image,) = coco.loadImgs([dog["image_id"]])
    assert (image["file_name"], image["width"], image["height"]) == ("a.png", 60, 40)


def test_the_folder_is_one_of_examples(images, tmp_path):
    """Truth: the boxes that were written, with the files that they are of."""
    write_annotations(images, tmp_path / "out" / "boxes.json")
    found = read_annotations(tmp_path / "out")
    assert [each.path for each in found.pictures] == [
        tmp_path / "out" / "a.png",
        tmp_path / "b.png",
    ]
    names = [found.names[each["category_id"]] for each in found.pictures[0].objects]
    assert names == ["dog", "cat"]


def test_a_missing_image_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps({"images": []}))
    gone = BoxedImage(str(tmp_path / "gone.png"), (LabeledBox("a", (0, 0, 1, 1)),))
    with pytest.raises(InputError, match="no such file"):
        write_annotations([gone], file)
    assert json.loads(file.read_text()) == {"images": []}
