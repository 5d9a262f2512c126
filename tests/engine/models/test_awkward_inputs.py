"""Four channels, very long images, blue first with a border, re-entrant checkpoints.

Truth: each case says its own; none may end in an exception that is not in words.
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from support.jobs import finish, never
from torch import nn
from torch.utils.checkpoint import checkpoint

from nnviz.base.errors import ModelError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.media.decode import open_image
from nnviz.media.distortions import DISTORTIONS

SIDE = 32


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


def head(channels):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )


def run(session, net, method, image, **preprocess):
    chosen = Preprocess(**{"input_size": (SIDE, SIDE), "resize": SIDE, **preprocess})
    reference = session.store.adopt(net, chosen)
    request = RunMethod(
        method=method, model=ModelRequest(reference=reference), image=image
    )
    return finish(session.job(request, never)).report


FOUR = {"mean": (0.5,) * 4, "std": (0.2,) * 4}


@pytest.mark.parametrize("method", ["predictions", "saliency", "fgsm"])
def test_alpha_is_the_fourth_channel(session, tmp_path, method):
    """Truth: the same pixels as an array of four channels."""
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 4), np.uint8)
    PillowImage.fromarray(pixels).save(tmp_path / "four.png")
    found = run(session, head(4), method, open_image(tmp_path / "four.png"), **FOUR)
    expected = run(session, head(4), method, image_from_array(pixels), **FOUR)
    assert np.allclose(found.arrays()["data"], expected.arrays()["data"], atol=1e-6)


def test_a_very_long_image_is_attacked(session):
    """Truth: libjpeg keeps 65,500 px a side, WebP 16,383: those are left out."""
    long = image_from_array(np.full((10, 30_000, 3), 99, np.uint8))
    report = run(session, head(3), "fgsm", long)
    rows = next(each for each in report.values() if hasattr(each, "rows")).rows
    assert len(rows) == len(DISTORTIONS)
    assert any("not tried" in str(row[1]) for row in rows)


def test_the_border_is_the_mean_blue_first_or_not(session):
    """Truth: normalization takes the mean to 0."""
    image = image_from_array(np.zeros((10, SIDE, 3), np.uint8))
    for order in ("RGB", "BGR"):
        chosen = Preprocess(
            input_size=(SIDE, SIDE),
            mean=(0.408, 0.459, 0.482),
            std=(1.0, 1.0, 1.0),
            fit=Fit.PAD,
        ).with_fields({"order": order})
        reference = session.store.adopt(head(3), chosen)
        model = finish(session.store.open(ModelRequest(reference=reference), never))
        border = model.normalizer(model.pixel_input(image))[0, :, 0, 0]
        assert border.abs().max() < 1e-6


def test_a_letterbox_is_gray_where_padding_says_so(session):
    """Truth: by hand: a 10 x 32 image in 32 x 32 has 11 rows of 114/255 above it."""
    image = image_from_array(np.zeros((10, SIDE, 3), np.uint8))
    chosen = Preprocess(
        input_size=(SIDE, SIDE),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        fit=Fit.PAD,
        padding=(114 / 255,) * 3,
    )
    reference = session.store.adopt(head(3), chosen)
    model = finish(session.store.open(ModelRequest(reference=reference), never))
    seen = model.normalizer(model.pixel_input(image))[0, :, :, 0]
    wanted = torch.zeros(3, SIDE)
    wanted[:, :11] = wanted[:, 21:] = 114 / 255
    assert torch.allclose(seen, wanted, atol=1e-6)


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3), head(8)

    def forward(self, x):
        return checkpoint(self.second, self.first(x), use_reentrant=True)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("method", ["saliency", "grad_cam", "fgsm"])
def test_reentrant_checkpoints_are_named(session, method):
    """Truth: torch documents that they do not work with ``torch.autograd.grad``."""
    image = image_from_array(np.full((SIDE, SIDE, 3), 99, np.uint8))
    with pytest.raises(ModelError, match="re-entrant"):
        run(session, Checkpointed(), method, image)
