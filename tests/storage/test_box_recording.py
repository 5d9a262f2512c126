"""Boxes of a recording: read back by csv and by pycocotools, which wrote neither."""

import csv

import numpy as np
import pytest
from pycocotools.coco import COCO

from nnviz.base.results import Boxes, TrackMarks
from nnviz.storage.boxes.recording import BoxRecording


def boxes(*corners, ids=()):
    count = len(corners)
    marks = TrackMarks(
        ids=np.array(ids, np.int64), trails=np.zeros((count, 1, 2), np.float32)
    )
    return Boxes(
        boxes=np.array(corners, np.float32).reshape(-1, 4),
        scores=np.full(count, 0.75, np.float32),
        classes=np.arange(count),
        labels=("cat", "dog"),
        tracks=marks if ids else None,
    )


def test_boxes_are_read_back(tmp_path):
    with BoxRecording(tmp_path / "out.mp4") as writing:
        writing.append(
            0.0, 3, (48, 64), boxes((1, 2, 11, 22), (5, 5, 9, 9), ids=(4, 7))
        )
        writing.append(0.04, 4, (48, 64), boxes())
        writing.append(0.08, 5, (48, 64), boxes((0, 0, 8, 4.5)))
    with (tmp_path / "out.boxes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == ["3", "3", "5"]
    assert [row["track"] for row in rows] == ["4", "7", ""]
    assert rows[1]["class"] == "dog"
    assert float(rows[2]["bottom"]) == 4.5
    coco = COCO(str(tmp_path / "out.boxes.json"))
    assert sorted(coco.getImgIds()) == [3, 4, 5]
    first, second = coco.loadAnns(coco.getAnnIds(imgIds=[3]))
    assert first["bbox"] == [1, 2, 10, 20]
    assert (first["track_id"], second["track_id"]) == (4, 7)
    assert coco.loadCats(second["category_id"])[0]["name"] == "dog"
    assert first["score"] == pytest.approx(0.75)
    assert not coco.getAnnIds(imgIds=[4])
