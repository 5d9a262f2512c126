"""Whether an attack is true of its file.

Truth: torchvision's and Pillow's own way from a PNG file to the network's input;
JPEG's quality as Pillow writes it; the lattice worked by hand.
"""

import io

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from support.jobs import cat, finish, never
from torch import nn
from torchvision import transforms

from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.attacks.goals import AttackedModel, Goal
from nnviz.engine.attacks.robustness_checks import repaired, rounded
from nnviz.engine.jobs import Session
from nnviz.engine.models.model import fit_to_input, with_input
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.media.distortions import DISTORTIONS
from nnviz.media.encode import encode_png


@pytest.fixture(scope="module")
def attacked():
    """A photograph after ten steps of PGD, and the session that made it."""
    session = Session()
    request = RunMethod(
        method="pgd",
        model=ModelRequest(reference="bundled:objects", device="cpu"),
        image=cat(),
        values={"steps": 10},
    )
    run = finish(session.job(request, never))
    net = finish(session.store.open(request.model, never))
    yield run, net
    session.close()


def test_another_program_is_fooled_by_the_file(attacked):
    """Pillow opens the PNG, torchvision resizes, crops and normalizes it."""
    run, model = attacked
    pixels = run.report["adversarial"].pixels
    assert np.array_equal(pixels, (pixels * 255).round() / np.float32(255))
    file = io.BytesIO(encode_png((pixels * 255).round().astype(np.uint8)))
    preprocess = model.info.preprocess
    way = transforms.Compose(
        [
            transforms.Resize(preprocess.resize),
            transforms.CenterCrop(preprocess.input_size),
            transforms.ToTensor(),
            transforms.Normalize(preprocess.mean, preprocess.std),
        ]
    )
    with torch.no_grad():
        answer = model.net(way(PillowImage.open(file))[None])[0].softmax(0)
    told = run.report["after"]
    assert int(answer.argmax()) == told.indices[0]
    assert float(answer.max()) == pytest.approx(told.values[0], abs=1e-5)
    assert told.labels[0] != run.report["before"].labels[0]


def test_every_distortion_has_its_row(attacked):
    rows = attacked[0].report["survival"].rows
    assert [row[0] for row in rows] == [each.name for each in DISTORTIONS]
    told = attacked[0].report["after"]
    assert rows[0][1:3] == ("yes", told.labels[0])
    assert rows[0][3] == pytest.approx(100 * told.values[0], abs=0.1)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("photo", [(40, 61), (61, 40), (20, 20)])
def test_the_file_gives_the_network_that_very_input(fit, photo):
    """Whatever the photograph's shape and however it is fitted."""
    preprocess = Preprocess(input_size=(24, 24), resize=28, fit=fit)
    random = np.random.default_rng(0)
    image = image_from_array(random.integers(0, 256, (*photo, 3), np.uint8))
    size = preprocess.input_of(photo)
    wanted = fit_to_input(image, preprocess).copy()
    changed = random.integers(0, 256, (*size, 3)).astype(np.float32) / 255
    # Around a photograph that is padded there is nothing to write into.
    inside = with_input(image, preprocess, np.ones((*size, 3), np.float32))
    seen = (
        fit_to_input(image_from_array((inside * 255).astype(np.uint8)), preprocess) == 1
    )
    file = with_input(image, preprocess, np.where(seen, changed, wanted))
    again = fit_to_input(
        image_from_array((file * 255).round().astype(np.uint8)), preprocess
    )
    np.testing.assert_array_equal(again[seen], changed[seen])
    assert seen.mean() > 0.5


class Scale(nn.Module):
    """Two logits: 1000 times the first pixel's red, and a threshold."""

    def forward(self, x):
        red = 1000 * x[:, 0, 0, 0]
        return torch.stack([red, torch.full_like(red, 1000 * 100.4 / 255)], 1)


def test_repair_moves_a_pixel_by_one_level():
    """100.45/255 is above the threshold of 100.4, 100/255 is not, 101/255 is."""
    attacked_model = AttackedModel(
        PixelModel(net=Scale(), normalizer=nn.Identity(), check=never)
    )
    goal = Goal(torch.tensor([[True, False]]), towards=True)
    clean = torch.full((1, 3, 2, 2), 100 / 255)
    attacked = clean.clone()
    attacked[0, 0, 0, 0] = 100.45 / 255
    assert goal.reached(attacked_model.logits(attacked))
    assert not goal.reached(attacked_model.logits(rounded(attacked)))
    found = repaired(attacked_model, goal, attacked, clean)
    assert goal.reached(attacked_model.logits(found))
    levels = (found * 255).round()
    assert levels[0, 0, 0, 0] == 101
    assert (levels.flatten()[1:] == 100).all()
    torch.testing.assert_close(found * 255, levels)


@pytest.mark.parametrize("each", DISTORTIONS, ids=lambda each: each.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_distortions_change_little_and_the_same_each_time(each, channels):
    """A smooth picture is still recognizable: no distortion moves it far on average."""
    y, x = np.mgrid[0:48, 0:64]
    smooth = np.stack([2 * x + y, 3 * y, 160 - x][:channels], 2).astype(np.uint8)
    first, second = (each.apply(smooth, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.uint8
    assert first.shape[2] == channels
    if first.shape == smooth.shape:
        assert np.abs(first.astype(int) - smooth).mean() < 40
    if each.name == "saved as PNG":
        np.testing.assert_array_equal(first, smooth)
