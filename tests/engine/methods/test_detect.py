"""Detection: choosing boxes anew costs no pass; faces; odd photographs and networks."""

import time

import numpy as np
import pytest
import torch
from skimage import data
from support.jobs import finish, never, run_method
from torchvision.ops import nms

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.nn.nms import select

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


def test_which_boxes_stay_equals_torchvisions():
    """Truth: ``torchvision.ops.batched_nms``, on more boxes than are taken at once."""
    rng = np.random.default_rng(0)
    boxes = rng.uniform(0, 200, (3000, 4)).astype(np.float32)
    boxes[:, 2:] = boxes[:, :2] + rng.uniform(1, 60, (3000, 2)).astype(np.float32)
    scores = rng.permutation(3000).astype(np.float32)
    for classes in (np.zeros(3000, np.int64), rng.integers(0, 5, 3000)):
        expected = [
            index
            for kind in range(5)
            for rows in [np.flatnonzero(classes == kind)]
            for index in rows[
                nms(*map(torch.from_numpy, (boxes[rows], scores[rows])), 0.4).numpy()
            ]
        ]
        expected = sorted(expected, key=lambda index: -scores[index])
        assert select(boxes, scores, classes, 0.4, 3000).tolist() == expected
        assert select(boxes, scores, classes, 0.4, 300).tolist() == expected[:300]


def test_a_hundred_thousand_candidates_can_be_stopped():
    """Truth: a check that raises; one class, all boxes alike, is the worst case."""
    boxes = np.tile(np.array([[0, 0, 9, 9]], np.float32), (100_000, 1))
    scores, classes = np.linspace(0, 1, 100_000), np.zeros(100_000, np.int64)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) > 2:
            raise StopError

    with pytest.raises(StopError):
        select(boxes, scores.astype(np.float32), classes, 0.5, 100, stop)
    assert len(calls) == 3


class StopError(Exception):
    """What a check raises."""


def test_many_candidates_are_quick(session):
    """Truth: 27 000 candidates (300 of each class), in less than a second."""
    detect(session, data.coffee(), SSD, score=0.005)
    began = time.monotonic()
    found = detect(session, data.coffee(), SSD, score=0.005, limit=1000)["objects"]
    assert time.monotonic() - began < 1.0
    assert len(found.scores) > 100
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_outputs_that_are_no_numbers_are_said(session, value):
    """Truth: issue 3; the network is named, and no boxes are made of them."""
    request = ModelRequest(reference=f"{SSD}:9", device="cpu")
    model = finish(session.store.open(request, never))
    handle = model.net.head.register_forward_hook(
        lambda _module, _inputs, found: spoil(found["cls_logits"], value)
    )
    with pytest.raises(ModelError, match="not numbers"):
        detect(session, np.full((40, 40, 3), 7, np.uint8), request.reference)
    handle.remove()


def test_detection_stops_at_every_stage(session):
    """Truth: the check raises at its n-th call, whatever is done then."""

    def ask(shift, check):
        image = image_from_array(np.roll(data.chelsea(), shift, axis=1))
        request = RunMethod(
            method="detect",
            model=ModelRequest(reference="bundled:faces", device="cpu"),
            image=image,
        )
        finish(session.job(request, check))

    calls = []
    ask(1, lambda: calls.append(1))
    assert len(calls) > 1
    for last in range(len(calls)):
        left = iter(range(last))

        def stop(left=left):
            if next(left, None) is None:
                raise StopError

        with pytest.raises(StopError):
            ask(2 + last, stop)


def spoil(outputs, value):
    """Put one number that is none among outputs."""
    outputs.view(-1)[7] = value
