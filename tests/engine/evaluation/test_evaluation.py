"""Measures of classifiers, detectors and segmenters on pictures made here.

Truth: worked by hand from networks whose answers are known in advance.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from torch import nn

from nnviz import api
from nnviz.base.errors import InputError, UsageError
from nnviz.engine.data.annotated import boxes_of, read_annotations, semantic_of
from nnviz.engine.data.folders import is_held_out
from nnviz.engine.evaluation import dense
from nnviz.engine.evaluation.sources import questions_in, questions_made, spread

# pycocotools' compiled code predates NumPy 2's __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")
PLAIN = {
    "input_size": (8, 8),
    "resize": 8,
    "mean": (0.0, 0.0, 0.0),
    "std": (1.0, 1.0, 1.0),
}


class Brightness(nn.Module):
    """Says "dark", "gray" or "bright" from the mean of the pixels."""

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return -torch.stack([mean, (mean - 0.5).abs(), 1 - mean], 1)


@pytest.fixture
def model():
    return api.load(
        Brightness(), preprocess=PLAIN, labels=("dark", "grey", "Bright Light")
    )


def paint(path, level, seed=0):
    pixels = np.full((8, 8, 3), level, np.uint8)
    pixels[0, 0, 0] = seed
    path.parent.mkdir(parents=True, exist_ok=True)
    PillowImage.fromarray(pixels).save(path)


def test_figures_are_those_of_a_confusion_matrix_by_hand(model, tmp_path):
    for index in range(3):
        paint(tmp_path / "dark" / f"{index}.png", 10, index)
    paint(tmp_path / "grey" / "0.png", 128)
    paint(tmp_path / "grey" / "1.png", 250)
    paint(tmp_path / "bright_light" / "0.png", 240)
    paint(tmp_path / "purple" / "0.png", 90)
    found = api.evaluate(model, tmp_path)
    assert found.pictures == 6
    # 5 of 6 are right: dark 3 of 3, gray 1 of 2, bright 1 of 1.
    assert found.scores["top-1"] == pytest.approx(5 / 6)
    assert found.scores["mean per class"] == pytest.approx((1 + 1 / 2 + 1) / 3)
    assert "top-5" not in found.scores  # of three classes it would say nothing
    (pair,) = found.confusions
    assert (pair.truth, pair.said, pair.count) == ("grey", "Bright Light", 1)
    assert pair.share == pytest.approx(0.5)
    assert found.classes[0].name == "grey"
    assert found.notes == ("left out, no such class in the network: purple (1)",)


def test_the_held_out_part_is_the_trainings(model, tmp_path):
    for index in range(60):
        paint(tmp_path / "dark" / f"{index}.png", 10, index)
    held = sum(is_held_out(path.read_bytes()) for path in tmp_path.glob("*/*"))
    assert 0 < held < 60
    assert api.evaluate(model, tmp_path, held_out=True).pictures == held


def test_data_that_come_split_are_asked_for(model, tmp_path):
    paint(tmp_path / "train" / "dark" / "0.png", 10)
    paint(tmp_path / "test" / "dark" / "0.png", 250)
    with pytest.raises(UsageError, match="--held-out"):
        api.evaluate(model, tmp_path)
    assert api.evaluate(model, tmp_path, held_out=True).scores["top-1"] == 0


def test_classes_that_the_network_does_not_know_are_said(model, tmp_path):
    paint(tmp_path / "purple" / "0.png", 10)
    with pytest.raises(InputError, match=r"knows none of the classes.*purple"):
        api.evaluate(model, tmp_path)


def test_an_empty_folder_is_said(tmp_path):
    with pytest.raises(InputError, match="no subfolders"):
        questions_in(tmp_path, 0, held_out=False)
    (tmp_path / "dark").mkdir()
    with pytest.raises(InputError, match="no images"):
        questions_in(tmp_path, 0, held_out=False)


def test_a_limit_takes_evenly_from_all():
    assert spread(range(10), 4) == [0, 2, 5, 7]
    assert spread(range(3), 0) == [0, 1, 2]


def test_digits_are_the_fifth_that_nothing_is_trained_on():
    pytest.importorskip("sklearn")
    made = questions_made("digits", 0)
    # Binomial(1797, 1/5): outside 290..430 once in more than ten thousand tries.
    assert 290 < len(made) < 430
    assert {each.name for each in made} == set("0123456789")
    assert made[0].open().size == (8, 8)


@pytest.fixture
def annotated(tmp_path):
    """A picture of 20 x 10 px with a square, a polygon over it, and a crowd."""
    paint(tmp_path / "images" / "a.png", 0)
    square = {
        "image_id": 7,
        "category_id": 3,
        "bbox": [2, 1, 6, 6],
        "area": 36,
        "iscrowd": 0,
        "segmentation": [[2, 1, 8, 1, 8, 7, 2, 7]],
    }
    small = {
        **square,
        "category_id": 5,
        "bbox": [4, 2, 2, 2],
        "area": 4,
        "segmentation": [[4, 2, 6, 2, 6, 4, 4, 4]],
    }
    crowd = {**square, "iscrowd": 1}
    data = {
        "images": [{"id": 7, "file_name": "a.png", "height": 10, "width": 20}],
        "annotations": [small, crowd, square],
        "categories": [{"id": 3, "name": "square"}, {"id": 5, "name": "spot"}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(data))
    return tmp_path


def test_annotations_become_boxes_and_a_class_for_each_pixel(annotated):
    data = read_annotations(annotated)
    (picture,) = data.pictures
    assert len(picture.objects) == 2  # the crowd is left out
    boxes, labels = boxes_of(picture, {3: 1})
    assert boxes.tolist() == [[2, 1, 8, 7]]
    assert labels.tolist() == [1]
    seen = semantic_of(picture, {3: 1, 5: 2}, (10, 20), 0)
    # The spot lies on the square: 36 - 4 pixels are the square's, 4 the spot's.
    assert np.bincount(seen.ravel()).tolist() == [200 - 36, 32, 4]
    assert seen[1:7, 2:8].min() == 1
    assert (seen[2:4, 4:6] == 2).all()


def test_files_in_another_format_are_said(tmp_path):
    with pytest.raises(InputError, match="0 annotation files"):
        read_annotations(tmp_path)
    (tmp_path / "a.json").write_text('{"images": 3}')
    with pytest.raises(InputError, match="not in COCO's format"):
        read_annotations(tmp_path)


def test_truth_is_seen_at_the_pixels_of_the_input():
    placement = dense.Placement(
        photo_size=(4, 6), input_size=(2, 2), scale=(0.5, 0.5), offset=(0.0, -0.5)
    )
    truth = np.arange(24).reshape(4, 6)
    seen, inside = dense._over_input(truth, placement)
    # Input pixel (0, 0) has its center at (0.5, 0.5): photo y 1, x (0.5 + 0.5) / 0.5.
    assert seen.tolist() == [[8, 10], [20, 22]]
    assert inside.all()


def test_a_detector_is_measured_on_written_scenes(tmp_path):
    from nnviz.cli import main

    words = ["--count", "6", "--seed", "0", "--size", "128", "--out", str(tmp_path)]
    assert main(["scenes", *words]) == 0
    found = api.evaluate("bundled:scenes-detector", tmp_path)
    assert found.pictures == 6
    # An untrained detector's is below 1 %.
    assert found.scores["mAP50"] > 0.3
    assert found.scores["mAP"] <= found.scores["mAP50"]
