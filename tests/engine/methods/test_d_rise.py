"""D-RISE; truths: the paper's similarity by hand, and where shapes were drawn."""

import numpy as np
import pytest
import torch
from support.jobs import run_method

from nnviz.base.errors import UsageError
from nnviz.base.images import image_from_array
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session
from nnviz.engine.methods.d_rise import similarity
from nnviz.engine.nn.detection import Candidates
from nnviz.engine.nn.nms import overlaps

DETECTOR = "bundled:scenes-detector"


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def candidates(boxes, scores, classes):
    return Candidates(
        torch.tensor(boxes).float().reshape(-1, 4), torch.tensor(scores).float(),
        torch.tensor(classes).long(),
    )  # fmt: skip


def test_similarity_by_hand():
    """Petsiuk et al. 2021, eq. 4: IoU 1/3 x 0.9 = 0.3 against IoU 1 x 0.2; classes."""
    target = candidates([[0, 0, 10, 10], [50, 50, 60, 60]], [0.8, 0.7], [1, 2])
    found = candidates(
        [[5, 0, 15, 10], [0, 0, 10, 10], [50, 50, 60, 60]], [0.9, 0.2, 0.6], [1, 1, 3]
    )
    assert similarity(target, found).tolist() == pytest.approx([0.3, 0.0])
    assert similarity(target, candidates([], [], [])).tolist() == [0, 0]


def test_maps_point_at_their_own_boxes(session):
    """Truth: the boxes that were drawn; a map is brighter in its own than in others."""
    scene = make_scene(3, 128, shapes=(3, 5))
    report = run_method(
        session,
        "d_rise",
        DETECTOR,
        image=image_from_array(scene.pixels),
        masks=200,
        cells=8,
    ).report
    tiles = report["each_box"].tiles
    shares = overlaps(scene.boxes[:, None], report["boxes"].boxes)
    found = np.flatnonzero(shares.max(1) >= 0.5)
    assert len(found) > 1
    areas = [
        (slice(top, bottom), slice(left, right))
        for left, top, right, bottom in scene.boxes[found].astype(int)
    ]
    for place, shape in enumerate(found):
        tile = tiles[shares[shape].argmax()]
        assert int(np.argmax([tile[area].mean() for area in areas])) == place
    assert np.array_equal(report.main.values, tiles[0])


def test_what_is_asked_must_be_there(session):
    scene = image_from_array(make_scene(3, 128).pixels)
    with pytest.raises(UsageError, match="there is no box 99"):
        run_method(session, "d_rise", DETECTOR, image=scene, masks=16, target="box:99")
    report = run_method(
        session, "d_rise", DETECTOR, image=scene, masks=16, score=1.0
    ).report
    assert "no box has a score above 100 %" in report.notes[0]
    assert not report.main.values.any()
