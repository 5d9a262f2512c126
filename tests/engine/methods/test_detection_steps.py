"""Detection steps: the numbers of each step give the next one's, by the formulas."""

import numpy as np
import pytest
import torch
from support.jobs import finish, never, run_method
from torchvision.ops import batched_nms, box_iou

from nnviz.base.errors import UsageError
from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session
from nnviz.engine.models.detectors.yolo import yolo_layout
from nnviz.engine.nn.detection.stages import grids_of
from nnviz.engine.nn.nms import select, suppressors

DETECTOR = "bundled:scenes-detector"
FASTER = "zoo:fasterrcnn_mobilenet_v3_large_320_fpn@random"
SCENE = image_from_array(make_scene(3, 128, shapes=(3, 5)).pixels)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def steps(session, model=DETECTOR, **values):
    return run_method(session, "detection_steps", model, image=SCENE, **values).report


def test_the_scenes_detectors_boxes_follow_from_anchors_and_offsets(session):
    """Truth: Ren et al. 2015, eq. 2, by hand from the shown offsets, and ``detect``."""
    report = steps(session, score=0.3, overlap=0.45)
    boxes = run_method(
        session, "detect", DETECTOR, image=SCENE, score=0.3, overlap=0.45
    ).report.main
    pairs, table = report["box_regression"], report["offsets"]
    count = len(boxes.boxes)
    assert count == len(table.rows) > 0
    before = pairs.boxes[count:]
    inside = (before > 0).all(1) & (before < 128).all(1)  # drawn ones are cut
    assert inside.any()
    offsets = np.array([row[1:] for row in table.rows])
    size = before[:, 2:] - before[:, :2]
    middle = before[:, :2] + size / 2 + offsets[:, :2] * size
    half = np.exp(offsets[:, 2:]) * size / 2
    after = np.concatenate((middle - half, middle + half), 1).clip(0, 128)
    assert np.abs(after - pairs.boxes[:count])[inside].max() < 1e-3
    final = report["final_boxes"]
    assert np.array_equal(final.boxes, boxes.boxes)
    assert np.array_equal(final.scores, boxes.scores)


def test_classes_without_a_name_are_numbered(session, tmp_path):
    """Truth: a file of one class name, for a detector of ten."""
    names = tmp_path / "names.txt"
    names.write_text("round\n")
    model = ModelRequest(reference=DETECTOR, device="cpu", labels=str(names))
    request = RunMethod(method="detection_steps", model=model, image=SCENE, values={})
    ranking = finish(session.job(request, never)).report["class_scores"]
    for label, index in zip(ranking.labels, ranking.indices, strict=True):
        assert label == ("round" if index == 0 else f"class {index}")


def test_the_suppressed_are_named_with_their_suppressor(session):
    """Truth: torchvision's IoU of the pairs; none of the kept is named."""
    report = steps(session, score=0.1, overlap=0.5)
    drawn, table = report["suppression"], report["suppressed"]
    kept = np.flatnonzero(~drawn.faint)
    gone = np.flatnonzero(drawn.faint)
    shares = box_iou(
        torch.from_numpy(drawn.boxes[gone]), torch.from_numpy(drawn.boxes[kept])
    )
    assert len(gone) == len(table.rows) > 0
    for place, (name, score, by, share) in enumerate(table.rows):
        rank = int(by.split()[0])
        assert share == pytest.approx(shares[place, rank].item(), abs=2e-2)
        assert share > 0.5
        assert by.split()[1] == name
        assert score <= 100 * drawn.scores[kept[rank]]


def test_suppressors_are_what_greedy_suppression_leaves():
    """By hand: of three boxes in a row the middle goes by the first, the last stays.

    Truth of the many: torchvision's NMS, whose dropped boxes all have a suppressor.
    """
    row = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    scores, same = np.array([0.9, 0.8, 0.7], np.float32), np.zeros(3, np.int64)
    kept = select(row, scores, same, 0.4, 9)
    assert kept.tolist() == [0, 2]
    assert suppressors(row, scores, same, 0.4, kept).tolist() == [-1, 0, -1]
    random = np.random.default_rng(0)
    corners = random.uniform(0, 80, (300, 2))
    boxes = np.concatenate((corners, corners + random.uniform(5, 40, (300, 2))), 1)
    boxes = boxes.astype(np.float32)
    scores = random.random(300).astype(np.float32)
    classes = random.integers(0, 3, 300)
    kept = select(boxes, scores, classes, 0.5, 300)
    theirs = batched_nms(*map(torch.from_numpy, (boxes, scores, classes)), 0.5)
    dropped = np.setdiff1d(np.arange(300), theirs.numpy())
    assert np.array_equal(
        np.flatnonzero(suppressors(boxes, scores, classes, 0.5, kept) >= 0), dropped
    )


def test_two_stages_show_proposals_and_pooling(session):
    """Truth: 7 x 7 bins of equal size tile the followed proposal (Fast R-CNN)."""
    report = steps(session, FASTER, score=0.005)
    assert {"proposals", "roi_pooling", "pooled_features"} <= set(report)
    bins = report["roi_pooling"].boxes
    assert len(bins) == 1 + 49
    assert np.allclose(bins[1:, :2].min(0), bins[0, :2], atol=1e-3)
    assert np.allclose(bins[1:, 2:].max(0), bins[0, 2:], atol=1e-3)
    assert report["pooled_features"].tiles.shape[1:] == (7, 7)
    assert report["class_scores"].values.sum() <= 1 + 1e-6


def test_one_object_can_be_followed(session):
    """By hand: the box asked for heads the table of offsets; there are no 99."""
    names = [row[0] for row in steps(session, score=0.1)["offsets"].rows]
    assert len(names) > 1
    followed = steps(session, score=0.1, target="box:1")["offsets"].rows[0][0]
    assert followed.split(" ", 1)[1] == names[1].split(" ", 1)[1]
    with pytest.raises(UsageError, match="there is no box 99"):
        steps(session, target="box:99")
    with pytest.raises(UsageError, match="there is no level 7"):
        steps(session, level=7)


def test_what_has_no_anchors_says_so(session):
    """By hand: a boosted cascade has windows, no anchors."""
    report = run_method(session, "detection_steps", "bundled:faces").report
    assert "anchors" not in report
    assert {"suppression", "final_boxes", "counts"} <= set(report)


def test_levels_are_told_from_the_order():
    """By hand: 2 x 3 cells with 2 anchors each, then one cell with 2."""
    first = [[x, y, s, s] for y in (8, 24) for x in (8, 24, 40) for s in (8, 16)]
    grids = grids_of(torch.tensor([*first, [24, 16, 8, 8], [24, 16, 9, 9]]).float())
    assert [(each.rows, each.columns, each.per_cell) for each in grids] == [
        (2, 3, 2),
        (1, 1, 2),
    ]


@pytest.mark.parametrize("boxes_per_cell", [1, 3])
def test_cells_of_yolo_heads(boxes_per_cell):
    """By hand: the last cell of a 64 px input is the one of stride 32 at (48, 48)."""
    count = boxes_per_cell * (64 + 16 + 4)
    rows = torch.rand(1, count, 7) * 32
    kind = (1, count, 7) if boxes_per_cell == 3 else (1, 7, count)
    layout = yolo_layout(kind, "")
    given = rows if boxes_per_cell == 3 else rows.transpose(1, 2)
    anchors = layout.stages([given], (64, 64)).anchors
    assert anchors.anchors[-1].tolist() == [48, 48, 32, 32]
    assert anchors.anchors[1].tolist() == [12, 4, 8, 8]
    assert layout.stages([given], (32, 64)) is None
