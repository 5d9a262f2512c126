"""Frames of a camera among the jobs: what is kept of them."""

import numpy as np
import pytest
from torchvision.models import SqueezeNet

from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.video import FrameImage, VideoFrame, frame_image
from nnviz.engine.jobs import Session
from tests.support.jobs import finish, never, run_method

NETWORK = "zoo:squeezenet1_1@random"


@pytest.fixture
def session():
    made = Session()
    yield made
    made.close()


def frame(number):
    pixels = np.full((240, 320, 3), number, np.uint8)
    return frame_image(VideoFrame(pixels, number, 10.0 + number), "camera", 1)


def look(session, image, layer="features.3"):
    request = RunMethod(
        method="activations",
        model=ModelRequest(reference=NETWORK, device="cpu"),
        image=image,
        values={"layer": layer},
    )
    return finish(session.job(request, never))


def held(cache):
    return len(cache._held)


def test_frames_do_not_push_photographs_out(session):
    """Truth: what the caches hold: a photograph's stay, only one frame's are kept."""
    run_method(session, "activations", NETWORK, layer="features.3")
    photographs = held(session.cache)
    for number in range(5):
        look(session, frame(number))
        assert held(session.frame_cache) == 2  # pixels and one layer
    assert held(session.cache) == photographs


def test_a_held_frame_is_not_computed_again(session):
    """Truth: the same frame's cache grows by the other layer alone."""
    image = frame(3)
    look(session, image)
    look(session, image, "features.6")
    assert held(session.frame_cache) == 3


def test_number_and_time_travel_with_the_result(session):
    """Truth: what the source said."""
    run = look(session, frame(7))
    assert isinstance(run.image, FrameImage)
    assert (run.image.number, run.image.captured) == (7, 17.0)
    assert run.recipe.image_sha256 == "frame:1:7"


def test_a_map_of_a_frame_comes_with_the_classes_of_its_own_pass(session, monkeypatch):
    """Truth: what ``predictions`` gives for the same frame; torch's own count."""
    model = ModelRequest(reference=NETWORK, device="cpu")
    passes = []
    forward = SqueezeNet.forward
    monkeypatch.setattr(
        SqueezeNet, "forward", lambda net, x: passes.append(1) or forward(net, x)
    )

    def asked(method, image):
        return RunMethod(method=method, model=model, image=image)

    finish(session.job(asked("grad_cam", frame(4)), never))  # opens the network
    passes.clear()
    found = finish(session.job(asked("grad_cam", frame(5)), never)).report["prediction"]
    assert len(passes) == 1
    predicted = finish(session.job(asked("predictions", frame(6)), never))
    predicted = finish(session.job(asked("predictions", frame(5)), never)).report.main
    assert found.labels == predicted.labels
    np.testing.assert_allclose(found.values, predicted.values, rtol=1e-4)
    assert "prediction" not in run_method(session, "grad_cam", NETWORK).report
