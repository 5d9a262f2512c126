"""R-CNN; truths: the paper's context by hand, and a square that was drawn."""

import json
from hashlib import sha256

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from support.jobs import finish, never
from torch import nn

from nnviz.base.errors import NnvizError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.detection.warped_regions import windows, with_context
from nnviz.engine.jobs import Session


def test_context_by_hand():
    """Appendix A: of 224 px, 192 are left to the region, so 16 px are a twelfth."""
    regions = np.array([[10, 20, 106, 68]], np.float32)
    grown = with_context(regions, 16, (224, 224))
    assert grown[0].tolist() == pytest.approx([10 - 8, 20 - 4, 106 + 8, 68 + 4])
    assert np.array_equal(with_context(regions, 0, (224, 224)), regions)
    # 16 px on each side of an input of 32 would be all of it: 8 are taken.
    small = with_context(regions, 16, (32, 32))
    assert np.array_equal(small, with_context(regions, 8, (32, 32)))
    assert np.isfinite(small).all()


@pytest.mark.parametrize(("size", "count"), [((60, 120), 40), ((50, 50), 12)])
def test_windows_lie_in_the_image(size, count):
    """By hand: squares of three sides, all inside, the largest covers a short side."""
    found = windows(size, count)
    assert 3 <= len(found) <= count
    assert (found[:, :2] >= 0).all()
    assert (found[:, 2:] <= size[::-1]).all()
    sides = np.unique((found[:, 2:] - found[:, :2]).round(2), axis=0)
    assert sides[-1].tolist() == [min(size)] * 2
    assert (sides[:, 0] == sides[:, 1]).all()


class Redness(nn.Module):
    """Two classes: the mean of red minus green decides, so a red window is class 1."""

    def forward(self, x):
        red = 40 * (x[:, 0] - x[:, 1]).mean((1, 2)) - 20
        return torch.stack((torch.zeros_like(red), red), 1)


@pytest.mark.parametrize(
    ("source", "least"), [("selective search", 0.6), ("sliding windows", 0.4)]
)
def test_the_red_square_is_boxed(source, least):
    """Truth: the square that was drawn; no window without it is red.

    By hand: of windows 14.4 px apart the nearest shares 19.2 x 19.2 px, IoU 0.47.
    """
    pixels = np.full((96, 96, 3), 128, np.uint8)
    pixels[24:48, 48:72] = (255, 0, 0)
    session = Session()
    preprocess = Preprocess(
        input_size=(32, 32), resize=32, mean=(0.0,) * 3, std=(1.0,) * 3
    )
    reference = session.store.adopt(Redness().eval(), preprocess, ("gray", "red"))
    request = RunMethod(
        method="rcnn",
        model=ModelRequest(reference=reference, preprocess=preprocess, device="cpu"),
        image=image_from_array(pixels),
        values={"source": source, "context": 0, "score": 0.9, "regions": 60,
                "classes": "red"},
    )  # fmt: skip
    report = finish(session.job(request, never)).report
    session.close()
    left, top, right, bottom = report.main.boxes[0]
    common = max(0, min(72, right) - max(48, left)) * max(
        0, min(48, bottom) - max(24, top)
    )
    union = (right - left) * (bottom - top) + 24 * 24 - common
    assert common / union > least
    hot = report["heat_map"].values
    assert hot[30, 60] > 0.9
    assert hot[80, 10] < 0.1


def examples(folder, count=6):
    """Write gray images with one red square each, and its box in COCO's format."""
    images, annotations = [], []
    for number in range(count):
        left, top = 8 + 7 * number, 40 - 5 * number
        pixels = np.full((96, 96, 3), 128, np.uint8)
        pixels[top : top + 24, left : left + 24] = (255, 0, 0)
        PillowImage.fromarray(pixels).save(folder / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png"})
        box = {"bbox": [left, top, 24, 24], "area": 576, "category_id": 3}
        annotations.append({"id": number + 1, "image_id": number, **box})
    data = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 3, "name": "red square"}],
    }
    (folder / "boxes.json").write_text(json.dumps(data))


class Grid(nn.Module):
    """Features are the colors on a grid of 4 x 4; its own classes mean nothing."""

    def __init__(self):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(4)
        self.head = nn.Linear(48, 2)

    def forward(self, x):
        return self.head(self.pool(x).flatten(1))


def learned(**values):
    """Return the run of R-CNN on a gray image with a red square at (60, 60)."""
    pixels = np.full((96, 96, 3), 128, np.uint8)
    pixels[60:84, 60:84] = (255, 0, 0)
    session = Session()
    preprocess = Preprocess(
        input_size=(32, 32), resize=32, mean=(0.0,) * 3, std=(1.0,) * 3
    )
    reference = session.store.adopt(Grid().eval(), preprocess, ("one", "two"))
    request = RunMethod(
        method="rcnn",
        model=ModelRequest(reference=reference, preprocess=preprocess, device="cpu"),
        image=image_from_array(pixels),
        values={"score": 0.5, "regions": 60, **values},
    )
    try:
        return finish(session.job(request, never))
    finally:
        session.close()


def drawn(folder, numbers, label="red square"):
    """Return the examples' boxes as a user draws them."""
    return "; ".join(
        f"{label} {8 + 7 * number} {40 - 5 * number} {32 + 7 * number} "
        f"{64 - 5 * number} @ {folder}/{number}.png"
        for number in numbers
    )


def test_a_class_of_ones_own_is_learned_from_boxes(tmp_path):
    """Truth: the square that was drawn, at a place where no example had one."""
    examples(tmp_path)
    run = learned(examples=str(tmp_path))
    found = run.report.main
    assert found.labels == ("red square",)
    assert found.boxes[0] == pytest.approx([60, 60, 84, 84], abs=4)
    assert run.report["examples"].rows[0][:2] == ("0.png", 1)
    assert set(run.recipe.pictures) == {"examples"}


def test_drawn_boxes_teach_what_a_folder_of_them_does(tmp_path):
    """Truth: the same boxes in COCO's format; hashes of the files in their order."""
    examples(tmp_path)
    by_folder, by_hand = (
        learned(**values)
        for values in (
            {"examples": str(tmp_path)},
            {"boxes": drawn(tmp_path, range(6))},
        )
    )
    assert np.array_equal(by_hand.report.main.boxes, by_folder.report.main.boxes)
    assert np.array_equal(by_hand.report.main.scores, by_folder.report.main.scores)
    hashes = [
        sha256((tmp_path / f"{n}.png").read_bytes()).hexdigest() for n in range(6)
    ]
    assert by_hand.recipe.pictures == {"boxes": " ".join(hashes)}


def test_drawn_boxes_and_a_folder_are_learned_from_together(tmp_path):
    """Truth: classes of both, of the same name one; the drawn images first."""
    examples(tmp_path, 3)
    run = learned(
        examples=str(tmp_path),
        boxes=f"{drawn(tmp_path, [0])}; {drawn(tmp_path, [1], 'another')}",
    )
    assert run.report.main.labels == ("another", "red square")
    names = [row[0] for row in run.report["examples"].rows]
    assert names == ["0.png", "1.png", "0.png", "1.png", "2.png"]


def test_where_nothing_is_found_the_highest_score_is_told(tmp_path):
    """Truth: the score of the best box, found with a lower minimum."""
    examples(tmp_path)
    given = drawn(tmp_path, range(2))
    best = learned(boxes=given, score=0.05).report.main.scores[0]
    report = learned(boxes=given, score=1.0).report
    assert not len(report.main.boxes)
    words = f"the highest score is {100 * best:.0f} %, of red square"
    assert report.notes[-1].startswith(words)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("red 1 2 3 4 @ {0}/none.png", "no such file"),
        ("red 100 2 120 9 @ {0}/0.png", "the box red 100 2 120 9 is outside"),
        ("red 1 2 3 @ {0}/0.png", "is not a box"),
    ],
)
def test_boxes_that_are_none_are_refused(tmp_path, text, reason):
    examples(tmp_path, 1)
    with pytest.raises(NnvizError, match=reason):
        learned(boxes=text.format(tmp_path))
