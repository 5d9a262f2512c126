"""Occlusion by hand: equal to the network run on the hidden image."""

import numpy as np
import pytest
import torch
from support.jobs import finish, never

from nnviz.base.explanations.occluder import FILLS, OccludeImage
from nnviz.base.images import image_from_array
from nnviz.base.requests import ModelRequest
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session

MODEL = ModelRequest(reference="bundled:objects", device="cpu")


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def image():
    return image_from_array(make_scene(2, 160).pixels, "scene")


def asked(session, image, mask, **settings):
    request = OccludeImage(model=MODEL, image=image, mask=mask, **settings)
    return finish(session.job(request, never))


def patch(side=40, at=20):
    mask = np.zeros((160, 160), np.uint8)
    mask[at : at + side, at : at + side] = 255
    return mask


def test_nothing_hidden_changes_nothing(session, image):
    found = asked(session, image, np.zeros((10, 10), np.uint8))
    assert found.score == found.before
    assert found.share == 0
    assert np.array_equal(found.ranking.values, found.ranking.earlier)


@pytest.mark.parametrize("side", [8, 40, 150])
def test_equals_a_full_pass(session, image, side):
    """Truth: the network itself on the input with the mean color in the patch.

    A pixel of the input, 128 px for 160 of the image, is hidden by its center.
    """
    mask = patch(side, 4)
    found = asked(session, image, mask)
    model = next(iter(session.store._kept.values())).models
    model = next(iter(model.values()))
    pixels = model.pixel_input(image)
    centers = (torch.arange(128) + 0.5) * 160 / 128
    within = (centers >= 4) & (centers < 4 + side)
    inside = within[:, None] & within
    changed = torch.where(inside, model.mean_color.to(pixels), pixels)
    with torch.no_grad():
        due = model.net(model.normalizer(changed)).softmax(1)[0]
    index = int(found.ranking.indices[found.ranking.earlier.argmax()])
    assert found.score == pytest.approx(float(due[index]), abs=1e-5)
    assert found.share == pytest.approx(float(inside.float().mean()))
    assert found.incremental is (side < 100)


def test_fills_differ(session, image):
    scores = {fill: asked(session, image, patch(), fill=fill).score for fill in FILLS}
    assert len(set(scores.values())) == len(FILLS)


def test_a_target_of_a_layer(session, image):
    found = asked(session, image, patch(), target="stage2:3")
    assert found.ranking is None
    assert found.unit == "activation"
    assert found.score != found.before
