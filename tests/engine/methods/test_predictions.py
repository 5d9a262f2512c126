"""Predictions of networks whose output is known.  Truth: the softmax by hand."""

import math

import pytest
import torch
from support.jobs import cat, finish, never, run_method, run_network
from torch import nn

from nnviz.base.errors import ModelError
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.video import FrameImage
from nnviz.engine.jobs import Session

SMALL = Preprocess(input_size=(16, 16), resize=16)


class Says(nn.Module):
    """Always gives the same output."""

    def __init__(self, *output):
        super().__init__()
        self.register_buffer("output", torch.tensor([output]))

    def forward(self, x):
        return self.output + 0 * x.flatten(1)[:, :1]


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def test_softmax_of_a_hand_worked_case(session):
    net = Says(math.log(1.0), math.log(5.0), math.log(2.0))
    run = run_network(session, net, SMALL, "predictions", top_k=2)
    assert run.report.main.labels == ("second", "third")
    assert run.report.main.values == pytest.approx([5 / 8, 2 / 8], abs=1e-7)
    assert run.report.main.indices.tolist() == [1, 2]
    assert run.report["logits"].values == pytest.approx([math.log(5), math.log(2)])
    assert "37.5 percentage points" in run.report.notes[0]
    bits = -(5 / 8 * math.log2(5 / 8) + 2 / 8 * math.log2(2 / 8) + math.log2(1 / 8) / 8)
    assert f"entropy {bits:.2f} of at most {math.log2(3):.2f} bits" in run.report.notes


def test_equal_classes_keep_the_order_of_the_network(session):
    run = run_network(session, Says(1.0, 1.0, 1.0), SMALL, "predictions")
    assert run.report.main.indices.tolist() == [0, 1, 2]
    assert any("nearly uniform" in note for note in run.report.notes)


def test_huge_logits_do_not_overflow(session):
    run = run_network(session, Says(1e30, 0.0, -1e30), SMALL, "predictions")
    assert run.report.main.values.tolist() == [1, 0, 0]


def test_a_network_that_gives_probabilities(session):
    run = run_network(session, Says(0.25, 0.75, 0.0), SMALL, "predictions")
    assert list(run.report) == ["probabilities"]
    assert run.report.main.values.tolist() == [0.75, 0.25, 0.0]
    assert any("outputs probabilities" in note for note in run.report.notes)


def test_more_classes_asked_for_than_there_are(session):
    run = run_network(session, Says(1.0, 2.0, 3.0), SMALL, "predictions", top_k=1000)
    assert len(run.report.main.labels) == 3


def test_output_that_is_not_finite(session):
    with pytest.raises(ModelError, match="infinite or not numbers"):
        run_network(session, Says(float("nan"), 1.0, 2.0), SMALL, "predictions")


def test_bundled_network_knows_a_cat_from_its_output(session):
    main = run_method(session, "predictions", "bundled:objects").report.main
    assert main.values[0] > 1 / 101


def test_a_frame_is_resized_quickly_and_says_so(session):
    """Truth: the same picture as a photograph, whose preprocessing is the published."""
    photo = cat()
    frame = FrameImage(
        photo.pixels, "film frame 7", "frame:1:7", number=7, captured=0.0
    )
    runs = [
        finish(
            session.job(
                RunMethod(
                    method="predictions",
                    model=ModelRequest(reference="bundled:objects", device="cpu"),
                    image=image,
                ),
                never,
            )
        )
        for image in (photo, frame)
    ]
    photographed, live = (run.report for run in runs)
    assert not any("live" in note for note in photographed.notes)
    assert any(note.startswith("live: resampled") for note in live.notes)
    assert live.main.indices[0] == photographed.main.indices[0]
    assert live.main.values[0] == pytest.approx(photographed.main.values[0], abs=0.1)
