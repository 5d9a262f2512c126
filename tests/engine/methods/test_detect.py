"""Detection: choosing boxes anew costs no pass; faces; odd photographs and networks."""

import numpy as np
import pytest
from skimage import data
from support.jobs import finish, never, run_method

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.ops.boxes import select
from nnviz.engine.session import Session

SSD = "zoo:ssdlite320_mobilenet_v3_large@random"


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def detect(session, pixels, model="bundled:faces", **values):
    request = RunMethod(
        method="detect",
        model=ModelRequest(reference=model, device="cpu"),
        image=image_from_array(pixels),
        values=values,
    )
    return finish(session.job(request, never)).report


def test_thresholds_move_without_another_pass(session):
    """Truth: a count of the passes through the twin."""
    run_method(session, "detect", SSD, score=0.02)
    model = finish(session.store.open(ModelRequest(reference=SSD, device="cpu"), never))
    passes = []
    handle = model.twin().register_forward_hook(lambda *_: passes.append(1))
    counts = [
        len(
            run_method(
                session, "detect", SSD, score=score, overlap=overlap
            ).report.main.scores
        )
        for score in (0.005, 0.012)
        for overlap in (0.1, 0.9)
    ]
    handle.remove()
    assert not passes
    assert len(set(counts)) > 1


def test_the_astronauts_face_is_found(session):
    """Truth: the face's middle lies at row 115, column 225 (measured by hand)."""
    report = detect(session, data.astronaut())
    (box,) = report["objects"].boxes
    assert box[0] < 225 < box[2]
    assert box[1] < 115 < box[3]
    assert report["classes"].rows[0][:2] == ("face", 1)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((300, 1, 3), np.uint8),
        np.zeros((1, 300, 3), np.uint8),
        np.full((40, 60, 1), 65535, np.uint16),
        np.zeros((1, 1, 3), np.uint8),
    ],
    ids=["1 px wide", "1 px high", "grey, 16 bit", "1 px"],
)
@pytest.mark.parametrize("model", ["bundled:faces", SSD])
def test_odd_photographs(session, pixels, model):
    found = detect(session, pixels, model, score=0.3)["objects"]
    assert len(found.scores) == 0


def test_only_classes_that_the_network_knows(session):
    with pytest.raises(UsageError, match="face"):
        detect(session, data.astronaut(), only="faec")


def test_a_model_without_layers_says_so(session):
    with pytest.raises(ModelError, match="no layer"):
        run_method(session, "activations", "bundled:faces")


def test_the_overlap_of_a_hand_worked_case():
    """Boxes of 2 x 2 shifted by 1: they share 2 of 6."""
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [0, 0, 2, 2]], np.float32)
    scores = np.array([0.5, 0.9, 0.4], np.float32)
    one = np.zeros(3, np.int64)
    assert select(boxes, scores, one, 0.3, 9).tolist() == [1]
    assert select(boxes, scores, one, 0.4, 9).tolist() == [1, 0]
    assert select(boxes, scores, np.arange(3), 0.3, 9).tolist() == [1, 0, 2]
    assert select(boxes, scores, one, 1.0, 2).tolist() == [1, 0]
