"""Kinds of text files, told by what they hold, not by their names.

Truth: files by hand in the forms that COCO (cocodataset.org, "Data format"), Roboflow,
ImageNet's class index and pandas write.
"""

import json

import pytest

from nnviz.media.text_files import TextKind, kind_of_text

IMAGES = [{"id": 7, "file_name": "a.jpg", "height": 4, "width": 6}]
COCO = {
    "info": {"description": "names, categories and } in text"},
    "images": IMAGES,
    "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [0, 0, 2, 2]}],
    "categories": [{"id": 3, "name": "cat"}],
}
RECIPE = {"format": 1, "method": "filters", "preprocess": {}, "values": {}}
RECORD = {"version": 1, "arrays": {}, "model_sha256": "", "preprocess": {}}
LONG = {"images": [{"id": n, "file_name": f"{n:012}.jpg"} for n in range(40_000)]}


@pytest.mark.parametrize(
    ("name", "held", "kind"),
    [
        ("names.json", COCO, TextKind.ANNOTATIONS),
        ("test.json", {"images": IMAGES, "categories": []}, TextKind.ANNOTATIONS),
        ("large.json", {"info": {"images": 1}, **LONG}, TextKind.ANNOTATIONS),
        ("coco.json", ["cat", "dog"], TextKind.CLASS_NAMES),
        ("coco.json", {"0": ["n02123045", "tabby"]}, TextKind.CLASS_NAMES),
        ("coco.json", {"cat": 0, "dog": 1}, TextKind.CLASS_NAMES),
        ("coco.json", RECIPE, TextKind.RECIPE),
        ("coco.json", RECORD, TextKind.INDEX),
        ("map.json", {"type": "FeatureCollection", "features": {}}, TextKind.OTHER),
        ("map.json", {"images": [1, 2]}, TextKind.CLASS_NAMES),
    ],
)
def test_json_is_told_by_its_keys(tmp_path, name, held, kind):
    path = tmp_path / name
    path.write_text(json.dumps(held))
    assert kind_of_text(path) is kind


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        (
            "classes.csv",
            "path,label,age\na.png,red,3\nsub/b.JPG,blue,\n",
            TextKind.TABLE,
        ),
        ("classes.csv", "id,image\n1,a.png\n", TextKind.TABLE),
        ("classes.csv", "a.png,red\nb.png,blue\n", TextKind.TABLE),
        ("classes.tsv", "file\tscore\na.webp\t0.5\n", TextKind.TABLE),
        ("classes.txt", "train/a.png\ntrain/b.png\n", TextKind.TABLE),
        ("images.csv", "index,name\n0,tabby\n1,tiger\n", TextKind.CLASS_NAMES),
        ("images.csv", "name\ntabby\ntiger\n", TextKind.CLASS_NAMES),
        ("images.txt", "tabby\ntiger cat\n", TextKind.CLASS_NAMES),
        ("images.names", "a.png\n", TextKind.CLASS_NAMES),
        ("images.tsv", "a\tb\n", TextKind.OTHER),
        ("images.md", "a.png\n", TextKind.OTHER),
    ],
)
def test_tables_are_told_by_the_names_of_images(tmp_path, name, text, kind):
    path = tmp_path / name
    path.write_text(text)
    assert kind_of_text(path) is kind


def test_what_cannot_be_read_is_left_to_the_reader_of_names(tmp_path):
    """It says in words what is wrong with the file."""
    for name, data in (("a.json", b"{"), ("b.json", b""), ("c.csv", b"\0\xff")):
        (tmp_path / name).write_bytes(data)
        assert kind_of_text(tmp_path / name) is TextKind.CLASS_NAMES
    assert kind_of_text(tmp_path / "none.json") is TextKind.OTHER
